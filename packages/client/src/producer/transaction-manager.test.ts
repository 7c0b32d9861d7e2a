// The transaction manager by transcripts: what the application calls, what the coordinator answers, and all that is asked
// and told because of it. Both protocols: up to transaction.version 1, and from 2 on (KIP-890).
import type { WireError } from '@moldau/protocol';
import { describe, expect, test } from 'vitest';
import { KafkaError } from '../errors.ts';
import { TransactionManager } from './transaction-manager.ts';
import type { TransactionAnswer, TransactionRequest } from './transaction-steps.ts';

const FOUND = { error: 'NONE', nodeId: 1 } as const;

/** A manager, and everything that happens to it as lines. */
class Stage {
  readonly manager = new TransactionManager('tx', (failures) => failures * 100);
  lines: string[] = [];
  now = 0;
  hasIncomplete = false;

  constructor(transactionVersion: number, raisesEpoch = true) {
    this.manager.learn({ transactionVersion, raisesEpoch });
  }

  /** Calls a method that has an outcome later; what it throws at once is a line too. */
  call(name: string, begin: (done: (error: KafkaError | undefined) => void) => void): this {
    try {
      begin((error) => this.lines.push(`${name}: ${error ? error.error : 'done'}`));
    } catch (error) {
      this.lines.push(`${name}: thrown ${(error as KafkaError).error}`);
    }
    return this;
  }

  init(): this {
    return this.call('init', (done) => this.manager.initialize(done));
  }

  begin(): this {
    return this.call('begin', () => this.manager.begin());
  }

  record(partition: number): this {
    return this.call('record', () => {
      this.manager.assertMaySend();
      this.manager.addPartition('t', partition);
    });
  }

  offsets(): this {
    const entries = [0, 1].map((partition) => ({ topic: 'in', partition, offset: 5 }));
    return this.call('offsets', (done) => this.manager.sendOffsets(entries, { groupId: 'g' }, done));
  }

  commit(): this {
    return this.call('commit', (done) => this.manager.commit(done));
  }

  abort(): this {
    return this.call('abort', (done) => this.manager.abort(done));
  }

  /** Takes the next request and answers it; a string stands for an answer with that error. */
  answer(answer: TransactionAnswer | WireError): this {
    const request = this.manager.next(this.now, this.hasIncomplete);
    this.lines.push(request ? shown(request) : 'nothing to ask');
    const full = typeof answer === 'string' ? { error: answer } : answer;
    if (request) this.manager.answered(full, this.now);
    return this;
  }

  /** Takes the next request; no answer comes. */
  lose(error: KafkaError = new KafkaError('NETWORK_EXCEPTION')): this {
    const request = this.manager.next(this.now, this.hasIncomplete);
    this.lines.push(`${request ? shown(request) : 'nothing to ask'} (lost)`);
    if (request) this.manager.lost(error, this.now);
    return this;
  }

  /** Looks whether there is something to ask now. */
  look(): this {
    const request = this.manager.next(this.now, this.hasIncomplete);
    this.lines.push(request ? shown(request) : 'nothing to ask');
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  /** Up to READY, without lines. */
  ready(): this {
    this.init().answer(FOUND).answer({ error: 'NONE', producerId: 7, epoch: 0 });
    this.lines = [];
    return this;
  }

  transcript(): string {
    return [...this.lines, `state ${this.manager.state}`].join('\n');
  }
}

function shown(request: TransactionRequest): string {
  const id = request.identity ? ` as ${request.identity.producerId}/${request.identity.epoch}` : '';
  const what = (): string => {
    switch (request.kind) {
      case 'findCoordinator':
        return `${request.of} ${request.key}`;
      case 'initProducerId':
        return request.raise ? `raising ${request.raise.producerId}/${request.raise.epoch}` : '';
      case 'addPartitions':
        return request.partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(' ');
      case 'addOffsets':
        return request.offsets.group.groupId;
      case 'commitOffsets':
        return request.offsets.entries.map(({ topic, partition }) => `${topic}-${partition}`).join(' ');
      default:
        return request.committed ? 'commit' : 'abort';
    }
  };
  return `ask ${request.to}: ${request.kind} ${what()}${id}`.replaceAll(/ +/g, ' ').trimEnd();
}

function expectTranscript(stage: Stage, text: string): void {
  expect(stage.transcript()).toBe(text.trim().replaceAll(/^ +/gm, ''));
}

describe('first', () => {
  test('the coordinator is found, then gives id and epoch', () => {
    const stage = new Stage(2).init().answer(FOUND).answer({ error: 'NONE', producerId: 7, epoch: 3 });
    expect(stage.manager.identity).toEqual({ producerId: 7, epoch: 3 });
    expectTranscript(
      stage,
      `ask any: findCoordinator transaction tx
       ask 1: initProducerId
       init: done
       state READY`,
    );
  });

  test('what moves or loads is asked again, after pauses that grow', () => {
    const stage = new Stage(2).init().answer('COORDINATOR_NOT_AVAILABLE').answer(FOUND);
    stage.wait(100).answer(FOUND).answer('NOT_COORDINATOR');
    // Two failures in a row now: a found coordinator is no success of the request that it is for.
    stage.wait(199).look().wait(1).answer(FOUND).answer('COORDINATOR_LOAD_IN_PROGRESS');
    stage.wait(300).answer({ error: 'NONE', producerId: 7, epoch: 0 });
    expectTranscript(
      stage,
      `ask any: findCoordinator transaction tx
       nothing to ask
       ask any: findCoordinator transaction tx
       ask 1: initProducerId
       nothing to ask
       ask any: findCoordinator transaction tx
       ask 1: initProducerId
       ask 1: initProducerId
       init: done
       state READY`,
    );
  });

  test('a connection that breaks costs another search', () => {
    const stage = new Stage(2).init().answer(FOUND).lose().wait(100).answer({ error: 'NONE', nodeId: 2 });
    stage.answer({ error: 'NONE', producerId: 7, epoch: 0 });
    expectTranscript(
      stage,
      `ask any: findCoordinator transaction tx
       ask 1: initProducerId (lost)
       ask any: findCoordinator transaction tx
       ask 2: initProducerId
       init: done
       state READY`,
    );
  });

  test('a call whose time was over is waited for again by the same call, and keeps others out', () => {
    const stage = new Stage(2).init().answer(FOUND).begin().init();
    stage.answer({ error: 'NONE', producerId: 7, epoch: 0 }).init();
    expectTranscript(
      stage,
      `ask any: findCoordinator transaction tx
       begin: thrown ILLEGAL_STATE
       ask 1: initProducerId
       init: done
       init: done
       init: thrown ILLEGAL_STATE
       state READY`,
    );
  });

  test('without the right to the id there is nothing more to do', () => {
    const stage = new Stage(2).init().answer('TRANSACTIONAL_ID_AUTHORIZATION_FAILED').begin().abort();
    expectTranscript(
      stage,
      `ask any: findCoordinator transaction tx
       init: TRANSACTIONAL_ID_AUTHORIZATION_FAILED
       begin: thrown TRANSACTIONAL_ID_AUTHORIZATION_FAILED
       abort: thrown TRANSACTIONAL_ID_AUTHORIZATION_FAILED
       state FATAL_ERROR`,
    );
  });
});

describe('up to transaction.version 1', () => {
  test('partitions are added before their records go, the group before its offsets, and the epoch stays', () => {
    const stage = new Stage(1).ready().begin().record(0).record(1);
    expect(stage.manager.maySend('t', 0, false)).toBe(false);
    stage.answer('NONE');
    expect(stage.manager.maySend('t', 0, false)).toBe(true);
    stage.record(0).look().offsets().answer('NONE').answer({ error: 'NONE', nodeId: 2 }).answer('NONE');
    stage.commit().answer('NONE');
    expect(stage.manager.identity).toEqual({ producerId: 7, epoch: 0 });
    expectTranscript(
      stage,
      `ask 1: addPartitions t-0 t-1 as 7/0
       nothing to ask
       ask 1: addOffsets g as 7/0
       ask any: findCoordinator group g as 7/0
       ask 2: commitOffsets in-0 in-1 as 7/0
       offsets: done
       ask 1: end commit as 7/0
       commit: done
       state READY`,
    );
  });

  test('a transaction in which nothing happened asks nobody', () => {
    expectTranscript(
      new Stage(1).ready().begin().commit().look().begin().record(0).abort().look(),
      `commit: done
       nothing to ask
       abort: done
       nothing to ask
       state READY`,
    );
  });

  test('the end waits until the fate of every record is certain', () => {
    const stage = new Stage(1).ready().begin().record(0).answer('NONE').commit();
    stage.hasIncomplete = true;
    stage.look();
    stage.hasIncomplete = false;
    expectTranscript(
      stage.answer('NONE'),
      `ask 1: addPartitions t-0 as 7/0
       nothing to ask
       ask 1: end commit as 7/0
       commit: done
       state READY`,
    );
  });

  test('the last transaction is still being ended: asked again after 20 ms, not after a whole pause', () => {
    const stage = new Stage(1).ready().begin().record(0).answer('CONCURRENT_TRANSACTIONS').wait(19).look();
    expectTranscript(
      stage.wait(1).answer('NONE'),
      `ask 1: addPartitions t-0 as 7/0
       nothing to ask
       ask 1: addPartitions t-0 as 7/0
       state IN_TRANSACTION`,
    );
  });

  test('a batch that failed: abort only, and then a new epoch (KIP-360)', () => {
    const stage = new Stage(1).ready().begin().record(0).answer('NONE');
    stage.manager.batchFailed(new KafkaError('REQUEST_TIMED_OUT'));
    expect(stage.manager.maySend('t', 0, false)).toBe(false);
    // What may be in the log is asked for until it is certain.
    expect(stage.manager.maySend('t', 0, true)).toBe(true);
    stage.record(0).offsets().commit().look().abort().answer('NONE').begin();
    stage.answer({ error: 'NONE', producerId: 7, epoch: 1 }).begin();
    expect(stage.manager.identity).toEqual({ producerId: 7, epoch: 1 });
    expectTranscript(
      stage,
      `ask 1: addPartitions t-0 as 7/0
       record: thrown REQUEST_TIMED_OUT
       offsets: thrown REQUEST_TIMED_OUT
       commit: thrown REQUEST_TIMED_OUT
       nothing to ask
       ask 1: end abort as 7/0
       begin: thrown ILLEGAL_STATE
       ask 1: initProducerId raising 7/0 as 7/0
       abort: done
       state IN_TRANSACTION`,
    );
  });

  test('a broker before 2.5 cannot raise the epoch: the producer is of no use any more', () => {
    const stage = new Stage(0, false).ready().begin().record(0).answer('NONE');
    stage.manager.batchFailed(new KafkaError('REQUEST_TIMED_OUT'));
    expectTranscript(
      stage.abort().answer('NONE'),
      `ask 1: addPartitions t-0 as 7/0
       ask 1: end abort as 7/0
       abort: UNSUPPORTED_VERSION
       state FATAL_ERROR`,
    );
  });

  test('an addition that was lost is made certain before the abort: else the transaction would hang', () => {
    const stage = new Stage(1).ready().begin().record(0).lose();
    stage.manager.batchFailed(new KafkaError('REQUEST_TIMED_OUT'));
    stage.abort().wait(100).answer(FOUND).answer('NONE').answer('NONE');
    expectTranscript(
      stage.answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `ask 1: addPartitions t-0 as 7/0 (lost)
       ask any: findCoordinator transaction tx as 7/0
       ask 1: addPartitions t-0 as 7/0
       ask 1: end abort as 7/0
       ask 1: initProducerId raising 7/0 as 7/0
       abort: done
       state READY`,
    );
  });

  test('an addition that was lost, and then refused as too early, may still have been carried out', () => {
    const stage = new Stage(1)
      .ready()
      .begin()
      .record(0)
      .lose()
      .wait(100)
      .answer(FOUND)
      .answer('CONCURRENT_TRANSACTIONS');
    stage.manager.batchFailed(new KafkaError('REQUEST_TIMED_OUT'));
    expectTranscript(
      stage.abort().wait(100).answer('NONE').answer('NONE').answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `ask 1: addPartitions t-0 as 7/0 (lost)
       ask any: findCoordinator transaction tx as 7/0
       ask 1: addPartitions t-0 as 7/0
       ask 1: addPartitions t-0 as 7/0
       ask 1: end abort as 7/0
       ask 1: initProducerId raising 7/0 as 7/0
       abort: done
       state READY`,
    );
  });

  test('one partition may not be written: the others were not attempted, and the error is about that one', () => {
    const stage = new Stage(1).ready().begin().record(0).record(1);
    const partitions = [
      { topic: 't', partition: 0, error: 'OPERATION_NOT_ATTEMPTED' },
      { topic: 't', partition: 1, error: 'TOPIC_AUTHORIZATION_FAILED' },
    ] as const;
    stage.answer({ error: 'NONE', partitions });
    expect(stage.manager.lastError?.error).toBe('TOPIC_AUTHORIZATION_FAILED');
    expectTranscript(
      stage.abort().look(),
      `ask 1: addPartitions t-0 t-1 as 7/0
       abort: done
       nothing to ask
       state READY`,
    );
  });

  test('the cluster moves on to version 2: the next transaction begins under an epoch that the old protocol never had', () => {
    const stage = new Stage(1).ready().begin().record(0).answer('NONE').commit();
    stage.manager.learn({ transactionVersion: 2, raisesEpoch: true });
    stage.answer('NONE').answer({ error: 'NONE', producerId: 7, epoch: 1 });
    expect(stage.manager.isV2).toBe(true);
    expectTranscript(
      stage.begin().record(0).look(),
      `ask 1: addPartitions t-0 as 7/0
       ask 1: end commit as 7/0
       ask 1: initProducerId raising 7/0 as 7/0
       commit: done
       nothing to ask
       state IN_TRANSACTION`,
    );
  });
});

describe('from transaction.version 2 on (KIP-890)', () => {
  test('nothing is added by itself, and the end answers the next epoch', () => {
    const stage = new Stage(2).ready().begin().record(0);
    expect(stage.manager.maySend('t', 0, false)).toBe(true);
    stage.offsets().answer({ error: 'NONE', nodeId: 2 }).answer('NONE').commit();
    stage.answer({ error: 'NONE', producerId: 7, epoch: 1 });
    expect(stage.manager.identity).toEqual({ producerId: 7, epoch: 1 });
    expectTranscript(
      stage,
      `ask any: findCoordinator group g as 7/0
       ask 2: commitOffsets in-0 in-1 as 7/0
       offsets: done
       ask 1: end commit as 7/0
       commit: done
       state READY`,
    );
  });

  test('epochs used up: the end answers another id', () => {
    const stage = new Stage(2).ready().begin().record(0).commit().answer({ error: 'NONE', producerId: 8, epoch: 0 });
    expect(stage.manager.identity).toEqual({ producerId: 8, epoch: 0 });
  });

  test('an abort needs no second request for its epoch', () => {
    const stage = new Stage(2).ready().begin().record(0);
    stage.manager.batchFailed(new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER'));
    expectTranscript(
      stage.commit().abort().answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `commit: thrown OUT_OF_ORDER_SEQUENCE_NUMBER
       ask 1: end abort as 7/0
       abort: done
       state READY`,
    );
  });

  test('the answer to a commit was lost: asked again under the same epoch', () => {
    const stage = new Stage(2).ready().begin().record(0).commit().lose().wait(100).answer({ error: 'NONE', nodeId: 2 });
    expectTranscript(
      stage.answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `ask 1: end commit as 7/0 (lost)
       ask any: findCoordinator transaction tx as 7/0
       ask 2: end commit as 7/0
       commit: done
       state READY`,
    );
  });

  test('a record fails while the commit waits for it: the commit fails, an abort follows', () => {
    const stage = new Stage(2).ready().begin().record(0).commit();
    stage.manager.batchFailed(new KafkaError('NOT_ENOUGH_REPLICAS'));
    expectTranscript(
      stage.abort().answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `commit: NOT_ENOUGH_REPLICAS
       ask 1: end abort as 7/0
       abort: done
       state READY`,
    );
  });

  test('a zombie: the producer that came after it has its id', () => {
    const stage = new Stage(2).ready().begin().record(0);
    stage.manager.batchFailed(new KafkaError('INVALID_PRODUCER_EPOCH'));
    stage.abort().answer('INVALID_PRODUCER_EPOCH');
    expectTranscript(
      stage.begin().abort(),
      `ask 1: end abort as 7/0
       abort: PRODUCER_FENCED
       begin: thrown PRODUCER_FENCED
       abort: thrown PRODUCER_FENCED
       state FATAL_ERROR`,
    );
  });

  test('some offsets are taken, those of a partition that moves are sent again', () => {
    const stage = new Stage(2).ready().begin().offsets().answer({ error: 'NONE', nodeId: 2 });
    const partitions = [
      { topic: 'in', partition: 0, error: 'NONE' },
      { topic: 'in', partition: 1, error: 'COORDINATOR_LOAD_IN_PROGRESS' },
    ] as const;
    stage.answer({ error: 'NONE', partitions }).wait(100).answer('NONE');
    expectTranscript(
      stage,
      `ask any: findCoordinator group g as 7/0
       ask 2: commitOffsets in-0 in-1 as 7/0
       ask 2: commitOffsets in-1 as 7/0
       offsets: done
       state IN_TRANSACTION`,
    );
  });

  test('the member is out of its group (KIP-447): its offsets are refused, and with them the transaction', () => {
    const stage = new Stage(2).ready().begin().offsets().answer({ error: 'NONE', nodeId: 2 });
    const partitions = [0, 1].map((partition) => ({ topic: 'in', partition, error: 'ILLEGAL_GENERATION' as const }));
    stage.answer({ error: 'NONE', partitions }).commit().abort();
    expectTranscript(
      stage.answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `ask any: findCoordinator group g as 7/0
       ask 2: commitOffsets in-0 in-1 as 7/0
       offsets: COMMIT_FAILED
       commit: thrown COMMIT_FAILED
       ask 1: end abort as 7/0
       abort: done
       state READY`,
    );
  });

  test('offsets that wait when the transaction fails are told, once', () => {
    const stage = new Stage(2).ready().begin().record(0).offsets();
    stage.manager.batchFailed(new KafkaError('NOT_ENOUGH_REPLICAS'));
    expectTranscript(
      stage.look(),
      `offsets: NOT_ENOUGH_REPLICAS
       nothing to ask
       state ABORTABLE_ERROR`,
    );
  });

  test('offsets lost on the way are not sent once the abort has begun', () => {
    const stage = new Stage(2).ready().begin().offsets().answer({ error: 'NONE', nodeId: 2 });
    const request = stage.manager.next(0, false)!;
    stage.lines.push(shown(request));
    stage.abort();
    stage.manager.lost(new KafkaError('NETWORK_EXCEPTION'), 0);
    expectTranscript(
      stage.wait(100).answer({ error: 'NONE', producerId: 7, epoch: 1 }),
      `ask any: findCoordinator group g as 7/0
       ask 2: commitOffsets in-0 in-1 as 7/0
       offsets: TRANSACTION_ABORTED
       ask 1: end abort as 7/0
       abort: done
       state READY`,
    );
  });

  test('the coordinator aborts by itself what took too long: the next call hears of it', () => {
    const stage = new Stage(2).ready().begin().record(0).commit().answer('INVALID_PRODUCER_EPOCH');
    expectTranscript(
      stage,
      `ask 1: end commit as 7/0
       commit: PRODUCER_FENCED
       state FATAL_ERROR`,
    );
  });

  test('a producer that is closed answers everybody', () => {
    const stage = new Stage(2).ready().begin().offsets().commit();
    stage.manager.stop(new KafkaError('CLIENT_CLOSED'));
    expectTranscript(
      stage.look(),
      `offsets: CLIENT_CLOSED
       commit: CLIENT_CLOSED
       nothing to ask
       state FATAL_ERROR`,
    );
  });
});

test('calls that do not fit the state say so and change nothing', () => {
  expectTranscript(
    new Stage(2).begin().record(0).commit().abort().offsets(),
    `begin: thrown ILLEGAL_STATE
     record: thrown ILLEGAL_STATE
     commit: thrown ILLEGAL_STATE
     abort: thrown ILLEGAL_STATE
     offsets: thrown ILLEGAL_STATE
     state UNINITIALIZED`,
  );
  expectTranscript(
    new Stage(2).ready().commit().abort().record(0).begin().begin(),
    `commit: thrown ILLEGAL_STATE
     abort: thrown ILLEGAL_STATE
     record: thrown ILLEGAL_STATE
     begin: thrown ILLEGAL_STATE
     state IN_TRANSACTION`,
  );
});

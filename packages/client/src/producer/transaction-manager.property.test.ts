// The transaction manager against a model of a coordinator that loses requests and answers, moves, and is busy at times:
// whatever happens on the way, every call comes to its end, a transaction that committed has all its partitions, and
// nothing of one that was aborted is ever committed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KafkaError } from '../errors.ts';
import { TransactionManager } from './transaction-manager.ts';
import type { TransactionAnswer, TransactionRequest } from './transaction-steps.ts';

/** What a coordinator holds of one transactional id. Answers a request as Kafka's would, as far as this goes. */
class ModelCoordinator {
  readonly #v2: boolean;
  epoch = -1;
  state: 'Empty' | 'Ongoing' = 'Empty';
  partitions = new Set<number>();
  /** The end that a retry is recognized by: the epoch it came under, and what it was. */
  #last: { readonly epoch: number; readonly committed: boolean } | undefined;
  readonly committed: number[][] = [];
  readonly violations: string[] = [];

  constructor(v2: boolean) {
    this.#v2 = v2;
  }

  answer(request: TransactionRequest): TransactionAnswer {
    switch (request.kind) {
      case 'findCoordinator':
        return { error: 'NONE', nodeId: 1 };
      case 'initProducerId':
        // A retry of a raise comes under the old epoch, and gets the one that was given for it.
        if (request.raise && request.raise.epoch < this.epoch - 1) this.violations.push('raised from an old epoch');
        if (!request.raise || request.raise.epoch === this.epoch) this.epoch++;
        return { error: 'NONE', producerId: 1, epoch: this.epoch };
      case 'addPartitions':
        if (request.identity!.epoch !== this.epoch) return { error: 'PRODUCER_FENCED' };
        this.state = 'Ongoing';
        for (const { partition } of request.partitions) this.partitions.add(partition);
        return { error: 'NONE' };
      case 'end':
        return this.#end(request.identity!.epoch, request.committed);
      default:
        return { error: 'NONE' };
    }
  }

  /** A batch reaches a partition: under version 2 that adds it. */
  produce(epoch: number, partition: number): void {
    if (epoch !== this.epoch) this.violations.push(`a batch under epoch ${epoch} while ${this.epoch} holds`);
    if (!this.#v2 && !this.partitions.has(partition)) this.violations.push(`partition ${partition} was not added`);
    this.state = 'Ongoing';
    this.partitions.add(partition);
  }

  #end(epoch: number, committed: boolean): TransactionAnswer {
    const next = this.#v2 ? { producerId: 1, epoch: this.epoch } : {};
    if (this.#last?.epoch === epoch && this.#last.committed === committed && this.state === 'Empty') {
      return { error: 'NONE', ...next };
    }
    if (epoch !== this.epoch) return { error: 'PRODUCER_FENCED' };
    // Version 2 lets an abort of nothing pass; a commit of nothing is a mistake of the client in both.
    if (this.state === 'Empty' && (committed || !this.#v2)) return { error: 'INVALID_TXN_STATE' };
    if (committed) this.committed.push([...this.partitions].toSorted());
    this.#last = { epoch, committed };
    this.state = 'Empty';
    this.partitions = new Set();
    if (!this.#v2) return { error: 'NONE' };
    this.epoch++;
    return { error: 'NONE', producerId: 1, epoch: this.epoch };
  }
}

type Fate = 'ok' | 'requestLost' | 'answerLost' | 'busy' | 'moved';

const FATES: fc.Arbitrary<Fate> = fc.constantFrom('ok', 'ok', 'ok', 'requestLost', 'answerLost', 'busy', 'moved');

const transaction = fc.record({
  partitions: fc.uniqueArray(fc.nat(3), { maxLength: 4 }),
  /** What becomes of its records: all written; one refused for good; one whose fate is unknown. */
  trouble: fc.constantFrom('none' as const, 'none' as const, 'refused' as const, 'unknown' as const),
  abort: fc.boolean(),
  /** With trouble: so many requests get out before it comes, whatever has been added by then. */
  early: fc.option(fc.nat(3), { nil: undefined }),
});

test.each([1, 2])('transaction.version %i: every call ends, commits are whole, aborts leave nothing', (version) => {
  fc.assert(
    fc.property(
      fc.array(transaction, { minLength: 1, maxLength: 6 }),
      fc.array(FATES, { maxLength: 60 }),
      (transactions, fates) => {
        const coordinator = new ModelCoordinator(version === 2);
        const manager = new TransactionManager('tx', () => 10);
        manager.learn({ transactionVersion: version, raisesEpoch: true });
        const expected: number[][] = [];
        let now = 0;
        let turn = 0;

        const run = (call: (done: (error: KafkaError | undefined) => void) => void): KafkaError | undefined => {
          let outcome: KafkaError | undefined | 'open' = 'open';
          call((error) => {
            outcome = error;
          });
          drive(() => outcome !== 'open');
          return outcome === 'open' ? undefined : outcome;
        };
        const drive = (isDone: () => boolean, requests = Number.POSITIVE_INFINITY): void => {
          for (let steps = 0, sent = 0; !isDone() && sent < requests; steps++) {
            if (steps > 2000) throw new Error(`it does not come to an end in state ${manager.state}`);
            const request = manager.next(now, false);
            if (!request) {
              now += 10;
              continue;
            }
            sent++;
            const fate = fates[turn++] ?? 'ok';
            if (fate === 'busy') manager.answered({ error: 'CONCURRENT_TRANSACTIONS' }, now);
            else if (fate === 'moved') manager.answered({ error: 'NOT_COORDINATOR' }, now);
            else {
              const answer = fate === 'requestLost' ? undefined : coordinator.answer(request);
              if (!answer || fate === 'answerLost') manager.lost(new KafkaError('NETWORK_EXCEPTION'), now);
              else manager.answered(answer, now);
            }
          }
        };

        expect(run((done) => manager.initialize(done))).toBeUndefined();
        for (const { partitions, trouble, abort, early } of transactions) {
          manager.begin();
          for (const partition of partitions) manager.addPartition('t', partition);
          const isTroubled = trouble !== 'none' && partitions.length > 0;
          const maySend = () => partitions.every((partition) => manager.maySend('t', partition, false));
          drive(maySend, isTroubled ? early : undefined);
          partitions.forEach((partition, index) => {
            if (!manager.maySend('t', partition, false)) return;
            if (isTroubled && index === 0 && trouble === 'refused') return;
            coordinator.produce(manager.identity!.epoch, partition);
          });
          if (isTroubled) {
            manager.batchFailed(new KafkaError(trouble === 'refused' ? 'INVALID_RECORD' : 'REQUEST_TIMED_OUT'));
            expect(() => manager.commit(() => {})).toThrow();
          }
          const ends = isTroubled || abort ? run((done) => manager.abort(done)) : run((done) => manager.commit(done));
          expect(ends).toBeUndefined();
          expect(manager.state).toBe('READY');
          if (!isTroubled && !abort && partitions.length > 0) expected.push(partitions.toSorted());
          // Nothing hangs: what the coordinator knew of the transaction is over.
          expect(coordinator.state).toBe('Empty');
        }
        expect(coordinator.violations).toEqual([]);
        expect(coordinator.committed).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

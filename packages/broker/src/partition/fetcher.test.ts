// What a follower's fetcher says to its leader, request by request: a connection and a log that the test plays.
import type { BrokerConnection, RequestOf, ResponseOf } from '@moldau/client/connection';
import { expect, test } from 'vitest';
import { VirtualTime } from '../replicated-machine/test/virtual-time.ts';
import { ReplicaFetcher } from './fetcher.ts';
import type { Partition } from './partition.ts';

const TOPIC = 'p2Jc0bMkS3uLAYbkL0aWgA';

/** A log that takes everything, and persists when the test says so, or fails to. */
class PlayedLog {
  startOffset = 0;
  endOffset = 0;
  persistedEnd = 0;
  highWatermark = 0;
  readonly name = 't-0';
  #waiting: ((error?: Error) => void)[] = [];

  epochAt(): number {
    return 1;
  }
  epochEndOffset() {
    return { epoch: 1, endOffset: this.endOffset };
  }
  whenPersisted(endOffset: number, done: (error?: Error) => void): void {
    if (this.persistedEnd >= endOffset) done();
    else this.#waiting.push(done);
  }
  async flush(): Promise<void> {}
  persist(error?: Error): void {
    if (!error) this.persistedEnd = this.endOffset;
    for (const done of this.#waiting.splice(0)) done(error);
  }
}

interface Sent {
  readonly body: RequestOf<'Fetch'>;
  readonly answer: (partitions: object[]) => void;
  readonly timeoutMs: number;
  readonly fail: (error: Error) => void;
}

function setUp() {
  const time = new VirtualTime();
  const log = new PlayedLog();
  const partition = {
    topic: 't',
    topicId: TOPIC,
    index: 0,
    leaderEpoch: 1,
    offline: false,
    log,
    append: (records: Buffer) => {
      log.endOffset += records.length;
      return { kind: 'appended' };
    },
    heard: () => {},
  } as unknown as Partition;
  const sent: Sent[] = [];
  const connection = {
    isOpen: true,
    close: () => {},
    sendLent: (
      _api: string,
      body: RequestOf<'Fetch'>,
      take: (answer: ResponseOf<'Fetch'>) => void,
      { timeoutMs }: { timeoutMs: number },
    ) =>
      new Promise<void>((resolve, reject) => {
        const answer = (partitions: object[]) => {
          const responses = partitions.length > 0 ? [{ topic: '', topicId: TOPIC, partitions }] : [];
          take({ errorCode: 0, sessionId: 77, responses } as unknown as ResponseOf<'Fetch'>);
          resolve();
        };
        sent.push({ body, answer, timeoutMs, fail: reject });
      }),
  };
  const nothing = () => {};
  const fetcher = new ReplicaFetcher({
    nodeId: 2,
    leaderId: 1,
    settings: {
      replicaFetchMaxBytes: 1_000,
      replicaFetchResponseMaxBytes: 10_000,
      replicaFetchMinBytes: 1,
      replicaFetchWaitMaxMs: 500,
      replicaFetchBackoffMs: 1_000,
      replicaLagTimeMaxMs: 10_000,
    },
    clock: time.clock,
    timers: time.timers,
    brokerEpoch: () => 40,
    connect: async () => connection as unknown as BrokerConnection,
    mayLoseCommitted: () => false,
    throttled: () => false,
    observer: {
      fetchFailed: nothing,
      truncated: nothing,
      startedOver: nothing,
      refused: nothing,
      appendFailed: nothing,
      copied: nothing,
    },
  });
  /** Lets everything happen that follows by itself, then `ms` pass, then again what follows. */
  const settle = async (ms = 0) => {
    for (const step of [0, 0, ms, 0, 0]) {
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      time.advance(step);
    }
  };
  const offsets = () =>
    sent.map(({ body }) => body.topics.flatMap(({ partitions }) => partitions.map(({ fetchOffset }) => fetchOffset)));
  return { time, log, partition, sent, fetcher, settle, offsets };
}

function records(bytes: number) {
  return {
    partitionIndex: 0,
    errorCode: 0,
    highWatermark: 0,
    logStartOffset: 0,
    divergingEpoch: { epoch: -1, endOffset: -1 },
    records: Buffer.alloc(bytes),
  };
}

test('a leader that does not answer is given up for a new connection before the follower counts as behind', async () => {
  const { sent, fetcher, partition, settle } = setUp();
  fetcher.add(partition);
  await settle();
  // The wait that it was told, and half of replica.lag.time.max.ms.
  expect(sent.map(({ timeoutMs }) => timeoutMs)).toEqual([5_500]);
  sent[0]!.fail(new Error('no answer'));
  await settle(1_000);
  expect(sent).toHaveLength(2);
  expect(sent[1]!.body).toMatchObject({ sessionId: 0, sessionEpoch: 0 });
});

test('the fetch offset follows the disk: the next fetch leaves when the last is persisted (S1)', async () => {
  const { fetcher, partition, log, sent, settle, offsets } = setUp();
  fetcher.add(partition);
  await settle(1);
  expect(offsets()).toEqual([[0]]);
  expect(sent[0]!.body).toMatchObject({
    sessionId: 0,
    sessionEpoch: 0,
    replicaState: { replicaId: 2, replicaEpoch: 40 },
  });
  sent[0]!.answer([records(5)]);
  await settle(1_000);
  expect(offsets()).toEqual([[0]]);
  log.persist();
  await settle(1);
  expect(offsets()).toEqual([[0], [5]]);
  expect(sent[1]!.body).toMatchObject({ sessionId: 77, sessionEpoch: 1 });
  fetcher.close();
});

test('what a full disk did not take is not asked beyond, however often it is tried', async () => {
  const { fetcher, partition, log, sent, settle, offsets } = setUp();
  fetcher.add(partition);
  await settle(1);
  sent[0]!.answer([records(5)]);
  await settle(1);
  log.persist(new Error('no space'));
  for (let i = 0; i < 5; i++) {
    await settle(1_000);
    log.persist(new Error('no space'));
  }
  expect(offsets().flat()).toEqual([0]);
  await settle(1_000);
  log.persist();
  await settle(1_000);
  expect(offsets().flat()).toEqual([0, 5]);
  fetcher.close();
});

test('one that pauses while its records come after all is waited for once, and asked for again (simulator, seed 323)', async () => {
  const { fetcher, partition, log, sent, settle, offsets } = setUp();
  const notLeader = { ...records(0), errorCode: 6, records: null };
  fetcher.add(partition);
  await settle(1);
  sent[0]!.answer([notLeader]);
  // The session's next fetch waits at the leader, and one that names the partition again is sent beside it.
  await settle(1_000);
  expect(offsets()).toEqual([[0], [], [0]]);
  sent[1]!.answer([notLeader]);
  sent[2]!.answer([records(5)]);
  await settle(1_000);
  log.persist();
  await settle(1_000);
  expect(offsets().flat()).toEqual([0, 0, 5]);
  fetcher.close();
});

test('a connection that breaks is opened again with a new session that names everything', async () => {
  const { fetcher, partition, sent, settle } = setUp();
  fetcher.add(partition);
  await settle(1);
  sent[0]!.answer([]);
  await settle(1);
  expect(sent[1]!.body).toMatchObject({ sessionId: 77, topics: [] });
  sent[1]!.fail(new Error('reset'));
  await settle(1_000);
  expect(sent[2]!.body).toMatchObject({ sessionId: 0, sessionEpoch: 0 });
  expect(sent[2]!.body.topics).toHaveLength(1);
  fetcher.close();
});

test('an answer of an earlier leader epoch is not believed (R8)', async () => {
  const { fetcher, partition, log, sent, settle } = setUp();
  fetcher.add(partition);
  await settle(1);
  (partition as { leaderEpoch: number }).leaderEpoch = 2;
  sent[0]!.answer([records(5)]);
  await settle(1);
  expect(log.endOffset).toBe(0);
  fetcher.close();
});

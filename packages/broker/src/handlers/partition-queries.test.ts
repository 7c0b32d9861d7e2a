// The small APIs that look at partitions: ListOffsets, DeleteRecords, OffsetForLeaderEpoch, DescribeLogDirs,
// DescribeProducers, InitProducerId.
import { errorCode, errorName } from '@moldau/protocol/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ControllerUnavailable } from '../controller/controller.ts';
import { ProducerIds } from '../producer-ids.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic, fetchFrom, produceTo } from '../test/topic-client.ts';

let broker: TestBroker;
let client: RawClient;
const t0 = Date.now() - 10_000;
beforeAll(async () => {
  broker = await TestBroker.start();
  client = await broker.connect();
  await createTopic(client, 'times', { partitions: 2 });
  await produceTo(client, ['a', 'b'], { topic: 'times', timestamp: t0 });
  await produceTo(client, ['c'], { topic: 'times', timestamp: t0 + 500 });
  await produceTo(client, ['d'], { topic: 'times', timestamp: t0 + 200 });
});
afterAll(() => broker.stop());

describe('ListOffsets', () => {
  const ask = async (
    timestamp: number,
    o: { version?: number; partition?: number; topic?: string; epoch?: number } = {},
  ) => {
    const { topics } = await client.call('ListOffsets', o.version ?? 11, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [
        {
          name: o.topic ?? 'times',
          partitions: [{ partitionIndex: o.partition ?? 0, currentLeaderEpoch: o.epoch ?? -1, timestamp }],
        },
      ],
      timeoutMs: 1_000,
    });
    return topics[0]!.partitions[0]!;
  };

  test.each([
    ['latest', -1, { offset: 4, timestamp: -1 }],
    ['earliest', -2, { offset: 0, timestamp: -1 }],
    ['greatest time', -3, { offset: 2, timestamp: t0 + 500 }],
    ['earliest on local disk', -4, { offset: 0, timestamp: -1 }],
    ['latest in tiered storage', -5, { offset: -1, timestamp: -1 }],
    ['earliest not yet uploaded', -6, { offset: -1, timestamp: -1 }],
    ['the first time', t0, { offset: 0, timestamp: t0 }],
    ['between two times', t0 + 100, { offset: 2, timestamp: t0 + 500 }],
    ['after the last time', t0 + 501, { offset: -1, timestamp: -1 }],
    ['the dawn of time', 0, { offset: 0, timestamp: t0 }],
  ])('%s', async (_name, timestamp, found) => {
    expect(await ask(timestamp)).toMatchObject({ errorCode: 0, ...found });
  });

  test.each([
    ['-3 in v6', -3, { version: 6 }, 'UNSUPPORTED_VERSION'],
    ['-4 in v7', -4, { version: 7 }, 'UNSUPPORTED_VERSION'],
    ['-6 in v10', -6, { version: 10 }, 'UNSUPPORTED_VERSION'],
    ['-7', -7, {}, 'UNSUPPORTED_VERSION'],
    ['an unknown topic', -1, { topic: 'nowhere' }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['an epoch of the future', -1, { epoch: 50 }, 'UNKNOWN_LEADER_EPOCH'],
  ] as const)('refused: %s', async (_name, timestamp, o, error) => {
    expect(await ask(timestamp, o)).toMatchObject({ errorCode: errorCode(error), offset: -1, timestamp: -1 });
  });

  test('an empty partition has no greatest time', async () => {
    expect(await ask(-3, { partition: 1 })).toMatchObject({ errorCode: 0, offset: -1, timestamp: -1 });
  });

  test('a partition asked for twice is refused both times', async () => {
    const partition = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 };
    const { topics } = await client.call('ListOffsets', 5, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'times', partitions: [partition, partition] }],
    });
    expect(topics[0]!.partitions.map((one) => one.errorCode)).toEqual([42, 42]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])(
    'v%i tells the leader epoch where it has a place for it',
    async (version) => {
      const answer = await ask(-1, { version });
      expect(answer).toMatchObject({ errorCode: 0, offset: 4 });
      expect(answer.leaderEpoch).toBe(version >= 4 ? 0 : -1);
    },
  );
});

describe('DeleteRecords', () => {
  const cut = async (topic: string, offset: number) => {
    const { topics } = await client.call('DeleteRecords', 2, {
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset }] }],
      timeoutMs: 1_000,
    });
    return topics[0]!.partitions[0]!;
  };

  test('records before the offset are gone for readers; -1 means all', async () => {
    await createTopic(client, 'cut');
    await produceTo(client, ['a', 'b', 'c'], { topic: 'cut' });
    expect(await cut('cut', 2)).toMatchObject({ errorCode: 0, lowWatermark: 2 });
    expect((await fetchFrom(client, { topic: 'cut', offset: 0 })).errorCode).toBe(errorCode('OFFSET_OUT_OF_RANGE'));
    expect((await fetchFrom(client, { topic: 'cut', offset: 2 })).logStartOffset).toBe(2);
    expect(await cut('cut', 1)).toMatchObject({ errorCode: 0, lowWatermark: 2 });
    expect(await cut('cut', -1)).toMatchObject({ errorCode: 0, lowWatermark: 3 });
  });

  test('past the high watermark, of a compacted or unknown topic: refused', async () => {
    await createTopic(client, 'kept', { configs: { 'cleanup.policy': 'compact' } });
    expect(await cut('times', 99)).toMatchObject({ errorCode: errorCode('OFFSET_OUT_OF_RANGE'), lowWatermark: -1 });
    expect(await cut('kept', 0)).toMatchObject({ errorCode: errorCode('POLICY_VIOLATION') });
    expect(await cut('nowhere', 0)).toMatchObject({ errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') });
  });
});

test('OffsetForLeaderEpoch: where the current epoch ends, and -1 for one never seen', async () => {
  const ask = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
    const { topics } = await client.call('OffsetForLeaderEpoch', 4, {
      replicaId: -1,
      topics: [{ topic: 'times', partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }],
    });
    return topics[0]!.partitions[0]!;
  };
  expect(await ask(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 4 });
  expect(await ask(9)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 });
  expect((await ask(0, 7)).errorCode).toBe(errorCode('UNKNOWN_LEADER_EPOCH'));
});

test('DescribeLogDirs: directories with the size of each partition, all or those asked for', async () => {
  const all = await client.call('DescribeLogDirs', 4, { topics: null });
  const [directory] = all.results;
  expect(directory).toMatchObject({ errorCode: 0, logDir: `${broker.directory}/logs` });
  expect(directory!.totalBytes).toBeGreaterThan(0);
  const some = await client.call('DescribeLogDirs', 4, { topics: [{ topic: 'times', partitions: [0] }] });
  expect(some.results[0]!.topics).toMatchObject([
    { name: 'times', partitions: [{ partitionIndex: 0, isFutureKey: false }] },
  ]);
  expect(some.results[0]!.topics[0]!.partitions[0]!.partitionSize).toBeGreaterThan(200);
});

test('AlterReplicaLogDirs: a new replica is made where it was asked for; one that is here moves', async () => {
  const two = await TestBroker.start({ 'log.dirs': `${broker.directory}/one,${broker.directory}/two` });
  try {
    const asker = await two.connect();
    const [one, second] = [`${broker.directory}/one`, `${broker.directory}/two`];
    const alter = async (...moves: (readonly [path: string, topic: string, partition: number])[]) => {
      const dirs = moves.map(([path, name, partition]) => ({ path, topics: [{ name, partitions: [partition] }] }));
      const { results } = await asker.call('AlterReplicaLogDirs', 2, { dirs });
      return results.flatMap(({ topicName, partitions }) =>
        partitions.map((each) => [topicName, each.partitionIndex, errorName(each.errorCode)]),
      );
    };
    // Two of three where the fewest are not.
    const early = [0, 1, 2].map((partition) => [second, 'early', partition] as const);
    expect(await alter(...early)).toEqual(early.map((_, i) => ['early', i, 'UNKNOWN_TOPIC_OR_PARTITION']));
    await createTopic(asker, 'early', { partitions: 3 });
    const { results } = await asker.call('DescribeLogDirs', 4, { topics: [{ topic: 'early', partitions: [0, 1, 2] }] });
    expect(results.map(({ logDir, topics }) => [logDir, topics.flatMap((topic) => topic.partitions).length])).toEqual([
      [one, 0],
      [second, 3],
    ]);
    expect(
      await alter([second, 'early', 0], [one, 'early', 1], ['/nowhere', 'early', 2], ['/nowhere', 'none', 0]),
    ).toEqual([
      ['early', 0, 'NONE'],
      ['early', 1, 'NONE'],
      ['early', 2, 'LOG_DIR_NOT_FOUND'],
      ['none', 0, 'LOG_DIR_NOT_FOUND'],
    ]);
  } finally {
    await two.stop();
  }
});

test('InitProducerId: ids never repeat, not even over a restart; transactional ids are refused', async () => {
  const ask = (transactionalId: string | null, version = 4) =>
    client.call('InitProducerId', version, { transactionalId, transactionTimeoutMs: 1_000 });
  const first = await ask(null);
  const second = await ask(null);
  expect(first).toMatchObject({ errorCode: 0, producerEpoch: 0 });
  expect(second.producerId).toBeGreaterThan(first.producerId);
  expect((await ask('tx')).errorCode).toBe(errorCode('UNSUPPORTED_VERSION'));
  expect((await ask('')).errorCode).toBe(errorCode('INVALID_REQUEST'));
  await broker.restart();
  client = await broker.connect();
  expect((await ask(null, 0)).producerId).toBeGreaterThan(second.producerId);
});

test('InitProducerId: a controller that gives no ids is a reason to ask again, whatever its own reason', async () => {
  const lone = await TestBroker.start();
  try {
    const { context } = lone.broker;
    Object.assign(context, {
      producerIds: new ProducerIds(async () => {
        throw new ControllerUnavailable('STALE_BROKER_EPOCH', 'the controller answered STALE_BROKER_EPOCH');
      }),
    });
    const asker = await lone.connect();
    const answer = await asker.call('InitProducerId', 4, { transactionalId: null, transactionTimeoutMs: 1_000 });
    expect(answer).toMatchObject({ errorCode: errorCode('COORDINATOR_LOAD_IN_PROGRESS'), producerId: -1 });
  } finally {
    await lone.stop();
  }
});

test('DescribeProducers: who wrote lately, with its last sequence', async () => {
  await createTopic(client, 'writers');
  await produceTo(client, ['a', 'b'], { topic: 'writers', producerId: 5, producerEpoch: 2, baseSequence: 0 });
  const { topics } = await client.call('DescribeProducers', 0, {
    topics: [{ name: 'writers', partitionIndexes: [0, 8] }],
  });
  const [known, unknown] = topics[0]!.partitions;
  expect(known!.activeProducers).toMatchObject([
    { producerId: 5, producerEpoch: 2, lastSequence: 1, currentTxnStartOffset: -1 },
  ]);
  expect(unknown!.errorCode).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'));
});

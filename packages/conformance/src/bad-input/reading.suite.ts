// Fetch, ListOffsets and their kin with places, offsets, epochs and sessions that do not exist.
import { APIS, errorName, type InputOf, type WireError } from '@moldau/protocol';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ask, expectNextConnectionServed, freshTopic, names } from './under-test.ts';

let topic: string;
/** The log of partition 0 holds offset 0 alone. */
beforeAll(async () => {
  topic = await freshTopic();
  const records = writeBatch({ records: [{ key: null, value: Buffer.from('x'), timestamp: Date.now() }] });
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }];
  const { responses } = await ask(APIS.Produce, 9, { acks: -1, timeoutMs: 10_000, topicData });
  expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
});
afterEach(expectNextConnectionServed);

type FetchBody = InputOf<typeof APIS.Fetch.request>;
type FetchPartition = FetchBody['topics'][number]['partitions'][number];

async function fetch(
  partition: Partial<FetchPartition>,
  more: { version?: number; name?: string; topicId?: string } & Partial<FetchBody> = {},
) {
  const { version = 11, name = topic, topicId, ...body } = more;
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000, ...partition }];
  const answer = await ask(APIS.Fetch, version, {
    maxWaitMs: 100,
    minBytes: 0,
    topics: [topicId === undefined ? { topic: name, partitions } : { topicId, partitions }],
    ...body,
  });
  const first = answer.responses[0]?.partitions[0];
  return {
    error: errorName(answer.errorCode),
    partitionError: first && errorName(first.errorCode),
    bytes: first?.records?.length ?? 0,
  };
}

describe('Fetch', () => {
  const cases: [string, () => ReturnType<typeof fetch>, WireError][] = [
    ['an offset past the end', () => fetch({ fetchOffset: 5 }), 'OFFSET_OUT_OF_RANGE'],
    ['a negative offset', () => fetch({ fetchOffset: -1 }), 'OFFSET_OUT_OF_RANGE'],
    ['the greatest offset', () => fetch({ fetchOffset: Number.MAX_SAFE_INTEGER }), 'OFFSET_OUT_OF_RANGE'],
    ['an unknown topic', () => fetch({}, { name: 'no-such-topic' }), 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['a name that is no topic name', () => fetch({}, { name: 'a b' }), 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['an unknown partition', () => fetch({ partition: 9 }), 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['a negative partition', () => fetch({ partition: -1 }), 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['an unknown topic id', () => fetch({}, { version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }), 'UNKNOWN_TOPIC_ID'],
    ['no topic id', () => fetch({}, { version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'UNKNOWN_TOPIC_ID'],
    ['a leader epoch to come', () => fetch({ currentLeaderEpoch: 99 }), 'UNKNOWN_LEADER_EPOCH'],
    ['a follower nobody knows', () => fetch({}, { replicaId: 77 }), 'NOT_LEADER_OR_FOLLOWER'],
  ];

  test.each(cases)('%s', async (_what, run, error) => {
    expect(await run()).toEqual({ error: 'NONE', partitionError: error, bytes: 0 });
  });

  test('sessions that do not exist', async () => {
    for (const [sessionId, sessionEpoch] of [
      [12345, 1],
      [0, 5],
    ] as const) {
      expect((await fetch({}, { sessionId, sessionEpoch })).error).toBe('FETCH_SESSION_ID_NOT_FOUND');
    }
  });

  test('byte bounds of nothing still bring the first batch', async () => {
    const answer = await fetch({ partitionMaxBytes: 0 }, { maxBytes: 0, minBytes: 1 });
    expect([answer.partitionError, answer.bytes > 0]).toEqual(['NONE', true]);
  });

  test('negative waits and minima do not wait', async () => {
    expect(await fetch({ fetchOffset: 1 }, { maxWaitMs: -1, minBytes: -1 })).toMatchObject({
      partitionError: 'NONE',
      bytes: 0,
    });
  });
});

describe('ListOffsets', () => {
  async function list(partition: object, version = 7) {
    const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1, ...partition }] }];
    const { topics: answers } = await ask(APIS.ListOffsets, version, { replicaId: -1, isolationLevel: 0, topics });
    const { errorCode, offset } = answers[0]!.partitions[0]!;
    return [errorName(errorCode), offset];
  }

  test('special timestamps before their version', async () => {
    for (const [timestamp, version] of [
      [-3, 6],
      [-4, 7],
      [-5, 8],
      [-7, 7],
      [-100, 1],
    ] as const) {
      expect(await list({ timestamp }, version)).toEqual(['UNSUPPORTED_VERSION', -1]);
    }
  });

  test('times after the last record have no offset', async () => {
    expect(await list({ timestamp: Date.now() + 1_000_000 })).toEqual(['NONE', -1]);
    expect(await list({ timestamp: Number.MAX_SAFE_INTEGER })).toEqual(['NONE', -1]);
  });

  test('places and epochs that do not exist', async () => {
    expect(await list({ partitionIndex: 9 })).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', -1]);
    expect(await list({ currentLeaderEpoch: 99 })).toEqual(['UNKNOWN_LEADER_EPOCH', -1]);
  });

  test('the same partition twice is INVALID_REQUEST', async () => {
    const partitions = [0, 0].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }));
    const topics = [{ name: topic, partitions }];
    const answer = await ask(APIS.ListOffsets, 7, { replicaId: -1, isolationLevel: 0, topics });
    const errors = answer.topics.flatMap((each) => each.partitions.map((partition) => partition.errorCode));
    expect(new Set(names(errors))).toEqual(new Set(['INVALID_REQUEST']));
  });
});

test('OffsetForLeaderEpoch: epochs and partitions that do not exist', async () => {
  const partitions = [
    { partition: 0, leaderEpoch: 99 },
    { partition: 7, leaderEpoch: 0 },
    { partition: 0, currentLeaderEpoch: 99, leaderEpoch: 0 },
  ];
  const { topics } = await ask(APIS.OffsetForLeaderEpoch, 4, { topics: [{ topic, partitions }] });
  expect(topics[0]!.partitions.map(({ errorCode, endOffset }) => [errorName(errorCode), endOffset])).toEqual([
    ['NONE', -1],
    ['UNKNOWN_TOPIC_OR_PARTITION', -1],
    ['UNKNOWN_LEADER_EPOCH', -1],
  ]);
});

test('DeleteRecords: offsets and places that do not exist', async () => {
  const partitions = [
    { partitionIndex: 0, offset: 100 },
    { partitionIndex: 1, offset: -2 },
    { partitionIndex: 44, offset: 0 },
  ];
  const { topics } = await ask(APIS.DeleteRecords, 2, { topics: [{ name: topic, partitions }], timeoutMs: 1000 });
  const byIndex = topics[0]!.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
  expect(byIndex.map(({ errorCode, lowWatermark }) => [errorName(errorCode), lowWatermark])).toEqual([
    ['OFFSET_OUT_OF_RANGE', -1],
    ['OFFSET_OUT_OF_RANGE', -1],
    ['UNKNOWN_TOPIC_OR_PARTITION', -1],
  ]);
});

test('Metadata: names that are no topic names, ids nobody has', async () => {
  const given = ['', '.', '..', 'a b', 'x'.repeat(250), 'x/y', 'ü', 'no-such-topic'];
  const topics = given.map((name) => ({ name }));
  const answer = await ask(APIS.Metadata, 8, { topics, allowAutoTopicCreation: false });
  const errors = new Map(answer.topics.map(({ name, errorCode }) => [name, errorName(errorCode)]));
  for (const name of given) {
    expect([name, errors.get(name)]).toEqual([
      name,
      name === 'no-such-topic' ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION',
    ]);
  }
  const byId = { topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', name: null }], allowAutoTopicCreation: false };
  expect(names((await ask(APIS.Metadata, 12, byId)).topics.map((each) => each.errorCode))).toEqual([
    'UNKNOWN_TOPIC_ID',
  ]);
  // Ids came into the request in v10, but no broker understood them before v12.
  expect(names((await ask(APIS.Metadata, 10, byId)).topics.map((each) => each.errorCode))).toEqual(['INVALID_REQUEST']);
});

test('DescribeProducers: places that do not exist', async () => {
  const topics = [
    { name: topic, partitionIndexes: [0, 99] },
    { name: 'no-such-topic', partitionIndexes: [0] },
  ];
  const answer = await ask(APIS.DescribeProducers, 0, { topics });
  const errors = (name: string) => {
    const partitions = answer.topics.find((each) => each.name === name)!.partitions;
    return names(
      partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex).map((partition) => partition.errorCode),
    );
  };
  expect(errors(topic)).toEqual(['NONE', 'UNKNOWN_TOPIC_OR_PARTITION']);
  expect(errors('no-such-topic')).toEqual(['UNKNOWN_TOPIC_OR_PARTITION']);
});

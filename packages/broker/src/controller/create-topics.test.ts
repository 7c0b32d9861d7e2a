import { describe, expect, test } from 'vitest';
import { apply, configOf, type PictureParts, picture, state, steadyDraws, topicIdOf } from '../test/cluster-picture.ts';
import { decideCreatePartitions, decideCreateTopics, type PartitionsWish, type TopicWish } from './create-topics.ts';

function wish(parts: Partial<TopicWish> = {}): TopicWish {
  return { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...parts };
}

function create(wishes: readonly TopicWish[], parts: PictureParts = {}, settings: Record<string, string> = {}) {
  const image = picture(parts);
  const decision = decideCreateTopics({ image, config: configOf(settings), draws: steadyDraws() }, wishes);
  return { ...decision, after: apply(image, decision.records) };
}

const manual = (...assignments: [partitionIndex: number, ...brokerIds: number[]][]): Partial<TopicWish> => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: assignments.map(([partitionIndex, ...brokerIds]) => ({ partitionIndex, brokerIds })),
});

describe('topics are created', () => {
  test('with partitions, settings and an id', () => {
    const configs = [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'retention.ms', value: '-1' },
    ];
    const { result, after } = create([wish({ numPartitions: 3, configs })]);
    expect(result).toEqual([
      { error: 'NONE', detail: null, name: 't', topicId: topicIdOf('t1'), numPartitions: 3, replicationFactor: 1 },
    ]);
    expect(after.topic('t')?.partitions).toEqual([state(0), state(1), state(2)]);
    expect(after.configs('topic', 't')).toEqual(
      new Map([
        ['cleanup.policy', 'compact'],
        ['retention.ms', '-1'],
      ]),
    );
  });

  test('with the defaults of the cluster', () => {
    const settings = { 'num.partitions': '4', 'default.replication.factor': '2' };
    const { result } = create([wish({ numPartitions: -1, replicationFactor: -1 })], { brokers: [1, 2, 3] }, settings);
    expect(result[0]).toMatchObject({ error: 'NONE', numPartitions: 4, replicationFactor: 2 });
  });

  test('as somebody laid them out; fenced replicas are not in sync', () => {
    const parts = { brokers: [1, 2, 3], fenced: [2] };
    const { after } = create([wish(manual([1, 3, 2], [0, 2, 1]))], parts);
    expect(after.topic('t')?.partitions).toEqual([
      state(0, { replicas: [2, 1], isr: [1], leader: 1 }),
      state(1, { replicas: [3, 2], isr: [3], leader: 3 }),
    ]);
  });

  test('each by itself: one refusal leaves the others', () => {
    const { result, after } = create([wish({ name: 'a' }), wish({ name: 'b', numPartitions: 0 }), wish({ name: 'c' })]);
    expect(result.map((one) => one.error)).toEqual(['NONE', 'INVALID_PARTITIONS', 'NONE']);
    expect([...after.topics()].map((topic) => topic.name).sort()).toEqual(['a', 'c']);
  });

  test('as many partitions as the bound allows', () => {
    expect(create([wish({ numPartitions: 20_000 })]).result[0]?.error).toBe('NONE');
  });
});

describe('topics are refused', () => {
  const there = { topics: { t: 1, 'a.b': 1 } };
  const cases: [title: string, wish: Partial<TopicWish>, parts: PictureParts, error: string, detail: string][] = [
    ['that exist', {}, there, 'TOPIC_ALREADY_EXISTS', "Topic 't' already exists."],
    ['that exist, with a dot', { name: 'a.b' }, there, 'TOPIC_ALREADY_EXISTS', "Topic 'a.b' already exists."],
    [
      'whose metric names collide',
      { name: 'a_b' },
      there,
      'INVALID_TOPIC_EXCEPTION',
      "Topic 'a_b' collides with existing topic: a.b",
    ],
    [
      'without a name',
      { name: '' },
      {},
      'INVALID_TOPIC_EXCEPTION',
      'Topic name is invalid: the empty string is not allowed',
    ],
    ['named .', { name: '.' }, {}, 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '.' is not allowed"],
    ['named ..', { name: '..' }, {}, 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '..' is not allowed"],
    [
      'with a path in the name',
      { name: '../etc' },
      {},
      'INVALID_TOPIC_EXCEPTION',
      "Topic name is invalid: '../etc' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      'with a long name',
      { name: 'x'.repeat(250) },
      {},
      'INVALID_TOPIC_EXCEPTION',
      `Topic name is invalid: the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`,
    ],
    [
      'with no partitions',
      { numPartitions: 0 },
      {},
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      'with -2 partitions',
      { numPartitions: -2 },
      {},
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      'with no replicas',
      { replicationFactor: 0 },
      {},
      'INVALID_REPLICATION_FACTOR',
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      'with more replicas than brokers',
      { replicationFactor: 3 },
      {},
      'INVALID_REPLICATION_FACTOR',
      'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.',
    ],
    [
      'while every broker is fenced',
      {},
      { fenced: [1] },
      'INVALID_REPLICATION_FACTOR',
      'Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log directories cordoned.',
    ],
    [
      'with an unknown setting',
      { configs: [{ name: 'x', value: '1' }] },
      {},
      'INVALID_CONFIG',
      'Unknown topic config name: x',
    ],
    [
      'with a value out of range',
      { configs: [{ name: 'retention.ms', value: '-2' }] },
      {},
      'INVALID_CONFIG',
      'Invalid value -2 for configuration retention.ms: Value must be at least -1',
    ],
    [
      'with a value of the wrong type',
      { configs: [{ name: 'segment.bytes', value: 'many' }] },
      {},
      'INVALID_CONFIG',
      'Invalid value many for configuration segment.bytes: Not a number of type INT',
    ],
    [
      'with a tiny segment',
      { configs: [{ name: 'segment.bytes', value: '1024' }] },
      {},
      'INVALID_CONFIG',
      'Invalid value 1024 for configuration segment.bytes: Value must be at least 1048576',
    ],
    [
      'with a policy nobody knows',
      { configs: [{ name: 'cleanup.policy', value: 'compact,shred' }] },
      {},
      'INVALID_CONFIG',
      'Invalid value shred for configuration cleanup.policy: String must be one of: compact, delete',
    ],
    [
      'with settings that contradict each other',
      {
        configs: [
          { name: 'min.compaction.lag.ms', value: '5' },
          { name: 'max.compaction.lag.ms', value: '4' },
        ],
      },
      {},
      'INVALID_CONFIG',
      'conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (4)',
    ],
    [
      'with tiered storage',
      { configs: [{ name: 'remote.storage.enable', value: 'true' }] },
      {},
      'INVALID_CONFIG',
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    ],
    [
      'with a setting without value',
      { configs: [{ name: 'retention.ms', value: null }] },
      {},
      'INVALID_CONFIG',
      'Null value not supported for topic configs: retention.ms',
    ],
    [
      'laid out and with a replication factor',
      { ...manual([0, 1]), replicationFactor: 1 },
      {},
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    ],
    [
      'laid out and with a count',
      { ...manual([0, 1]), numPartitions: 1 },
      {},
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
    [
      'laid out twice for a partition',
      manual([0, 1], [0, 1]),
      {},
      'INVALID_REPLICA_ASSIGNMENT',
      'Found multiple manual partition assignments for partition 0',
    ],
    [
      'laid out with a gap',
      manual([0, 1], [2, 1]),
      {},
      'INVALID_REPLICA_ASSIGNMENT',
      'partitions should be a consecutive 0-based integer sequence',
    ],
    [
      'laid out on nobody',
      manual([0]),
      {},
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes an empty replica list.',
    ],
    [
      'laid out on an unknown broker',
      manual([0, 7]),
      {},
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes broker 7, but no such broker is registered.',
    ],
    [
      'laid out twice on a broker',
      manual([0, 1, 1]),
      {},
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes the broker 1 more than once.',
    ],
    [
      'laid out unevenly',
      manual([0, 1, 2], [1, 1]),
      { brokers: [1, 2] },
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes a partition with 1 replica(s), but this is not consistent with previous partitions, which have 2 replica(s).',
    ],
    [
      'laid out on fenced brokers',
      manual([0, 2]),
      { brokers: [1, 2], fenced: [2] },
      'INVALID_REPLICA_ASSIGNMENT',
      'All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown.',
    ],
  ];
  test.each(cases)('%s', (_, parts, image, error, detail) => {
    const { result, records } = create([wish(parts)], image);
    expect(result).toEqual([
      {
        error,
        detail,
        name: parts.name ?? 't',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
        numPartitions: -1,
        replicationFactor: -1,
      },
    ]);
    expect(records).toEqual([]);
  });

  test('when two of one request collide, the second', () => {
    const { result } = create([wish({ name: 'a.b' }), wish({ name: 'a_b' })]);
    expect(result.map((one) => one.error)).toEqual(['NONE', 'INVALID_TOPIC_EXCEPTION']);
  });

  test('when they are too many for one request, all of them, and nothing is tried', () => {
    const { result, records } = create([wish({ name: 'a' }), wish({ name: 'b', numPartitions: 2_000_000_000 })]);
    expect(result.map((one) => one.error)).toEqual(['POLICY_VIOLATION', 'POLICY_VIOLATION']);
    expect(result[0]?.detail).toBe(
      'Excessively large number of partitions per request. It asks for 2000000001, and max.partitions.per.request is 20000.',
    );
    expect(records).toEqual([]);
  });

  test('when they are too many for the cluster', () => {
    const settings = { 'max.partitions.per.cluster': '10' };
    const { result } = create([wish({ numPartitions: 5 })], { topics: { a: 6 } }, settings);
    expect(result[0]).toMatchObject({
      error: 'POLICY_VIOLATION',
      detail: 'The cluster has 6 partitions; 5 more would exceed max.partitions.per.cluster, which is 10.',
    });
  });
});

describe('partitions are added', () => {
  const parts: PictureParts = { topics: { t: 2 } };
  function add(wishes: readonly PartitionsWish[], of: PictureParts = parts, settings: Record<string, string> = {}) {
    const image = picture(of);
    const decision = decideCreatePartitions({ image, config: configOf(settings), draws: steadyDraws() }, wishes);
    return { ...decision, after: apply(image, decision.records) };
  }

  test('by count or as somebody laid them out', () => {
    expect(add([{ name: 't', count: 4, assignments: null }]).after.topic('t')?.partitions).toHaveLength(4);
    const laid = add([{ name: 't', count: 3, assignments: [{ brokerIds: [2] }] }], { brokers: [1, 2], ...parts });
    expect(laid.after.partition('t', 2)).toEqual(state(2, { replicas: [2], isr: [2], leader: 2 }));
  });

  const cases: [wish: PartitionsWish, error: string, detail: string | null][] = [
    [{ name: 'x', count: 3, assignments: null }, 'UNKNOWN_TOPIC_OR_PARTITION', null],
    [{ name: 't', count: 2, assignments: null }, 'INVALID_PARTITIONS', 'Topic already has 2 partition(s).'],
    [
      { name: 't', count: 1, assignments: null },
      'INVALID_PARTITIONS',
      'The topic t currently has 2 partition(s); 1 would not be an increase.',
    ],
    [
      { name: 't', count: 4, assignments: [{ brokerIds: [1] }] },
      'INVALID_REPLICA_ASSIGNMENT',
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ],
    [
      { name: 't', count: 3, assignments: [{ brokerIds: [9] }] },
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes broker 9, but no such broker is registered.',
    ],
    [
      { name: 't', count: 20_003, assignments: null },
      'POLICY_VIOLATION',
      'Excessively large number of partitions per request. It asks for 20001, and max.partitions.per.request is 20000.',
    ],
  ];
  test.each(cases)('or refused: %j', (one, error, detail) => {
    expect(add([one])).toMatchObject({ result: [{ error, detail }], records: [] });
  });
});

test('nothing is made that only brokers in controlled shutdown would lead', () => {
  const records = [{ kind: 'brokerShuttingDown', brokerId: 1, brokerEpoch: 1 } as const];
  const context = { image: picture({ records }), config: configOf(), draws: steadyDraws() };
  const wish = { name: 't', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const manual = {
    ...wish,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [1] }],
  };
  expect(decideCreateTopics(context, [wish])).toMatchObject({
    records: [],
    result: [{ error: 'INVALID_REPLICATION_FACTOR' }],
  });
  expect(decideCreateTopics(context, [manual])).toMatchObject({
    records: [],
    result: [{ error: 'INVALID_REPLICA_ASSIGNMENT' }],
  });
});

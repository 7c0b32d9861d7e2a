// Topics that cannot be, settings that do not exist, and other orders an operator gets wrong.
import { APIS, errorName, type InputOf, type WireError } from '@moldau/protocol';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fresh } from '../suite/target.ts';
import { ask, expectNextConnectionServed, freshTopic, names } from './under-test.ts';

let topic: string;
let brokerId: number;
beforeAll(async () => {
  topic = await freshTopic();
  brokerId = (await ask(APIS.Metadata, 1, { topics: [] })).brokers[0]!.nodeId;
});
afterEach(expectNextConnectionServed);

type NewTopic = InputOf<typeof APIS.CreateTopics.request>['topics'][number];

async function create(...topics: Partial<NewTopic>[]): Promise<WireError[]> {
  const defaults = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const answer = await ask(APIS.CreateTopics, 7, {
    topics: topics.map((each) => ({ name: fresh('never'), ...defaults, ...each })),
    timeoutMs: 30_000,
    validateOnly: true,
  });
  return names(answer.topics.map((each) => each.errorCode));
}

const assigned = (...brokerIds: number[][]) => ({
  numPartitions: -1,
  replicationFactor: -1,
  assignments: brokerIds.map((ids, partitionIndex) => ({ partitionIndex, brokerIds: ids })),
});

describe('CreateTopics', () => {
  test.each(['', '.', '..', 'a b', 'x'.repeat(250), 'x/y', '../x', 'ü', 'a\u0000b', 'a\nb'])(
    'the name %j',
    async (name) => {
      expect(await create({ name })).toEqual(['INVALID_TOPIC_EXCEPTION']);
    },
  );

  const cases: [string, () => Partial<NewTopic>, WireError][] = [
    ['a name that is taken', () => ({ name: topic }), 'TOPIC_ALREADY_EXISTS'],
    ['no partitions', () => ({ numPartitions: 0 }), 'INVALID_PARTITIONS'],
    ['-2 partitions', () => ({ numPartitions: -2 }), 'INVALID_PARTITIONS'],
    ['two million partitions', () => ({ numPartitions: 2_000_000 }), 'POLICY_VIOLATION'],
    ['2^31 - 1 partitions', () => ({ numPartitions: 0x7fffffff }), 'POLICY_VIOLATION'],
    ['no replicas', () => ({ replicationFactor: 0 }), 'INVALID_REPLICATION_FACTOR'],
    ['-2 replicas', () => ({ replicationFactor: -2 }), 'INVALID_REPLICATION_FACTOR'],
    ['more replicas than brokers', () => ({ replicationFactor: 32767 }), 'INVALID_REPLICATION_FACTOR'],
    ['an unknown setting', () => ({ configs: [{ name: 'no.such', value: '1' }] }), 'INVALID_CONFIG'],
    ['a value that is no number', () => ({ configs: [{ name: 'retention.ms', value: 'soon' }] }), 'INVALID_CONFIG'],
    ['a value out of range', () => ({ configs: [{ name: 'segment.bytes', value: '1' }] }), 'INVALID_CONFIG'],
    ['a value that is no choice', () => ({ configs: [{ name: 'cleanup.policy', value: 'never' }] }), 'INVALID_CONFIG'],
    ['no value', () => ({ configs: [{ name: 'retention.ms', value: null }] }), 'INVALID_CONFIG'],
    [
      'counts and an assignment',
      () => ({ assignments: [{ partitionIndex: 0, brokerIds: [brokerId] }] }),
      'INVALID_REQUEST',
    ],
    ['an assignment to a broker nobody knows', () => assigned([4711]), 'INVALID_REPLICA_ASSIGNMENT'],
    ['an assignment to one broker twice', () => assigned([brokerId, brokerId]), 'INVALID_REPLICA_ASSIGNMENT'],
    ['an assignment to nobody', () => assigned([]), 'INVALID_REPLICA_ASSIGNMENT'],
    [
      'an assignment with a gap',
      () => ({ ...assigned(), assignments: [{ partitionIndex: 1, brokerIds: [brokerId] }] }),
      'INVALID_REPLICA_ASSIGNMENT',
    ],
  ];

  test.each(cases)('%s', async (_what, wanted, error) => {
    expect(await create(wanted())).toEqual([error]);
  });

  test('the same name twice', async () => {
    expect(new Set(await create({ name: 'twice' }, { name: 'twice' }))).toEqual(new Set(['INVALID_REQUEST']));
  });

  test('names that differ only in . and _', async () => {
    const name = `${fresh('collide')}.a_b`;
    const defaults = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    await ask(APIS.CreateTopics, 7, { topics: [{ name, ...defaults }], timeoutMs: 30_000 });
    expect(await create({ name: name.replace('.a_b', '_a.b') })).toEqual(['INVALID_TOPIC_EXCEPTION']);
  });
});

test('DeleteTopics: names and ids nobody has, twice, or both', async () => {
  const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA';
  const some = 'AAAAAAAAAAAAAAAAAAAAAQ';
  const byName = await ask(APIS.DeleteTopics, 5, { topicNames: ['no-such-topic', '', '..'], timeoutMs: 1000 });
  expect(new Set(names(byName.responses.map((each) => each.errorCode)))).toEqual(
    new Set(['UNKNOWN_TOPIC_OR_PARTITION']),
  );
  const twice = await ask(APIS.DeleteTopics, 5, { topicNames: ['no-such-topic', 'no-such-topic'], timeoutMs: 1000 });
  expect(new Set(names(twice.responses.map((each) => each.errorCode)))).toEqual(new Set(['INVALID_REQUEST']));
  const remove = async (name: string | null, topicId: string) =>
    names(
      (await ask(APIS.DeleteTopics, 6, { topics: [{ name, topicId }], timeoutMs: 1000 })).responses.map(
        (r) => r.errorCode,
      ),
    );
  expect(await remove(null, some)).toEqual(['UNKNOWN_TOPIC_ID']);
  expect(await remove('no-such-topic', some)).toEqual(['INVALID_REQUEST']);
  expect(await remove('no-such-topic', ZERO)).toEqual(['UNKNOWN_TOPIC_OR_PARTITION']);
});

test('CreatePartitions: fewer, as many, too many, elsewhere', async () => {
  const grow = async (wanted: object) => {
    const topics = [{ name: topic, count: 3, assignments: null, ...wanted }];
    const { results } = await ask(APIS.CreatePartitions, 3, { topics, timeoutMs: 30_000, validateOnly: true });
    return errorName(results[0]!.errorCode);
  };
  expect(await grow({ count: 1 })).toBe('INVALID_PARTITIONS');
  expect(await grow({ count: 2 })).toBe('INVALID_PARTITIONS');
  expect(await grow({ count: -1 })).toBe('INVALID_PARTITIONS');
  expect(await grow({ name: 'no-such-topic' })).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  expect(await grow({ assignments: [{ brokerIds: [4711] }] })).toBe('INVALID_REPLICA_ASSIGNMENT');
  expect(await grow({ assignments: [{ brokerIds: [brokerId] }, { brokerIds: [brokerId] }] })).toBe(
    'INVALID_REPLICA_ASSIGNMENT',
  );
  // Apache Kafka refuses a million as UNKNOWN_SERVER_ERROR.
  expect(['UNKNOWN_SERVER_ERROR', 'INVALID_PARTITIONS', 'POLICY_VIOLATION']).toContain(
    await grow({ count: 1_000_000 }),
  );
});

describe('DescribeConfigs', () => {
  const TOPIC = 2;
  const BROKER = 4;
  const cases: [number, string, WireError][] = [
    [TOPIC, 'no-such-topic', 'UNKNOWN_TOPIC_OR_PARTITION'],
    [TOPIC, 'a b', 'INVALID_TOPIC_EXCEPTION'],
    [BROKER, '4711', 'INVALID_REQUEST'],
    [BROKER, 'x', 'INVALID_REQUEST'],
    [0, 'x', 'INVALID_REQUEST'],
    [1, 'x', 'INVALID_REQUEST'],
    [99, 'x', 'INVALID_REQUEST'],
  ];
  test.each(cases)('resource %i %j', async (resourceType, resourceName, error) => {
    const resources = [{ resourceType, resourceName, configurationKeys: null }];
    const { results } = await ask(APIS.DescribeConfigs, 4, { resources });
    expect(names(results.map((each) => each.errorCode))).toEqual([error]);
    expect(results[0]!.configs).toEqual([]);
  });

  test('a setting nobody knows is not there', async () => {
    const resources = [{ resourceType: TOPIC, resourceName: topic, configurationKeys: ['no.such'] }];
    const { results } = await ask(APIS.DescribeConfigs, 4, { resources });
    expect([results[0]!.errorCode, results[0]!.configs]).toEqual([0, []]);
  });
});

describe('settings that cannot be changed so', () => {
  const SET = 0;
  const APPEND = 2;
  type Change = { name: string; configOperation: number; value: string | null };
  const change = async (resource: { type?: number; name?: string }, ...configs: Change[]) => {
    const { type = 2, name = topic } = resource;
    const resources = [{ resourceType: type, resourceName: name, configs }];
    const { responses } = await ask(APIS.IncrementalAlterConfigs, 1, { resources, validateOnly: true });
    return errorName(responses[0]!.errorCode);
  };
  const retention = (configOperation: number, value: string | null): Change => ({
    name: 'retention.ms',
    configOperation,
    value,
  });

  test('of a topic', async () => {
    expect(await change({}, { name: 'no.such', configOperation: SET, value: '1' })).toBe('INVALID_CONFIG');
    expect(await change({}, retention(SET, 'x'))).toBe('INVALID_CONFIG');
    expect(await change({}, retention(APPEND, '1'))).toBe('INVALID_CONFIG');
    expect(await change({}, retention(SET, null))).toBe('INVALID_REQUEST');
    expect(await change({}, retention(SET, '1'), retention(SET, '1'))).toBe('INVALID_REQUEST');
    expect(await change({ name: 'no-such-topic' }, retention(SET, '1'))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    // Apache Kafka has no better word for an operation that does not exist.
    expect(['UNKNOWN_SERVER_ERROR', 'INVALID_REQUEST']).toContain(await change({}, retention(9, '1')));
  });

  test('of a broker, or of nothing at all', async () => {
    const readOnly = { name: 'log.dirs', configOperation: SET, value: '/x' };
    expect(await change({ type: 4, name: String(brokerId) }, readOnly)).toBe('INVALID_REQUEST');
    expect(await change({ type: 4, name: '4711' }, { ...readOnly, name: 'log.retention.ms', value: '1' })).toBe(
      'INVALID_REQUEST',
    );
    expect(await change({ type: 99 }, retention(SET, '1'))).toBe('INVALID_REQUEST');
  });

  test('all at once', async () => {
    const alter = async (resourceName: string, name: string, value: string) => {
      const resources = [{ resourceType: 2, resourceName, configs: [{ name, value }] }];
      const { responses } = await ask(APIS.AlterConfigs, 2, { resources, validateOnly: true });
      return errorName(responses[0]!.errorCode);
    };
    expect(await alter(topic, 'no.such', '1')).toBe('INVALID_CONFIG');
    expect(await alter('no-such-topic', 'retention.ms', '1')).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  });
});

test('DescribeCluster: endpoints of another kind', async () => {
  const describeOf = async (endpointType: number) =>
    errorName(
      (await ask(APIS.DescribeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType })).errorCode,
    );
  expect(await describeOf(2)).toBe('MISMATCHED_ENDPOINT_TYPE');
  expect(await describeOf(9)).toBe('UNSUPPORTED_ENDPOINT_TYPE');
});

test('ListConfigResources: a kind nobody knows', async () => {
  expect(errorName((await ask(APIS.ListConfigResources, 1, { resourceTypes: [99] })).errorCode)).toBe(
    'UNSUPPORTED_VERSION',
  );
});

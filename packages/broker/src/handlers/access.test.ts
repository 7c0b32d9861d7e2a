// What each API asks of the access rules, and what is answered when they do not allow it: Kafka's KafkaApis, ControllerApis
// and AuthHelper. One broker; the operator comes from 127.0.0.1 and may do everything, the client from 127.0.0.2.
import { type ApiName, type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CLUSTER_NAME, OPERATIONS, type Operation, RESOURCES, type Resource } from '../authorizer/operations.ts';
import { subscription } from '../group/test/harness.ts';
import { batchOf } from '../test/batches.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic } from '../test/topic-client.ts';
import { SERVED_APIS } from './table.ts';

let broker: TestBroker;
let operator: RawClient;
let client: RawClient;
let topicId: string;

const rule = (resource: Resource, name: string, operation: Operation, parts: Record<string, unknown> = {}) => ({
  ...{ resourceType: RESOURCES[resource], resourceName: name, resourcePatternType: 3, principal: 'User:ANONYMOUS' },
  ...{ host: '127.0.0.2', operation: OPERATIONS[operation], permissionType: 3 },
  ...parts,
});
const everything = {
  ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null },
  ...{ operation: 1, permissionType: 1 },
};

async function allow(...rules: ReturnType<typeof rule>[]) {
  const { results } = await operator.call('CreateAcls', 3, { creations: rules });
  expect(results.map(({ errorCode }) => errorName(errorCode))).toEqual(rules.map(() => 'NONE'));
}

beforeAll(async () => {
  broker = await TestBroker.start({
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
  });
  operator = await broker.connect();
  client = await broker.connectFrom('127.0.0.2');
  for (const resource of ['topic', 'group', 'transactionalId'] as const) {
    await allow(rule(resource, '*', 'ALL', { host: '127.0.0.1' }));
  }
  await allow(rule('cluster', CLUSTER_NAME, 'ALL', { host: '127.0.0.1' }));
  topicId = await createTopic(operator, 't', { partitions: 1 });
  await createTopic(operator, 'other', { partitions: 1 });
  await operator.call('FindCoordinator', 6, { keyType: 0, coordinatorKeys: ['g'] });
});
afterAll(() => broker.stop());
beforeEach(async () => {
  await operator.call('DeleteAcls', 3, { filters: [{ ...everything, hostFilter: '127.0.0.2' }] });
});

const partitions = [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 1_000 }];
const fetchT = {
  ...{ maxWaitMs: 0, minBytes: 0, isolationLevel: 0, forgottenTopicsData: [], rackId: '' },
  topics: [{ topic: 't', topicId: ZERO_UUID, partitions }],
};
const joinG = {
  ...{ groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', groupInstanceId: null },
  ...{ protocolType: 'consumer', protocols: [subscription('range', ['t'])], reason: null },
};
const newTopic = { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
const produced = (transactionalId: string | null = null) => ({
  ...{ transactionalId, acks: -1, timeoutMs: 5_000 },
  topicData: [{ name: 't', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['v']) }] }],
});
const envelope = { requestData: Buffer.alloc(0), requestPrincipal: null, clientHostAddress: Buffer.from('127.0.0.1') };
const commitT = {
  ...{ groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, retentionTimeMs: -1 },
  topics: [
    {
      name: 't',
      topicId: ZERO_UUID,
      partitions: [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: '' }],
    },
  ],
};
const offsetsOf = (topics: readonly string[] | null) => ({
  groups: [
    {
      ...{ groupId: 'g', memberId: null, memberEpoch: -1 },
      topics: topics?.map((name) => ({ name, topicId: ZERO_UUID, partitionIndexes: [0] })) ?? null,
    },
  ],
  requireStable: false,
});

// biome-ignore lint/suspicious/noExplicitAny: one table of answers of all APIs.
type Told = (answer: any) => number;

/** One API: a request, the rules without any one of which it is refused, and where the answer says how it went. */
interface Case<Name extends ApiName = ApiName> {
  readonly api: Name;
  readonly version: number;
  readonly body: object;
  readonly needs: readonly (readonly [Resource, string, Operation])[];
  readonly refusal: string;
  readonly error: Told;
  /** What comes of it with all rules. Default NONE. */
  readonly granted?: string;
}

const top: Told = (answer) => answer.errorCode;
const cluster = (
  api: ApiName,
  version: number,
  body: object,
  operation: Operation,
  error = top,
  granted?: string,
): Case => ({
  ...{
    api,
    version,
    body,
    needs: [['cluster', CLUSTER_NAME, operation]],
    refusal: 'CLUSTER_AUTHORIZATION_FAILED',
    error,
  },
  ...(granted !== undefined && { granted }),
});
const topic = (
  api: ApiName,
  version: number,
  body: object,
  operation: Operation,
  error: Told,
  granted?: string,
): Case => ({
  ...{ api, version, body, needs: [['topic', 't', operation]], refusal: 'TOPIC_AUTHORIZATION_FAILED', error },
  ...(granted !== undefined && { granted }),
});
const group = (
  api: ApiName,
  version: number,
  body: object,
  operation: Operation,
  error: Told,
  granted?: string,
): Case => ({
  ...{ api, version, body, needs: [['group', 'g', operation]], refusal: 'GROUP_AUTHORIZATION_FAILED', error },
  ...(granted !== undefined && { granted }),
});
const tp = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 0 }] }];

const cases: Case[] = [
  topic('Produce', 9, produced(), 'WRITE', (a) => a.responses[0].partitionResponses[0].errorCode),
  topic('Fetch', 12, fetchT, 'READ', (a) => a.responses[0].partitions[0].errorCode),
  cluster(
    'Fetch',
    17,
    { ...fetchT, replicaState: { replicaId: 1, replicaEpoch: 12_345 } },
    'CLUSTER_ACTION',
    top,
    'STALE_BROKER_EPOCH',
  ),
  topic(
    'ListOffsets',
    7,
    {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
    },
    'DESCRIBE',
    (a) => a.topics[0].partitions[0].errorCode,
  ),
  topic(
    'Metadata',
    12,
    {
      topics: [{ name: 't', topicId: ZERO_UUID }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    },
    'DESCRIBE',
    (a) => a.topics[0].errorCode,
  ),
  {
    ...topic('OffsetCommit', 8, commitT, 'READ', (a) => a.topics[0].partitions[0].errorCode),
    needs: [
      ['topic', 't', 'READ'],
      ['group', 'g', 'READ'],
    ],
  },
  {
    ...group('OffsetCommit', 8, commitT, 'READ', (a) => a.topics[0].partitions[0].errorCode),
    needs: [
      ['group', 'g', 'READ'],
      ['topic', 't', 'READ'],
    ],
  },
  { ...group('OffsetFetch', 8, offsetsOf(null), 'DESCRIBE', (a) => a.groups[0].errorCode) },
  {
    ...topic('OffsetFetch', 8, offsetsOf(['t']), 'DESCRIBE', (a) => a.groups[0].topics[0].partitions[0].errorCode),
    needs: [
      ['topic', 't', 'DESCRIBE'],
      ['group', 'g', 'DESCRIBE'],
    ],
  },
  group('FindCoordinator', 4, { keyType: 0, coordinatorKeys: ['g'] }, 'DESCRIBE', (a) => a.coordinators[0].errorCode),
  {
    ...group(
      'FindCoordinator',
      4,
      { keyType: 1, coordinatorKeys: ['x'] },
      'DESCRIBE',
      (a) => a.coordinators[0].errorCode,
      'COORDINATOR_NOT_AVAILABLE',
    ),
    needs: [['transactionalId', 'x', 'DESCRIBE']],
    refusal: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  },
  group('JoinGroup', 9, joinG, 'READ', top, 'MEMBER_ID_REQUIRED'),
  group(
    'SyncGroup',
    5,
    {
      groupId: 'g',
      generationId: 1,
      memberId: 'm',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
    },
    'READ',
    top,
    'UNKNOWN_MEMBER_ID',
  ),
  group(
    'Heartbeat',
    4,
    { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null },
    'READ',
    top,
    'UNKNOWN_MEMBER_ID',
  ),
  group('LeaveGroup', 2, { groupId: 'g', memberId: 'm' }, 'READ', top, 'UNKNOWN_MEMBER_ID'),
  group(
    'DescribeGroups',
    5,
    { groups: ['g'], includeAuthorizedOperations: false },
    'DESCRIBE',
    (a) => a.groups[0].errorCode,
  ),
  group('DeleteGroups', 2, { groupsNames: ['g'] }, 'DELETE', (a) => a.results[0].errorCode),
  {
    ...group(
      'OffsetDelete',
      0,
      { groupId: 'g', topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] },
      'DELETE',
      top,
      'GROUP_ID_NOT_FOUND',
    ),
  },
  topic(
    'CreateTopics',
    7,
    { topics: [{ ...newTopic, name: 't' }], timeoutMs: 1_000, validateOnly: true },
    'CREATE',
    (a) => a.topics[0].errorCode,
    'TOPIC_ALREADY_EXISTS',
  ),
  {
    ...topic(
      'CreateTopics',
      7,
      { topics: [newTopic], timeoutMs: 1_000, validateOnly: true },
      'CREATE',
      (a) => a.topics[0].errorCode,
    ),
    needs: [['cluster', CLUSTER_NAME, 'CREATE']],
  },
  topic(
    'DeleteTopics',
    6,
    { topics: [{ name: 'gone', topicId: ZERO_UUID }], timeoutMs: 1_000 },
    'DELETE',
    (a) => a.responses[0].errorCode,
    'TOPIC_AUTHORIZATION_FAILED',
  ),
  {
    ...topic(
      'DeleteTopics',
      6,
      { topics: [{ name: 'gone', topicId: ZERO_UUID }], timeoutMs: 1_000 },
      'DELETE',
      (a) => a.responses[0].errorCode,
      'UNKNOWN_TOPIC_OR_PARTITION',
    ),
    needs: [['cluster', CLUSTER_NAME, 'DELETE']],
  },
  topic(
    'CreatePartitions',
    3,
    { topics: [{ name: 't', count: 5, assignments: null }], timeoutMs: 1_000, validateOnly: true },
    'ALTER',
    (a) => a.results[0].errorCode,
  ),
  topic('DeleteRecords', 2, { topics: tp, timeoutMs: 1_000 }, 'DELETE', (a) => a.topics[0].partitions[0].errorCode),
  {
    ...cluster(
      'InitProducerId',
      4,
      { transactionalId: null, transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 },
      'IDEMPOTENT_WRITE',
    ),
  },
  {
    ...cluster(
      'InitProducerId',
      4,
      { transactionalId: null, transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 },
      'IDEMPOTENT_WRITE',
    ),
    needs: [['topic', 'whichever', 'WRITE']],
  },
  {
    ...cluster(
      'InitProducerId',
      4,
      { transactionalId: 'x', transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 },
      'WRITE',
      top,
      'UNSUPPORTED_VERSION',
    ),
    needs: [['transactionalId', 'x', 'WRITE']],
    refusal: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  },
  topic(
    'OffsetForLeaderEpoch',
    4,
    { replicaId: -2, topics: [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }] },
    'DESCRIBE',
    (a) => a.topics[0].partitions[0].errorCode,
  ),
  {
    ...topic(
      'OffsetForLeaderEpoch',
      4,
      {
        replicaId: -2,
        topics: [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
      },
      'DESCRIBE',
      (a) => a.topics[0].partitions[0].errorCode,
    ),
    needs: [['cluster', CLUSTER_NAME, 'CLUSTER_ACTION']],
  },
  cluster('DescribeAcls', 3, everything, 'DESCRIBE'),
  cluster('CreateAcls', 3, { creations: [rule('topic', 'x', 'READ')] }, 'ALTER', (a) => a.results[0].errorCode),
  cluster(
    'DeleteAcls',
    3,
    { filters: [{ ...everything, resourceNameFilter: 'x' }] },
    'ALTER',
    (a) => a.filterResults[0].errorCode,
  ),
  topic(
    'DescribeConfigs',
    4,
    { resources: [{ resourceType: 2, resourceName: 't', configurationKeys: null }] },
    'DESCRIBE_CONFIGS',
    (a) => a.results[0].errorCode,
  ),
  {
    ...cluster(
      'DescribeConfigs',
      4,
      { resources: [{ resourceType: 4, resourceName: '', configurationKeys: null }] },
      'DESCRIBE_CONFIGS',
      (a) => a.results[0].errorCode,
    ),
  },
  group(
    'DescribeConfigs',
    4,
    { resources: [{ resourceType: 32, resourceName: 'g', configurationKeys: null }] },
    'DESCRIBE_CONFIGS',
    (a) => a.results[0].errorCode,
  ),
  topic(
    'AlterConfigs',
    2,
    { resources: [{ resourceType: 2, resourceName: 't', configs: [] }], validateOnly: true },
    'ALTER_CONFIGS',
    (a) => a.responses[0].errorCode,
  ),
  topic(
    'IncrementalAlterConfigs',
    1,
    { resources: [{ resourceType: 2, resourceName: 't', configs: [] }], validateOnly: true },
    'ALTER_CONFIGS',
    (a) => a.responses[0].errorCode,
  ),
  cluster(
    'IncrementalAlterConfigs',
    1,
    { resources: [{ resourceType: 4, resourceName: '', configs: [] }], validateOnly: true },
    'ALTER_CONFIGS',
    (a) => a.responses[0].errorCode,
  ),
  cluster(
    'AlterReplicaLogDirs',
    2,
    { dirs: [{ path: '/none', topics: [{ name: 't', partitions: [0] }] }] },
    'ALTER',
    (a) => a.results[0].partitions[0].errorCode,
    'LOG_DIR_NOT_FOUND',
  ),
  cluster('DescribeLogDirs', 4, { topics: null }, 'DESCRIBE'),
  cluster(
    'ElectLeaders',
    2,
    { electionType: 0, topicPartitions: [{ topic: 't', partitions: [0] }], timeoutMs: 1_000 },
    'ALTER',
  ),
  cluster('AlterPartitionReassignments', 0, { timeoutMs: 1_000, topics: [] }, 'ALTER'),
  cluster('ListPartitionReassignments', 0, { timeoutMs: 1_000, topics: null }, 'DESCRIBE'),
  cluster('DescribeClientQuotas', 1, { components: [], strict: false }, 'DESCRIBE_CONFIGS'),
  cluster(
    'AlterClientQuotas',
    1,
    { entries: [{ entity: [{ entityType: 'user', entityName: 'u' }], ops: [] }], validateOnly: true },
    'ALTER_CONFIGS',
    (a) => a.entries[0].errorCode,
  ),
  cluster('DescribeUserScramCredentials', 0, { users: null }, 'DESCRIBE'),
  cluster(
    'AlterUserScramCredentials',
    0,
    { deletions: [{ name: 'u', mechanism: 1 }], upsertions: [] },
    'ALTER',
    (a) => a.results[0].errorCode,
    'RESOURCE_NOT_FOUND',
  ),
  cluster('AlterPartition', 3, { brokerId: 9, brokerEpoch: 1, topics: [] }, 'CLUSTER_ACTION'),
  cluster('Envelope', 0, envelope, 'CLUSTER_ACTION', top, 'INVALID_REQUEST'),
  topic(
    'DescribeProducers',
    0,
    { topics: [{ name: 't', partitionIndexes: [0] }] },
    'READ',
    (a) => a.topics[0].partitions[0].errorCode,
  ),
  cluster(
    'BrokerHeartbeat',
    1,
    { brokerId: 9, brokerEpoch: 1, currentMetadataOffset: 0, wantFence: false, wantShutDown: false },
    'CLUSTER_ACTION',
    top,
    'STALE_BROKER_EPOCH',
  ),
  cluster('UnregisterBroker', 0, { brokerId: 9 }, 'ALTER', top, 'BROKER_ID_NOT_REGISTERED'),
  cluster('AllocateProducerIds', 0, { brokerId: 9, brokerEpoch: 1 }, 'CLUSTER_ACTION', top, 'STALE_BROKER_EPOCH'),
  cluster('ListConfigResources', 1, { resourceTypes: [] }, 'DESCRIBE_CONFIGS'),
  topic(
    'DescribeTopicPartitions',
    0,
    { topics: [{ name: 't' }], responsePartitionLimit: 10, cursor: null },
    'DESCRIBE',
    (a) => a.topics[0].errorCode,
  ),
];

/** APIs that refuse nobody: what they show depends on who asks (tested below). */
const OPEN: readonly ApiName[] = ['ApiVersions', 'ListGroups', 'DescribeCluster'];

test('every API that is served stands in this table', () => {
  const tested = new Set<ApiName>([...cases.map(({ api }) => api), ...OPEN]);
  expect(SERVED_APIS.map(({ api }) => api).filter((api) => !tested.has(api))).toEqual([]);
});

describe('refused without a rule, and let through by it', () => {
  test.each(
    cases.map(
      (one) => [`${one.api} v${one.version}: ${one.needs.map((need) => need.join(' ')).join(', ')}`, one] as const,
    ),
  )('%s', async (_, { api, version, body, needs, refusal, error, granted = 'NONE' }) => {
    const ask = async () => errorName(error(await client.call(api, version, body as InputOf<never>)));
    const [first, ...rest] = needs;
    await allow(...rest.map((need) => rule(...need)));
    expect(await ask()).toBe(refusal);
    await allow(rule(...first!));
    expect(await ask()).toBe(granted);
    // A rule against it takes it back.
    await allow(rule(...first!, { permissionType: 2 }));
    expect(await ask()).toBe(refusal);
  });
});

describe('what is shown depends on who asks', () => {
  const metadata = async (names: readonly string[] | null, parts: object = {}) => {
    const answer = await client.call('Metadata', 10, {
      topics: names?.map((name) => ({ name, topicId: ZERO_UUID })) ?? null,
      ...{ allowAutoTopicCreation: false, includeClusterAuthorizedOperations: true },
      includeTopicAuthorizedOperations: true,
      ...parts,
    });
    const topics = answer.topics.map((one) => [one.name, errorName(one.errorCode), one.partitions.length]);
    return { ...answer, seen: topics.sort() };
  };
  const bits = (...operations: Operation[]) => operations.reduce((sum, one) => sum | (1 << OPERATIONS[one]), 0);

  test('of all topics those that may be described; of named ones not even whether they are there', async () => {
    expect((await metadata(null)).seen).toEqual([]);
    await allow(rule('topic', 't', 'READ'));
    expect((await metadata(null)).seen).toEqual([['t', 'NONE', 1]]);
    const named = await metadata(['t', 'other', 'nowhere', '__consumer_offsets']);
    expect(named.seen).toEqual([
      ['__consumer_offsets', 'TOPIC_AUTHORIZATION_FAILED', 0],
      ['nowhere', 'TOPIC_AUTHORIZATION_FAILED', 0],
      ['other', 'TOPIC_AUTHORIZATION_FAILED', 0],
      ['t', 'NONE', 1],
    ]);
    // Hidden ones are alike: id, being internal and operations tell nothing.
    for (const one of named.topics.filter(({ name }) => name !== 't')) {
      expect(one).toMatchObject({ topicId: ZERO_UUID, isInternal: false, topicAuthorizedOperations: -2_147_483_648 });
    }
  });

  test('by id: one that may not be described has no name, one that is unknown is told as such', async () => {
    const byId = async (id: string) => {
      const { topics } = await client.call('Metadata', 12, {
        topics: [{ name: null, topicId: id }],
        ...{ allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
      });
      return topics.map((one) => [one.name, one.topicId, errorName(one.errorCode)]);
    };
    expect(await byId(topicId)).toEqual([[null, topicId, 'TOPIC_AUTHORIZATION_FAILED']]);
    expect(await byId('AAAAAAAAAAAAAAAAAAAAAQ')).toEqual([[null, 'AAAAAAAAAAAAAAAAAAAAAQ', 'UNKNOWN_TOPIC_ID']]);
    await allow(rule('topic', 't', 'DESCRIBE'));
    expect(await byId(topicId)).toEqual([['t', topicId, 'NONE']]);
  });

  test('a topic is made automatically for who may create it: it, or any', async () => {
    const ask = async (name: string) => (await metadata([name], { allowAutoTopicCreation: true })).seen;
    await allow(rule('topic', 'auto-', 'DESCRIBE', { resourcePatternType: 4 }));
    expect(await ask('auto-1')).toEqual([['auto-1', 'TOPIC_AUTHORIZATION_FAILED', 0]]);
    expect(broker.broker.context.image().topic('auto-1')).toBeUndefined();
    await allow(rule('topic', 'auto-1', 'CREATE'));
    expect(await ask('auto-1')).toEqual([['auto-1', 'NONE', 1]]);
    await allow(rule('cluster', CLUSTER_NAME, 'CREATE'));
    expect(await ask('auto-2')).toEqual([['auto-2', 'NONE', 1]]);
  });

  test('what may be done is answered where it is asked for', async () => {
    await allow(rule('topic', 't', 'WRITE'), rule('topic', 't', 'ALTER_CONFIGS'));
    const closed = await metadata(['t']);
    expect(closed.topics[0]?.topicAuthorizedOperations).toBe(
      bits('WRITE', 'DESCRIBE', 'ALTER_CONFIGS', 'DESCRIBE_CONFIGS'),
    );
    // Of the cluster nothing is told to who may not describe it.
    expect(closed.clusterAuthorizedOperations).toBe(0);
    await allow(rule('cluster', CLUSTER_NAME, 'ALTER'));
    expect((await metadata(['t'])).clusterAuthorizedOperations).toBe(bits('ALTER', 'DESCRIBE'));
    const described = await client.call('DescribeCluster', 1, {
      ...{ includeClusterAuthorizedOperations: true, endpointType: 1 },
    });
    expect(described).toMatchObject({ errorCode: 0, clusterAuthorizedOperations: bits('ALTER', 'DESCRIBE') });
    const everything = await operator.call('DescribeCluster', 1, {
      ...{ includeClusterAuthorizedOperations: true, endpointType: 1 },
    });
    expect(everything.clusterAuthorizedOperations).toBe(
      bits('CREATE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE', 'ALTER', 'DESCRIBE'),
    );
  });

  test('groups: those that may be described, all for who may describe the cluster', async () => {
    for (const groupId of ['seen', 'hidden']) {
      await operator.call('OffsetCommit', 8, { ...commitT, groupId });
    }
    const listed = async () => {
      const { groups } = await client.call('ListGroups', 5, { statesFilter: [], typesFilter: [] });
      return groups
        .map(({ groupId }) => groupId)
        .filter((id) => ['seen', 'hidden'].includes(id))
        .sort();
    };
    expect(await listed()).toEqual([]);
    await allow(rule('group', 'seen', 'READ'));
    expect(await listed()).toEqual(['seen']);
    const { groups } = await client.call('DescribeGroups', 5, {
      ...{ groups: ['hidden', 'seen'], includeAuthorizedOperations: true },
    });
    expect(groups.map((one) => [one.groupId, errorName(one.errorCode), one.authorizedOperations])).toEqual([
      ['hidden', 'GROUP_AUTHORIZATION_FAILED', -2_147_483_648],
      ['seen', 'NONE', bits('READ', 'DESCRIBE')],
    ]);
    await allow(rule('cluster', CLUSTER_NAME, 'DESCRIBE'));
    expect(await listed()).toEqual(['hidden', 'seen']);
  });

  test('offsets of a group, asked for without names: those of topics that may be described', async () => {
    const commit = (name: string) => ({ ...commitT.topics[0]!, name });
    await operator.call('OffsetCommit', 8, { ...commitT, groupId: 'g', topics: [commit('t'), commit('other')] });
    await allow(rule('group', 'g', 'DESCRIBE'), rule('topic', 't', 'DESCRIBE'));
    const { groups } = await client.call('OffsetFetch', 8, offsetsOf(null));
    expect(groups[0]?.topics.map(({ name }) => name)).toEqual(['t']);
    const named = await client.call('OffsetFetch', 8, offsetsOf(['t', 'other']));
    expect(
      named.groups[0]?.topics.map(({ name, partitions: [one] }) => [name, errorName(one!.errorCode)]).sort(),
    ).toEqual([
      ['other', 'TOPIC_AUTHORIZATION_FAILED'],
      ['t', 'NONE'],
    ]);
  });

  test('partitions of topics: the hidden ones are left out of all, and refused by name', async () => {
    await allow(rule('topic', 't', 'DESCRIBE'));
    const ask = async (names: string[]) => {
      const topics = names.map((name) => ({ name }));
      const answer = await client.call('DescribeTopicPartitions', 0, {
        topics,
        responsePartitionLimit: 9,
        cursor: null,
      });
      return answer.topics.map((one) => [one.name, errorName(one.errorCode), one.topicAuthorizedOperations]);
    };
    expect(await ask([])).toEqual([['t', 'NONE', bits('DESCRIBE')]]);
    expect(await ask(['t', 'other', 'nowhere'])).toEqual([
      ['t', 'NONE', bits('DESCRIBE')],
      ['nowhere', 'TOPIC_AUTHORIZATION_FAILED', -2_147_483_648],
      ['other', 'TOPIC_AUTHORIZATION_FAILED', -2_147_483_648],
    ]);
  });

  test('a new topic is made for who may, and its settings are shown to who may see them', async () => {
    await allow(rule('topic', 'mine', 'CREATE'));
    const ask = async (name: string) => {
      const topics = [{ ...newTopic, name }];
      return (await client.call('CreateTopics', 7, { topics, timeoutMs: 1_000, validateOnly: false })).topics[0]!;
    };
    const hidden = await ask('not-mine');
    expect([errorName(hidden.errorCode), hidden.errorMessage]).toEqual([
      'TOPIC_AUTHORIZATION_FAILED',
      'Authorization failed.',
    ]);
    const made = await ask('mine');
    expect([errorName(made.errorCode), errorName(made.topicConfigErrorCode), made.configs?.length]).toEqual([
      ...['NONE', 'TOPIC_AUTHORIZATION_FAILED', 0],
    ]);
    expect([made.numPartitions, made.replicationFactor]).toEqual([-1, -1]);
  });

  test('a topic may be deleted by id only by who may; its name is told to who may describe it', async () => {
    const ask = async () => {
      const topics = [{ name: null, topicId }];
      const { responses } = await client.call('DeleteTopics', 6, { topics, timeoutMs: 1_000 });
      return responses.map(({ name, errorCode }) => [name, errorName(errorCode)]);
    };
    expect(await ask()).toEqual([[null, 'TOPIC_AUTHORIZATION_FAILED']]);
    await allow(rule('topic', 't', 'READ'));
    expect(await ask()).toEqual([['t', 'TOPIC_AUTHORIZATION_FAILED']]);
  });
});

describe('refusals', () => {
  test('a Produce without acknowledgement is refused by closing the connection', async () => {
    const other = await broker.connectFrom('127.0.0.2');
    other.send('Produce', 9, { ...produced(), acks: 0 });
    await other.closed;
  });

  test('one topic that is refused does not take the others of the request with it', async () => {
    await allow(rule('topic', 't', 'WRITE'));
    const data = (name: string) => ({ ...produced().topicData[0]!, name });
    const { responses } = await client.call('Produce', 9, { ...produced(), topicData: [data('other'), data('t')] });
    expect(responses.map(({ name, partitionResponses: [one] }) => [name, errorName(one!.errorCode)])).toEqual([
      ['other', 'TOPIC_AUTHORIZATION_FAILED'],
      ['t', 'NONE'],
    ]);
  });

  test('a fetch session notices that a rule is gone', async () => {
    await allow(rule('topic', 't', 'READ'));
    const first = await client.call('Fetch', 12, { ...fetchT, sessionId: 0, sessionEpoch: 0 });
    expect(first.sessionId).not.toBe(0);
    await operator.call('DeleteAcls', 3, { filters: [{ ...everything, hostFilter: '127.0.0.2' }] });
    const next = await client.call('Fetch', 12, { ...fetchT, topics: [], sessionId: first.sessionId, sessionEpoch: 1 });
    expect(errorName(next.responses[0]!.partitions[0]!.errorCode)).toBe('TOPIC_AUTHORIZATION_FAILED');
  });

  test('they are counted, and told with the rule that was missing; what only shapes an answer is not', async () => {
    const { metrics } = broker.broker;
    const denied = metrics.authorizationsDenied.value;
    await client.call('ListGroups', 5, { statesFilter: [], typesFilter: [] });
    expect(metrics.authorizationsDenied.value).toBe(denied);
    await client.call('DescribeLogDirs', 4, { topics: null });
    expect(metrics.authorizationsDenied.value).toBe(denied + 1);
    // The first of all: of many at once some are left out.
    const told = broker.events.find(({ name }) => name === 'security.denied');
    expect(told?.fields).toMatchObject({
      ...{ principal: 'User:ANONYMOUS', host: '127.0.0.2', operation: 'WRITE', resource: 'Topic:LITERAL:t' },
      rule: 'there are rules for the resource, and none allows this',
    });
    expect(metrics.acls.read()).toBe(4);
  });

  test('rules are as they were after a restart', async () => {
    await allow(rule('topic', 't', 'DESCRIBE', { resourcePatternType: 4 }));
    await broker.restart();
    operator = await broker.connect();
    client = await broker.connectFrom('127.0.0.2');
    const { resources } = await operator.call('DescribeAcls', 3, { ...everything, hostFilter: '127.0.0.2' });
    expect(resources).toMatchObject([
      { resourceName: 't', patternType: 4, acls: [{ host: '127.0.0.2', operation: 8, permissionType: 3 }] },
    ]);
    const { topics } = await client.call('DescribeTopicPartitions', 0, {
      ...{ topics: [], responsePartitionLimit: 9, cursor: null },
    });
    expect(topics.map(({ name }) => name)).toContain('t');
  });
});

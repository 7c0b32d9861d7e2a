// What each API asks of the access rules (ACLs), as Kafka's KafkaApis and ControllerApis have it: data for tests of a broker
// that holds requests to them. About topic `t`, group `g` and transactional id `x`; asked by whoever the rules are about.
import { type ApiName, ZERO_UUID } from '../index.ts';
import { writeBatch } from '../records/batch-writer.ts';

export type AccessResource = 'topic' | 'group' | 'cluster' | 'transactionalId';

/** AclOperation. */
export type AccessOperation =
  | ('READ' | 'WRITE' | 'CREATE' | 'DELETE' | 'ALTER' | 'DESCRIBE' | 'CLUSTER_ACTION')
  | ('DESCRIBE_CONFIGS' | 'ALTER_CONFIGS' | 'IDEMPOTENT_WRITE');

export type AccessNeed = readonly [resource: AccessResource, name: string, operation: AccessOperation];

/** Means every rule. */
export const EVERY_ACL = {
  ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, principalFilter: null, hostFilter: null },
  ...{ operation: 1, permissionType: 1 },
};
const aclOfX = {
  ...{ resourceType: 2, resourceName: 'x', resourcePatternType: 3, principal: 'User:ANONYMOUS', host: '127.0.0.2' },
  ...{ operation: 3, permissionType: 3 },
};

function batch(): Buffer {
  const record = { key: null, value: Buffer.from('v'), timestamp: 1_700_000_000_000, headers: [] };
  return writeBatch({ codec: 'none', records: [record] });
}

const partitions = [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0, partitionMaxBytes: 1_000 }];
export const fetchT = {
  ...{ maxWaitMs: 0, minBytes: 0, isolationLevel: 0, forgottenTopicsData: [], rackId: '' },
  topics: [{ topic: 't', topicId: ZERO_UUID, partitions }],
};
const joinG = {
  ...{ groupId: 'g', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, memberId: '', groupInstanceId: null },
  ...{
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from([0, 0, 0, 0, 0, 0, 255, 255, 255, 255]) }],
    reason: null,
  },
};
export const newTopic = { name: 'new', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
export const produced = (transactionalId: string | null = null) => ({
  ...{ transactionalId, acks: -1, timeoutMs: 5_000 },
  topicData: [{ name: 't', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batch() }] }],
});
const envelope = { requestData: Buffer.alloc(0), requestPrincipal: null, clientHostAddress: Buffer.from('127.0.0.1') };
export const commitT = {
  ...{ groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null, retentionTimeMs: -1 },
  topics: [
    {
      name: 't',
      topicId: ZERO_UUID,
      partitions: [{ partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: -1, committedMetadata: '' }],
    },
  ],
};
export const offsetsOf = (topics: readonly string[] | null) => ({
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
export interface AccessCase {
  readonly api: ApiName;
  readonly version: number;
  readonly body: object;
  readonly needs: readonly AccessNeed[];
  readonly refusal: string;
  readonly error: Told;
  /** Between brokers: Kafka has it on other listeners or answers it in its own way. */
  readonly internal?: true;
  /** What comes of it with all rules. Default NONE. */
  readonly granted?: string;
}

const top: Told = (answer) => answer.errorCode;
const cluster = (
  api: ApiName,
  version: number,
  body: object,
  operation: AccessOperation,
  error = top,
  granted?: string,
): AccessCase => ({
  ...{
    api,
    version,
    body,
    needs: [['cluster', 'kafka-cluster', operation]],
    refusal: 'CLUSTER_AUTHORIZATION_FAILED',
    error,
  },
  ...(granted !== undefined && { granted }),
});
const topic = (
  api: ApiName,
  version: number,
  body: object,
  operation: AccessOperation,
  error: Told,
  granted?: string,
): AccessCase => ({
  ...{ api, version, body, needs: [['topic', 't', operation]], refusal: 'TOPIC_AUTHORIZATION_FAILED', error },
  ...(granted !== undefined && { granted }),
});
const group = (
  api: ApiName,
  version: number,
  body: object,
  operation: AccessOperation,
  error: Told,
  granted?: string,
): AccessCase => ({
  ...{ api, version, body, needs: [['group', 'g', operation]], refusal: 'GROUP_AUTHORIZATION_FAILED', error },
  ...(granted !== undefined && { granted }),
});
const tp = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 0 }] }];

export const ACCESS_CASES: readonly AccessCase[] = [
  topic('Produce', 9, produced(), 'WRITE', (a) => a.responses[0].partitionResponses[0].errorCode),
  topic('Fetch', 12, fetchT, 'READ', (a) => a.responses[0].partitions[0].errorCode),
  {
    ...cluster(
      'Fetch',
      17,
      { ...fetchT, replicaState: { replicaId: 1, replicaEpoch: 12_345 } },
      'CLUSTER_ACTION',
      top,
      'STALE_BROKER_EPOCH',
    ),
    internal: true,
  },
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
    needs: [['cluster', 'kafka-cluster', 'CREATE']],
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
    needs: [['cluster', 'kafka-cluster', 'DELETE']],
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
    needs: [['cluster', 'kafka-cluster', 'CLUSTER_ACTION']],
  },
  cluster('DescribeAcls', 3, EVERY_ACL, 'DESCRIBE'),
  cluster('CreateAcls', 3, { creations: [aclOfX] }, 'ALTER', (a) => a.results[0].errorCode),
  cluster(
    'DeleteAcls',
    3,
    { filters: [{ ...EVERY_ACL, resourceNameFilter: 'x' }] },
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
  cluster('DescribeUserScramCredentials', 0, { users: [{ name: 'u' }] }, 'DESCRIBE'),
  cluster(
    'AlterUserScramCredentials',
    0,
    { deletions: [{ name: 'u', mechanism: 1 }], upsertions: [] },
    'ALTER',
    (a) => a.results[0].errorCode,
    'RESOURCE_NOT_FOUND',
  ),
  { ...cluster('AlterPartition', 3, { brokerId: 9, brokerEpoch: 1, topics: [] }, 'CLUSTER_ACTION'), internal: true },
  { ...cluster('Envelope', 0, envelope, 'CLUSTER_ACTION', top, 'INVALID_REQUEST'), internal: true },
  topic(
    'DescribeProducers',
    0,
    { topics: [{ name: 't', partitionIndexes: [0] }] },
    'READ',
    (a) => a.topics[0].partitions[0].errorCode,
  ),
  {
    ...cluster(
      'BrokerHeartbeat',
      1,
      { brokerId: 9, brokerEpoch: 1, currentMetadataOffset: 0, wantFence: false, wantShutDown: false },
      'CLUSTER_ACTION',
      top,
      'STALE_BROKER_EPOCH',
    ),
    internal: true,
  },
  cluster('UnregisterBroker', 0, { brokerId: 9 }, 'ALTER', top, 'BROKER_ID_NOT_REGISTERED'),
  {
    ...cluster('AllocateProducerIds', 0, { brokerId: 9, brokerEpoch: 1 }, 'CLUSTER_ACTION', top, 'STALE_BROKER_EPOCH'),
    internal: true,
  },
  cluster('ListConfigResources', 1, { resourceTypes: [] }, 'DESCRIBE_CONFIGS'),
  topic(
    'DescribeTopicPartitions',
    0,
    { topics: [{ name: 't' }], responsePartitionLimit: 10, cursor: null },
    'DESCRIBE',
    (a) => a.topics[0].errorCode,
  ),
];

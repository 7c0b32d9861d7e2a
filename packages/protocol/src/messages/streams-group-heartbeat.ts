// StreamsGroupHeartbeat (api 88): the one request of the Streams protocol: joins, stays, reports, leaves (KIP-1071).
//   v1  the broker may ask for a description of the topology (KIP-1331)
import { array, bool, int8, int16, int32, int64, string, struct, uint16 } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

const KeyValue = { key: string(), value: string() };

const TopicInfo = { name: string(), partitions: int32(), replicationFactor: int16(), topicConfigs: array(KeyValue) };

const Endpoint = { host: string(), port: uint16() };

const TaskOffset = { subtopologyId: string(), partition: int32(), offset: int64() };

const TaskIds = { subtopologyId: string(), partitions: array(int32()) };

export const StreamsGroupHeartbeatRequest = request({
  api: 88,
  name: 'StreamsGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topology: struct(
      {
        epoch: int32(),
        subtopologies: array({
          subtopologyId: string(),
          sourceTopics: array(string()),
          sourceTopicRegex: array(string()),
          stateChangelogTopics: array(TopicInfo),
          repartitionSinkTopics: array(string()),
          repartitionSourceTopics: array(TopicInfo),
          copartitionGroups: array({
            sourceTopics: array(int16()),
            sourceTopicRegex: array(int16()),
            repartitionSourceTopics: array(int16()),
          }),
        }),
      },
      { nullable: '0+', default: null },
    ),
    activeTasks: array(TaskIds, { nullable: '0+', default: null }),
    standbyTasks: array(TaskIds, { nullable: '0+', default: null }),
    warmupTasks: array(TaskIds, { nullable: '0+', default: null }),
    processId: string({ nullable: '0+', default: null }),
    userEndpoint: struct(Endpoint, { nullable: '0+', default: null }),
    clientTags: array(KeyValue, { nullable: '0+', default: null }),
    taskOffsets: array(TaskOffset, { nullable: '0+', default: null }),
    taskEndOffsets: array(TaskOffset, { nullable: '0+', default: null }),
    shutdownApplication: bool({ default: false }),
  },
});
export type StreamsGroupHeartbeatRequest = MessageOf<typeof StreamsGroupHeartbeatRequest>;

const Status = { statusCode: int8(), statusDetail: string() };

const TopicPartition = { topic: string(), partitions: array(int32()) };

const StreamsGroupHeartbeatResponseTaskIds = { subtopologyId: string(), partitions: array(int32()) };

const StreamsGroupHeartbeatResponseEndpoint = { host: string(), port: uint16() };

export const StreamsGroupHeartbeatResponse = response({
  api: 88,
  name: 'StreamsGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLagLegacy: int32({ versions: '0' }),
    taskOffsetIntervalMs: int32(),
    acceptableRecoveryLag: int64({ versions: '1+', default: -1, ignorable: true }),
    status: array(Status, { nullable: '0+' }),
    activeTasks: array(StreamsGroupHeartbeatResponseTaskIds, { nullable: '0+', default: null }),
    standbyTasks: array(StreamsGroupHeartbeatResponseTaskIds, { nullable: '0+', default: null }),
    warmupTasks: array(StreamsGroupHeartbeatResponseTaskIds, { nullable: '0+', default: null }),
    topologyDescriptionRequired: bool({ versions: '1+', default: false }),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: array(
      {
        userEndpoint: struct(StreamsGroupHeartbeatResponseEndpoint),
        activePartitions: array(TopicPartition),
        standbyPartitions: array(TopicPartition),
      },
      { nullable: '0+', default: null },
    ),
  },
});
export type StreamsGroupHeartbeatResponse = MessageOf<typeof StreamsGroupHeartbeatResponse>;

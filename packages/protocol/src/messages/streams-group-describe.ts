// StreamsGroupDescribe (api 89): state, topology and members of Streams groups (KIP-1071).
//   v1  description of the topology on request (KIP-1331), assignor (KIP-1357)
import { array, bool, int8, int16, int32, int64, string, struct, uint16 } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const StreamsGroupDescribeRequest = request({
  api: 89,
  name: 'StreamsGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
    includeTopologyDescription: bool({ versions: '1+', default: false }),
  },
});
export type StreamsGroupDescribeRequest = MessageOf<typeof StreamsGroupDescribeRequest>;

const Endpoint = { host: string(), port: uint16() };

const TaskOffset = { subtopologyId: string(), partition: int32(), offset: int64() };

const TaskIds = { subtopologyId: string(), partitions: array(int32()) };

const Assignment = { activeTasks: array(TaskIds), standbyTasks: array(TaskIds), warmupTasks: array(TaskIds) };

const KeyValue = { key: string(), value: string() };

const TopicInfo = { name: string(), partitions: int32(), replicationFactor: int16(), topicConfigs: array(KeyValue) };

const TopologyDescriptionNode = {
  name: string(),
  nodeType: int8(),
  sourceTopics: array(string()),
  sinkTopic: string({ nullable: '0+', default: null }),
  stores: array(string()),
  successors: array(string()),
};

const TopologyDescriptionSubtopology = { subtopologyId: string(), nodes: array(TopologyDescriptionNode) };

const TopologyDescriptionGlobalStore = {
  source: struct(TopologyDescriptionNode),
  processor: struct(TopologyDescriptionNode),
};

const TopologyDescription = {
  subtopologies: array(TopologyDescriptionSubtopology),
  globalStores: array(TopologyDescriptionGlobalStore),
};

export const StreamsGroupDescribeResponse = response({
  api: 89,
  name: 'StreamsGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
      groupId: string(),
      groupState: string(),
      groupEpoch: int32(),
      assignmentEpoch: int32(),
      topology: struct(
        {
          epoch: int32(),
          subtopologies: array(
            {
              subtopologyId: string(),
              sourceTopics: array(string()),
              repartitionSinkTopics: array(string()),
              stateChangelogTopics: array(TopicInfo),
              repartitionSourceTopics: array(TopicInfo),
            },
            { nullable: '0+', default: null },
          ),
        },
        { nullable: '0+', default: null },
      ),
      members: array({
        memberId: string(),
        memberEpoch: int32(),
        instanceId: string({ nullable: '0+', default: null }),
        rackId: string({ nullable: '0+', default: null }),
        clientId: string(),
        clientHost: string(),
        topologyEpoch: int32(),
        processId: string(),
        userEndpoint: struct(Endpoint, { nullable: '0+', default: null }),
        clientTags: array(KeyValue),
        taskOffsets: array(TaskOffset),
        taskEndOffsets: array(TaskOffset),
        assignment: struct(Assignment),
        targetAssignment: struct(Assignment),
        isClassic: bool(),
      }),
      authorizedOperations: int32({ default: -2147483648 }),
      topologyDescription: struct(TopologyDescription, { versions: '1+', nullable: '0+', default: null }),
      topologyDescriptionStatus: int8({ versions: '1+', default: 0 }),
      assignorName: string({ versions: '1+', nullable: '0+', default: null, ignorable: true }),
    }),
  },
});
export type StreamsGroupDescribeResponse = MessageOf<typeof StreamsGroupDescribeResponse>;

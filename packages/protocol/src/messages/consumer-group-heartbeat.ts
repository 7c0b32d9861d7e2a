// ConsumerGroupHeartbeat (api 68): the one request of the new consumer protocol: joins, stays, reports, leaves (KIP-848).
//   v1  subscription by regular expression; the member makes its own id (KIP-1082)
import { array, int16, int32, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ConsumerGroupHeartbeatRequest = request({
  api: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
    subscribedTopicRegex: string({ versions: '1+', nullable: '0+', default: null }),
    serverAssignor: string({ nullable: '0+', default: null }),
    topicPartitions: array({ topicId: uuid(), partitions: array(int32()) }, { nullable: '0+', default: null }),
  },
});
export type ConsumerGroupHeartbeatRequest = MessageOf<typeof ConsumerGroupHeartbeatRequest>;

const TopicPartitions = { topicId: uuid(), partitions: array(int32()) };

export const ConsumerGroupHeartbeatResponse = response({
  api: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+', default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct({ topicPartitions: array(TopicPartitions) }, { nullable: '0+', default: null }),
  },
});
export type ConsumerGroupHeartbeatResponse = MessageOf<typeof ConsumerGroupHeartbeatResponse>;

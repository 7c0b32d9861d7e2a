// ShareGroupHeartbeat (api 76): a member of a share group joins, stays, leaves (KIP-932).
//   v1  oldest version served
import { array, int16, int32, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ShareGroupHeartbeatRequest = request({
  api: 76,
  name: 'ShareGroupHeartbeat',
  versions: '1',
  flexible: '0+',
  fields: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string({ nullable: '0+', default: null }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
  },
});
export type ShareGroupHeartbeatRequest = MessageOf<typeof ShareGroupHeartbeatRequest>;

const TopicPartitions = { topicId: uuid(), partitions: array(int32()) };

export const ShareGroupHeartbeatResponse = response({
  api: 76,
  name: 'ShareGroupHeartbeat',
  versions: '1',
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
export type ShareGroupHeartbeatResponse = MessageOf<typeof ShareGroupHeartbeatResponse>;

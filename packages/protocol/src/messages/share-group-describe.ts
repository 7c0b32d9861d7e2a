// ShareGroupDescribe (api 77): state and members of share groups (KIP-932).
//   v1  oldest version served
import { array, bool, int16, int32, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ShareGroupDescribeRequest = request({
  api: 77,
  name: 'ShareGroupDescribe',
  versions: '1',
  flexible: '0+',
  fields: { groupIds: array(string()), includeAuthorizedOperations: bool() },
});
export type ShareGroupDescribeRequest = MessageOf<typeof ShareGroupDescribeRequest>;

const TopicPartitions = { topicId: uuid(), topicName: string(), partitions: array(int32()) };

const Assignment = { topicPartitions: array(TopicPartitions) };

export const ShareGroupDescribeResponse = response({
  api: 77,
  name: 'ShareGroupDescribe',
  versions: '1',
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
      assignorName: string(),
      members: array({
        memberId: string(),
        rackId: string({ nullable: '0+', default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string()),
        assignment: struct(Assignment),
      }),
      authorizedOperations: int32({ default: -2147483648 }),
    }),
  },
});
export type ShareGroupDescribeResponse = MessageOf<typeof ShareGroupDescribeResponse>;

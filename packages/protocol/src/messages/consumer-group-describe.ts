// ConsumerGroupDescribe (api 69): state and members of groups of the new consumer protocol (KIP-848).
//   v1  type of each member (KIP-1099)
import { array, bool, int8, int16, int32, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ConsumerGroupDescribeRequest = request({
  api: 69,
  name: 'ConsumerGroupDescribe',
  versions: '0-1',
  flexible: '0+',
  fields: { groupIds: array(string()), includeAuthorizedOperations: bool() },
});
export type ConsumerGroupDescribeRequest = MessageOf<typeof ConsumerGroupDescribeRequest>;

const TopicPartitions = { topicId: uuid(), topicName: string(), partitions: array(int32()) };

const Assignment = { topicPartitions: array(TopicPartitions) };

export const ConsumerGroupDescribeResponse = response({
  api: 69,
  name: 'ConsumerGroupDescribe',
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
      assignorName: string(),
      members: array({
        memberId: string(),
        instanceId: string({ nullable: '0+', default: null }),
        rackId: string({ nullable: '0+', default: null }),
        memberEpoch: int32(),
        clientId: string(),
        clientHost: string(),
        subscribedTopicNames: array(string()),
        subscribedTopicRegex: string({ nullable: '0+', default: null }),
        assignment: struct(Assignment),
        targetAssignment: struct(Assignment),
        memberType: int8({ versions: '1+', default: -1, ignorable: true }),
      }),
      authorizedOperations: int32({ default: -2147483648 }),
    }),
  },
});
export type ConsumerGroupDescribeResponse = MessageOf<typeof ConsumerGroupDescribeResponse>;

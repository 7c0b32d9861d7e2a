// ShareGroupCurrentMemberAssignment (type 14 of __consumer_offsets): the partitions one member of a share group has now (KIP-932).
import { array, int8, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareGroupCurrentMemberAssignmentKey = recordKey({
  type: 14,
  name: 'ShareGroupCurrentMemberAssignmentKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type ShareGroupCurrentMemberAssignmentKey = MessageOf<typeof ShareGroupCurrentMemberAssignmentKey>;

const TopicPartitions = { topicId: uuid(), partitions: array(int32()) };

export const ShareGroupCurrentMemberAssignmentValue = recordValue({
  type: 14,
  name: 'ShareGroupCurrentMemberAssignmentValue',
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(TopicPartitions),
  },
});
export type ShareGroupCurrentMemberAssignmentValue = MessageOf<typeof ShareGroupCurrentMemberAssignmentValue>;

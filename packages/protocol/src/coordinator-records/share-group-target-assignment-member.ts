// ShareGroupTargetAssignmentMember (type 13 of __consumer_offsets): the partitions one member of a share group shall get (KIP-932).
import { array, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareGroupTargetAssignmentMemberKey = recordKey({
  type: 13,
  name: 'ShareGroupTargetAssignmentMemberKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type ShareGroupTargetAssignmentMemberKey = MessageOf<typeof ShareGroupTargetAssignmentMemberKey>;

export const ShareGroupTargetAssignmentMemberValue = recordValue({
  type: 13,
  name: 'ShareGroupTargetAssignmentMemberValue',
  versions: '0',
  flexible: '0+',
  fields: { topicPartitions: array({ topicId: uuid(), partitions: array(int32()) }) },
});
export type ShareGroupTargetAssignmentMemberValue = MessageOf<typeof ShareGroupTargetAssignmentMemberValue>;

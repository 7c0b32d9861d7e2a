// StreamsGroupTargetAssignmentMember (type 21 of __consumer_offsets): the tasks one member of a Streams group shall get (KIP-1071).
import { array, int32, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const StreamsGroupTargetAssignmentMemberKey = recordKey({
  type: 21,
  name: 'StreamsGroupTargetAssignmentMemberKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type StreamsGroupTargetAssignmentMemberKey = MessageOf<typeof StreamsGroupTargetAssignmentMemberKey>;

const TaskIds = { subtopologyId: string(), partitions: array(int32()) };

export const StreamsGroupTargetAssignmentMemberValue = recordValue({
  type: 21,
  name: 'StreamsGroupTargetAssignmentMemberValue',
  versions: '0',
  flexible: '0+',
  fields: { activeTasks: array(TaskIds), standbyTasks: array(TaskIds), warmupTasks: array(TaskIds) },
});
export type StreamsGroupTargetAssignmentMemberValue = MessageOf<typeof StreamsGroupTargetAssignmentMemberValue>;

// StreamsGroupCurrentMemberAssignment (type 22 of __consumer_offsets): the tasks one member of a Streams group has now (KIP-1071).
import { array, int8, int32, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const StreamsGroupCurrentMemberAssignmentKey = recordKey({
  type: 22,
  name: 'StreamsGroupCurrentMemberAssignmentKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type StreamsGroupCurrentMemberAssignmentKey = MessageOf<typeof StreamsGroupCurrentMemberAssignmentKey>;

const TaskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
};

export const StreamsGroupCurrentMemberAssignmentValue = recordValue({
  type: 22,
  name: 'StreamsGroupCurrentMemberAssignmentValue',
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    activeTasks: array(TaskIds),
    standbyTasks: array(TaskIds),
    warmupTasks: array(TaskIds),
    activeTasksPendingRevocation: array(TaskIds),
    standbyTasksPendingRevocation: array(TaskIds),
    warmupTasksPendingRevocation: array(TaskIds),
  },
});
export type StreamsGroupCurrentMemberAssignmentValue = MessageOf<typeof StreamsGroupCurrentMemberAssignmentValue>;

// ConsumerGroupCurrentMemberAssignment (type 8 of __consumer_offsets): the partitions one member of a consumer group has now (KIP-848).
import { array, int8, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ConsumerGroupCurrentMemberAssignmentKey = recordKey({
  type: 8,
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type ConsumerGroupCurrentMemberAssignmentKey = MessageOf<typeof ConsumerGroupCurrentMemberAssignmentKey>;

const TopicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
};

export const ConsumerGroupCurrentMemberAssignmentValue = recordValue({
  type: 8,
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(TopicPartitions),
    partitionsPendingRevocation: array(TopicPartitions),
  },
});
export type ConsumerGroupCurrentMemberAssignmentValue = MessageOf<typeof ConsumerGroupCurrentMemberAssignmentValue>;

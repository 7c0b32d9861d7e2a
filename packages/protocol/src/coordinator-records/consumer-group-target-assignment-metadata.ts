// ConsumerGroupTargetAssignmentMetadata (type 6 of __consumer_offsets): epoch of the assignment a consumer group moves towards (KIP-848).
import { int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ConsumerGroupTargetAssignmentMetadataKey = recordKey({
  type: 6,
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type ConsumerGroupTargetAssignmentMetadataKey = MessageOf<typeof ConsumerGroupTargetAssignmentMetadataKey>;

export const ConsumerGroupTargetAssignmentMetadataValue = recordValue({
  type: 6,
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true }) },
});
export type ConsumerGroupTargetAssignmentMetadataValue = MessageOf<typeof ConsumerGroupTargetAssignmentMetadataValue>;

// StreamsGroupTargetAssignmentMetadata (type 20 of __consumer_offsets): epoch of the assignment a Streams group moves towards (KIP-1071).
import { int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const StreamsGroupTargetAssignmentMetadataKey = recordKey({
  type: 20,
  name: 'StreamsGroupTargetAssignmentMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type StreamsGroupTargetAssignmentMetadataKey = MessageOf<typeof StreamsGroupTargetAssignmentMetadataKey>;

export const StreamsGroupTargetAssignmentMetadataValue = recordValue({
  type: 20,
  name: 'StreamsGroupTargetAssignmentMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true }) },
});
export type StreamsGroupTargetAssignmentMetadataValue = MessageOf<typeof StreamsGroupTargetAssignmentMetadataValue>;

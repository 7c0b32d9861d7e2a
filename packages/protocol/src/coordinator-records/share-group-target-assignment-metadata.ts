// ShareGroupTargetAssignmentMetadata (type 12 of __consumer_offsets): epoch of the assignment a share group moves towards (KIP-932).
import { int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareGroupTargetAssignmentMetadataKey = recordKey({
  type: 12,
  name: 'ShareGroupTargetAssignmentMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type ShareGroupTargetAssignmentMetadataKey = MessageOf<typeof ShareGroupTargetAssignmentMetadataKey>;

export const ShareGroupTargetAssignmentMetadataValue = recordValue({
  type: 12,
  name: 'ShareGroupTargetAssignmentMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: { assignmentEpoch: int32(), assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true }) },
});
export type ShareGroupTargetAssignmentMetadataValue = MessageOf<typeof ShareGroupTargetAssignmentMetadataValue>;

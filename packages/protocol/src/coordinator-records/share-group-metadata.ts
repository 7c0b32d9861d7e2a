// ShareGroupMetadata (type 11 of __consumer_offsets): epoch of a share group (KIP-932).
import { int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareGroupMetadataKey = recordKey({
  type: 11,
  name: 'ShareGroupMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type ShareGroupMetadataKey = MessageOf<typeof ShareGroupMetadataKey>;

export const ShareGroupMetadataValue = recordValue({
  type: 11,
  name: 'ShareGroupMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: { epoch: int32(), metadataHash: int64() },
});
export type ShareGroupMetadataValue = MessageOf<typeof ShareGroupMetadataValue>;

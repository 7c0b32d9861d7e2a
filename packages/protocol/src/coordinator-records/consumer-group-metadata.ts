// ConsumerGroupMetadata (type 3 of __consumer_offsets): epoch of a group of the new consumer protocol (KIP-848).
import { int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ConsumerGroupMetadataKey = recordKey({
  type: 3,
  name: 'ConsumerGroupMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type ConsumerGroupMetadataKey = MessageOf<typeof ConsumerGroupMetadataKey>;

export const ConsumerGroupMetadataValue = recordValue({
  type: 3,
  name: 'ConsumerGroupMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: { epoch: int32(), metadataHash: int64({ tag: 0, default: 0 }) },
});
export type ConsumerGroupMetadataValue = MessageOf<typeof ConsumerGroupMetadataValue>;

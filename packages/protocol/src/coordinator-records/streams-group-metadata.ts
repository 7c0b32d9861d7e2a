// StreamsGroupMetadata (type 17 of __consumer_offsets): epoch of a Streams group (KIP-1071).
import { array, int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const StreamsGroupMetadataKey = recordKey({
  type: 17,
  name: 'StreamsGroupMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type StreamsGroupMetadataKey = MessageOf<typeof StreamsGroupMetadataKey>;

const LastAssignmentConfig = { key: string(), value: string() };

export const StreamsGroupMetadataValue = recordValue({
  type: 17,
  name: 'StreamsGroupMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    metadataHash: int64(),
    validatedTopologyEpoch: int32({ tag: 0, default: -1 }),
    lastAssignmentConfigs: array(LastAssignmentConfig, { nullable: '0+', tag: 1 }),
    storedDescriptionTopologyEpoch: int32({ tag: 2, default: -1 }),
    failedDescriptionTopologyEpoch: int32({ tag: 3, default: -1 }),
  },
});
export type StreamsGroupMetadataValue = MessageOf<typeof StreamsGroupMetadataValue>;

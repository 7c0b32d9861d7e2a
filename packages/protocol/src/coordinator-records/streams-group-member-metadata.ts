// StreamsGroupMemberMetadata (type 19 of __consumer_offsets): one member of a Streams group (KIP-1071).
import { array, int32, string, struct, uint16 } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const StreamsGroupMemberMetadataKey = recordKey({
  type: 19,
  name: 'StreamsGroupMemberMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type StreamsGroupMemberMetadataKey = MessageOf<typeof StreamsGroupMemberMetadataKey>;

const Endpoint = { host: string(), port: uint16() };

const KeyValue = { key: string(), value: string() };

export const StreamsGroupMemberMetadataValue = recordValue({
  type: 19,
  name: 'StreamsGroupMemberMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topologyEpoch: int32(),
    processId: string(),
    userEndpoint: struct(Endpoint, { nullable: '0+', default: null }),
    clientTags: array(KeyValue),
  },
});
export type StreamsGroupMemberMetadataValue = MessageOf<typeof StreamsGroupMemberMetadataValue>;

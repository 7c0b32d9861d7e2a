// ConsumerGroupMemberMetadata (type 5 of __consumer_offsets): one member of a consumer group (KIP-848).
import { array, bytes, int32, string, struct } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ConsumerGroupMemberMetadataKey = recordKey({
  type: 5,
  name: 'ConsumerGroupMemberMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type ConsumerGroupMemberMetadataKey = MessageOf<typeof ConsumerGroupMemberMetadataKey>;

export const ConsumerGroupMemberMetadataValue = recordValue({
  type: 5,
  name: 'ConsumerGroupMemberMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string({ nullable: '0+' }),
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
    subscribedTopicRegex: string({ nullable: '0+' }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    serverAssignor: string({ nullable: '0+' }),
    classicMemberMetadata: struct(
      { sessionTimeoutMs: int32(), supportedProtocols: array({ name: string(), metadata: bytes() }) },
      { nullable: '0+', tag: 0 },
    ),
  },
});
export type ConsumerGroupMemberMetadataValue = MessageOf<typeof ConsumerGroupMemberMetadataValue>;

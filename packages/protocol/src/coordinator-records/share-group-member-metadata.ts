// ShareGroupMemberMetadata (type 10 of __consumer_offsets): one member of a share group (KIP-932).
import { array, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareGroupMemberMetadataKey = recordKey({
  type: 10,
  name: 'ShareGroupMemberMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), memberId: string() },
});
export type ShareGroupMemberMetadataKey = MessageOf<typeof ShareGroupMemberMetadataKey>;

export const ShareGroupMemberMetadataValue = recordValue({
  type: 10,
  name: 'ShareGroupMemberMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    rackId: string({ nullable: '0+' }),
    clientId: string(),
    clientHost: string(),
    subscribedTopicNames: array(string()),
  },
});
export type ShareGroupMemberMetadataValue = MessageOf<typeof ShareGroupMemberMetadataValue>;

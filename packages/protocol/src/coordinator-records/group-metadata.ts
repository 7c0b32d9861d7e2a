// GroupMetadata (type 2 of __consumer_offsets): a group of the classic protocol: generation, protocol, leader, members.
import { array, bytes, int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const GroupMetadataKey = recordKey({
  type: 2,
  name: 'GroupMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { group: string() },
});
export type GroupMetadataKey = MessageOf<typeof GroupMetadataKey>;

const MemberMetadata = {
  memberId: string(),
  groupInstanceId: string({ versions: '3+', nullable: '0+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ versions: '1+', default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
};

export const GroupMetadataValue = recordValue({
  type: 2,
  name: 'GroupMetadataValue',
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: int64({ versions: '2+', default: -1, ignorable: true }),
    members: array(MemberMetadata),
  },
});
export type GroupMetadataValue = MessageOf<typeof GroupMetadataValue>;

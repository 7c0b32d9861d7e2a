// JoinGroup (api 11): a member enters a group of the classic protocol, or stays for the next generation.
//   v1  rebalance timeout apart from the session timeout, which stands in for it in v0
//   v2  throttle time
//   v4  a new member is told its id first and joins with it (MEMBER_ID_REQUIRED, KIP-394)
//   v5  static members (KIP-345)
//   v6  flexible
//   v7  protocol type in the answer (KIP-559)
//   v8  the member says why it joins (KIP-800)
//   v9  the leader may be told to skip the assignment (KIP-814)
import { array, bool, bytes, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const JoinGroupRequest = request({
  api: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  fields: {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32({ versions: '1+', default: -1, ignorable: true }),
    memberId: string(),
    groupInstanceId: string({ versions: '5+', nullable: '0+', default: null }),
    protocolType: string(),
    protocols: array({ name: string(), metadata: bytes() }),
    reason: string({ versions: '8+', nullable: '0+', default: null, ignorable: true }),
  },
});
export type JoinGroupRequest = MessageOf<typeof JoinGroupRequest>;

export const JoinGroupResponse = response({
  api: 11,
  name: 'JoinGroup',
  versions: '0-9',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '2+', default: 0, ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: string({ versions: '7+', nullable: '0+', default: null, ignorable: true }),
    protocolName: string({ nullable: '7+' }),
    leader: string(),
    skipAssignment: bool({ versions: '9+', default: false }),
    memberId: string(),
    members: array({
      memberId: string(),
      groupInstanceId: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
      metadata: bytes(),
    }),
  },
});
export type JoinGroupResponse = MessageOf<typeof JoinGroupResponse>;

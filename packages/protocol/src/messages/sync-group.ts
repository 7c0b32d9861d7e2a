// SyncGroup (api 14): the leader of a group hands in the assignment, every member gets its share.
//   v1  throttle time
//   v3  static members (KIP-345)
//   v4  flexible
//   v5  protocol type and name, both ways, checked (KIP-559)
import { array, bytes, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const SyncGroupRequest = request({
  api: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ versions: '3+', nullable: '0+', default: null }),
    protocolType: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    assignments: array({ memberId: string(), assignment: bytes() }),
  },
});
export type SyncGroupRequest = MessageOf<typeof SyncGroupRequest>;

export const SyncGroupResponse = response({
  api: 14,
  name: 'SyncGroup',
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
    protocolType: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    assignment: bytes(),
  },
});
export type SyncGroupResponse = MessageOf<typeof SyncGroupResponse>;

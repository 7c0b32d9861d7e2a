// Heartbeat (api 12): a member says that it lives, and learns of a rebalance.
//   v1  throttle time
//   v3  static members (KIP-345)
//   v4  flexible
import { int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const HeartbeatRequest = request({
  api: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  fields: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ versions: '3+', nullable: '0+', default: null }),
  },
});
export type HeartbeatRequest = MessageOf<typeof HeartbeatRequest>;

export const HeartbeatResponse = response({
  api: 12,
  name: 'Heartbeat',
  versions: '0-4',
  flexible: '4+',
  fields: { throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }), errorCode: int16() },
});
export type HeartbeatResponse = MessageOf<typeof HeartbeatResponse>;

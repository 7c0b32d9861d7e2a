// LeaveGroup (api 13): members leave a group.
//   v1  throttle time
//   v3  several members at once, also static ones (KIP-345)
//   v4  flexible
//   v5  the reason (KIP-800)
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const LeaveGroupRequest = request({
  api: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: string(),
    memberId: string({ versions: '0-2' }),
    members: array(
      {
        memberId: string(),
        groupInstanceId: string({ nullable: '0+', default: null }),
        reason: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
      },
      { versions: '3+' },
    ),
  },
});
export type LeaveGroupRequest = MessageOf<typeof LeaveGroupRequest>;

export const LeaveGroupResponse = response({
  api: 13,
  name: 'LeaveGroup',
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
    members: array(
      { memberId: string(), groupInstanceId: string({ nullable: '0+' }), errorCode: int16() },
      { versions: '3+' },
    ),
  },
});
export type LeaveGroupResponse = MessageOf<typeof LeaveGroupResponse>;

// DescribeGroups (api 15): state, protocol and members of groups of the classic protocol.
//   v1  throttle time
//   v3  authorized operations on request (KIP-430)
//   v4  static member ids (KIP-345)
//   v5  flexible
//   v6  an unknown group is GROUP_ID_NOT_FOUND, not a dead group (KIP-1043)
import { array, bool, bytes, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeGroupsRequest = request({
  api: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  fields: { groups: array(string()), includeAuthorizedOperations: bool({ versions: '3+' }) },
});
export type DescribeGroupsRequest = MessageOf<typeof DescribeGroupsRequest>;

export const DescribeGroupsResponse = response({
  api: 15,
  name: 'DescribeGroups',
  versions: '0-6',
  flexible: '5+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    groups: array({
      errorCode: int16(),
      errorMessage: string({ versions: '6+', nullable: '0+', default: null }),
      groupId: string(),
      groupState: string(),
      protocolType: string(),
      protocolData: string(),
      members: array({
        memberId: string(),
        groupInstanceId: string({ versions: '4+', nullable: '0+', default: null, ignorable: true }),
        clientId: string(),
        clientHost: string(),
        memberMetadata: bytes(),
        memberAssignment: bytes(),
      }),
      authorizedOperations: int32({ versions: '3+', default: -2147483648 }),
    }),
  },
});
export type DescribeGroupsResponse = MessageOf<typeof DescribeGroupsResponse>;

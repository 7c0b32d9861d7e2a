// DeleteGroups (api 42): deletes empty groups.
//   v2  flexible
//   v3  message
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DeleteGroupsRequest = request({
  api: 42,
  name: 'DeleteGroups',
  versions: '0-3',
  flexible: '2+',
  fields: { groupsNames: array(string()) },
});
export type DeleteGroupsRequest = MessageOf<typeof DeleteGroupsRequest>;

export const DeleteGroupsResponse = response({
  api: 42,
  name: 'DeleteGroups',
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      groupId: string(),
      errorCode: int16(),
      errorMessage: string({ versions: '3+', nullable: '0+', default: null, ignorable: true }),
    }),
  },
});
export type DeleteGroupsResponse = MessageOf<typeof DeleteGroupsResponse>;

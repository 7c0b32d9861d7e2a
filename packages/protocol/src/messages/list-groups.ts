// ListGroups (api 16): the groups this broker coordinates.
//   v1  throttle time
//   v3  flexible
//   v4  filter by state, state in the answer (KIP-518)
//   v5  filter by type, type in the answer (KIP-848)
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ListGroupsRequest = request({
  api: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  fields: { statesFilter: array(string(), { versions: '4+' }), typesFilter: array(string(), { versions: '5+' }) },
});
export type ListGroupsRequest = MessageOf<typeof ListGroupsRequest>;

export const ListGroupsResponse = response({
  api: 16,
  name: 'ListGroups',
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16(),
    groups: array({
      groupId: string(),
      protocolType: string(),
      groupState: string({ versions: '4+', ignorable: true }),
      groupType: string({ versions: '5+', ignorable: true }),
    }),
  },
});
export type ListGroupsResponse = MessageOf<typeof ListGroupsResponse>;

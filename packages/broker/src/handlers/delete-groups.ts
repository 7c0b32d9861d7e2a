// DeleteGroups (api 42): removes groups without members, with their offsets. Served: 0-3.
//   v3 error message
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '@moldau/protocol/messages/delete-groups';
import type { BrokerContext, Call } from '../context.ts';

export async function deleteGroups(
  broker: BrokerContext,
  _call: Call,
  request: DeleteGroupsRequest,
): Promise<InputOf<typeof DeleteGroupsResponse>> {
  const results = await broker.groups.deleteGroups(request.groupsNames);
  return { results: results.map(({ groupId, error }) => ({ groupId, errorCode: errorCode(error) })) };
}

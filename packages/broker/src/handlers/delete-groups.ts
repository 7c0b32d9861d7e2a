// DeleteGroups (api 42): removes groups without members, with their offsets. Served: 0-3.
//   v3 error message
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '@moldau/protocol/messages/delete-groups';
import type { BrokerContext, Call } from '../context.ts';
import { may } from './access.ts';

export async function deleteGroups(
  broker: BrokerContext,
  call: Call,
  request: DeleteGroupsRequest,
): Promise<InputOf<typeof DeleteGroupsResponse>> {
  const mine = new Set(request.groupsNames.filter((groupId) => may(broker, call, 'DELETE', 'group', groupId)));
  const deleted = await broker.groups.deleteGroups(request.groupsNames.filter((groupId) => mine.has(groupId)));
  const others = request.groupsNames.filter((groupId) => !mine.has(groupId));
  return {
    results: [
      ...deleted.map(({ groupId, error }) => ({ groupId, errorCode: errorCode(error) })),
      ...others.map((groupId) => ({ groupId, errorCode: errorCode('GROUP_AUTHORIZATION_FAILED') })),
    ],
  };
}

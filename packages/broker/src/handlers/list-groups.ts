// ListGroups (api 16): the groups that this broker coordinates. Served: 0-5.
//   v4 states, and a filter by them (KIP-518)   v5 types, and a filter by them (KIP-848)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { ListGroupsRequest, ListGroupsResponse } from '@moldau/protocol/messages/list-groups';
import type { BrokerContext, Call } from '../context.ts';
import { isRefusal } from '../replicated-machine/shard.ts';

export async function listGroups(
  broker: BrokerContext,
  _call: Call,
  request: ListGroupsRequest,
): Promise<InputOf<typeof ListGroupsResponse>> {
  const answer = await broker.groups.list(request.statesFilter, request.typesFilter);
  if (isRefusal(answer)) return { errorCode: errorCode(answer.error), groups: [] };
  return {
    errorCode: 0,
    groups: answer.groups.map(({ groupId, protocolType, state, type }) => ({
      groupId,
      protocolType,
      groupState: state,
      groupType: type,
    })),
  };
}

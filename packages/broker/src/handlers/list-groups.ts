// ListGroups (api 16): the groups that this broker coordinates. Served: 0-5.
//   v4 states, and a filter by them (KIP-518)   v5 types, and a filter by them (KIP-848)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { ListGroupsRequest, ListGroupsResponse } from '@moldau/protocol/messages/list-groups';
import type { BrokerContext, Call } from '../context.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { couldDo, couldDoInCluster } from './access.ts';

export async function listGroups(
  broker: BrokerContext,
  call: Call,
  request: ListGroupsRequest,
): Promise<InputOf<typeof ListGroupsResponse>> {
  const answer = await broker.groups.list(request.statesFilter, request.typesFilter);
  if (isRefusal(answer)) return { errorCode: errorCode(answer.error), groups: [] };
  const everyGroup = couldDoInCluster(broker, call, 'DESCRIBE');
  const shown = everyGroup
    ? answer.groups
    : answer.groups.filter(({ groupId }) => couldDo(broker, call, 'DESCRIBE', 'group', groupId));
  return {
    errorCode: 0,
    groups: shown.map(({ groupId, protocolType, state, type }) => ({
      groupId,
      protocolType,
      groupState: state,
      groupType: type,
    })),
  };
}

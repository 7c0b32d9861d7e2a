// DescribeGroups (api 15): state, protocol and members of groups. Served: 0-6.
//   v3 authorized operations   v4 static members   v6 GROUP_ID_NOT_FOUND (before: a group in state Dead, KIP-1043)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { DescribeGroupsRequest, DescribeGroupsResponse } from '@moldau/protocol/messages/describe-groups';
import type { BrokerContext, Call } from '../context.ts';
import type { DescribedGroup } from '../group/commands.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';
import { authorizedOperations } from './authorized-operations.ts';

type Response = InputOf<typeof DescribeGroupsResponse>;

const NOT_FOUND_SINCE = 6;

export async function describeGroups(
  broker: BrokerContext,
  call: Call,
  request: DescribeGroupsRequest,
): Promise<Response> {
  const hidden = broker.authorizer
    ? new Set(request.groups.filter((groupId) => !may(broker, call, 'DESCRIBE', 'group', groupId)))
    : NOTHING;
  const described = await broker.groups.describe(request.groups.filter((groupId) => !hidden.has(groupId)));
  const unauthorized = errorCode('GROUP_AUTHORIZATION_FAILED');
  return {
    groups: [...hidden]
      .map((groupId): Response['groups'][number] => ({ ...NOBODY, groupId, errorCode: unauthorized }))
      .concat(
        described.map((group): Response['groups'][number] => {
          if (isRefusal(group)) return { ...NOBODY, groupId: group.groupId, errorCode: errorCode(group.error) };
          const answer = group.found ? toWire(group) : missing(call, group.groupId);
          if (!request.includeAuthorizedOperations || answer.errorCode !== 0) return answer;
          return { ...answer, authorizedOperations: authorizedOperations(broker, call, 'group', answer.groupId) };
        }),
      ),
  };
}

const NOTHING: ReadonlySet<string> = new Set();
const NOBODY = { errorCode: 0, groupState: '', protocolType: '', protocolData: '', members: [] };

function missing(call: Call, groupId: string): Response['groups'][number] {
  const dead = { ...NOBODY, groupId, groupState: 'Dead' };
  if (call.apiVersion < NOT_FOUND_SINCE) return dead;
  return { ...dead, errorCode: errorCode('GROUP_ID_NOT_FOUND'), errorMessage: `Group ${groupId} not found.` };
}

function toWire(group: DescribedGroup): Response['groups'][number] {
  return {
    errorCode: 0,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType,
    protocolData: group.protocol,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId ?? null,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: member.metadata,
      memberAssignment: member.assignment,
    })),
  };
}

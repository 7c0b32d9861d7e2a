// JoinGroup (api 11): a member enters a group, or stays in it for the next generation. Served: 0-9. The answer is parked
// until the members are together (group/join.ts has the rules).
//   v1 rebalance timeout   v4 member id first (KIP-394)   v5 static members   v7 protocol type   v8 reason   v9 skip assignment
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { JoinGroupRequest, JoinGroupResponse } from '@moldau/protocol/messages/join-group';
import type { BrokerContext, Call } from '../context.ts';
import { ownBytes } from '../group/records.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';

type Response = InputOf<typeof JoinGroupResponse>;

const REBALANCE_TIMEOUT_SINCE = 1;
const MEMBER_ID_REQUIRED_SINCE = 4;
const NULLABLE_PROTOCOL_SINCE = 7;
const SKIP_ASSIGNMENT_SINCE = 9;

export async function joinGroup(broker: BrokerContext, call: Call, request: JoinGroupRequest): Promise<Response> {
  const { apiVersion } = call;
  const { groupId, memberId, sessionTimeoutMs } = request;
  const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = broker.config;
  if (!may(broker, call, 'READ', 'group', groupId)) return refused(apiVersion, 'GROUP_AUTHORIZATION_FAILED', '');
  if (groupId === '') return refused(apiVersion, 'INVALID_GROUP_ID', memberId);
  if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs) {
    return refused(apiVersion, 'INVALID_SESSION_TIMEOUT', memberId);
  }
  const clientId = call.clientId ?? '';
  const answer = await broker.groups.submit({
    kind: 'join',
    groupId,
    memberId,
    newMemberId: broker.groups.newMemberId(request.groupInstanceId ?? clientId),
    instanceId: request.groupInstanceId,
    clientId,
    clientHost: `/${call.connection.remoteHost}`,
    sessionTimeoutMs,
    rebalanceTimeoutMs: apiVersion < REBALANCE_TIMEOUT_SINCE ? sessionTimeoutMs : request.rebalanceTimeoutMs,
    protocolType: request.protocolType,
    // Kept for as long as the member is: not as a view of the request.
    protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: ownBytes(metadata) })),
    reason: request.reason,
    needsKnownMemberId: apiVersion >= MEMBER_ID_REQUIRED_SINCE,
    canSkipAssignment: apiVersion >= SKIP_ASSIGNMENT_SINCE,
  });
  if (isRefusal(answer)) return refused(apiVersion, answer.error, '');
  return {
    errorCode: errorCode(answer.error),
    generationId: answer.generation,
    protocolType: answer.protocolType,
    protocolName: answer.protocol ?? noProtocol(apiVersion),
    leader: answer.leader,
    skipAssignment: answer.skipAssignment,
    memberId: answer.memberId,
    members: answer.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId ?? null,
      metadata: member.metadata,
    })),
  };
}

function refused(apiVersion: number, error: WireError, memberId: string): Response {
  return {
    errorCode: errorCode(error),
    generationId: -1,
    protocolName: noProtocol(apiVersion),
    leader: '',
    memberId,
    members: [],
  };
}

function noProtocol(apiVersion: number): string | null {
  return apiVersion >= NULLABLE_PROTOCOL_SINCE ? null : '';
}

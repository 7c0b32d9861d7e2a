// LeaveGroup (api 13): members go, by themselves or sent by an operator. Served: 0-5.
//   v3 several at once, static members by instance   v5 reason (KIP-800)
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { LeaveGroupRequest, LeaveGroupResponse } from '@moldau/protocol/messages/leave-group';
import type { BrokerContext, Call } from '../context.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';

const SEVERAL_SINCE = 3;

export async function leaveGroup(
  broker: BrokerContext,
  call: Call,
  request: LeaveGroupRequest,
): Promise<InputOf<typeof LeaveGroupResponse>> {
  const { groupId } = request;
  if (!may(broker, call, 'READ', 'group', groupId)) {
    return { errorCode: errorCode('GROUP_AUTHORIZATION_FAILED'), members: [] };
  }
  if (groupId === '') return { errorCode: errorCode('INVALID_GROUP_ID'), members: [] };
  const several = call.apiVersion >= SEVERAL_SINCE;
  const leaving = several
    ? request.members.map(({ memberId, groupInstanceId, reason }) => ({
        memberId,
        instanceId: groupInstanceId,
        reason,
      }))
    : [{ memberId: request.memberId, instanceId: null, reason: null }];
  const answer = await broker.groups.submit({ kind: 'leave', groupId, members: leaving });
  if (isRefusal(answer)) return { errorCode: errorCode(answer.error), members: [] };
  if (!several) return { errorCode: errorCode(answer.members[0]?.error ?? 'NONE'), members: [] };
  return {
    errorCode: 0,
    members: answer.members.map(({ memberId, instanceId, error }) => ({
      memberId,
      groupInstanceId: instanceId,
      errorCode: errorCode(error),
    })),
  };
}

// SyncGroup (api 14): the leader brings everybody's assignment, the others ask for theirs. Served: 0-5. Parked until the
// assignment is stored (group/sync.ts has the rules).
//   v3 static members   v5 protocol type and name, which then must be there (KIP-559)
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { SyncGroupRequest, SyncGroupResponse } from '@moldau/protocol/messages/sync-group';
import type { BrokerContext, Call } from '../context.ts';
import { EMPTY_BYTES } from '../group/member-table.ts';
import { ownBytes } from '../group/records.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';

type Response = InputOf<typeof SyncGroupResponse>;

const PROTOCOL_SINCE = 5;

export async function syncGroup(broker: BrokerContext, call: Call, request: SyncGroupRequest): Promise<Response> {
  const { groupId, protocolType, protocolName } = request;
  if (call.apiVersion >= PROTOCOL_SINCE && (protocolType === null || protocolName === null)) {
    return refused('INCONSISTENT_GROUP_PROTOCOL');
  }
  if (!may(broker, call, 'READ', 'group', groupId)) return refused('GROUP_AUTHORIZATION_FAILED');
  if (groupId === '') return refused('INVALID_GROUP_ID');
  const answer = await broker.groups.submit({
    kind: 'sync',
    groupId,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    generation: request.generationId,
    protocolType,
    protocol: protocolName,
    assignments: request.assignments.map(({ memberId, assignment }) => ({
      memberId,
      assignment: ownBytes(assignment),
    })),
  });
  if (isRefusal(answer)) return refused(answer.error);
  return {
    errorCode: errorCode(answer.error),
    protocolType: answer.protocolType,
    protocolName: answer.protocol,
    assignment: answer.assignment,
  };
}

function refused(error: WireError): Response {
  return { errorCode: errorCode(error), assignment: EMPTY_BYTES };
}

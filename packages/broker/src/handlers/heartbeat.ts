// Heartbeat (api 12): a member says that it lives, and hears whether the group rebalances. Served: 0-4.
//   v3 static members
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { HeartbeatRequest, HeartbeatResponse } from '@moldau/protocol/messages/heartbeat';
import type { BrokerContext, Call } from '../context.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';

export async function heartbeat(
  broker: BrokerContext,
  call: Call,
  request: HeartbeatRequest,
): Promise<InputOf<typeof HeartbeatResponse>> {
  const { groupId, memberId, generationId: generation, groupInstanceId: instanceId } = request;
  if (!may(broker, call, 'READ', 'group', groupId)) return { errorCode: errorCode('GROUP_AUTHORIZATION_FAILED') };
  if (groupId === '') return { errorCode: errorCode('INVALID_GROUP_ID') };
  const answer = await broker.groups.submit({ kind: 'heartbeat', groupId, memberId, instanceId, generation });
  // While the group is being read nothing is known against the member; Kafka lets it go on.
  const loads = isRefusal(answer) && answer.error === 'COORDINATOR_LOAD_IN_PROGRESS';
  return { errorCode: errorCode(loads ? 'NONE' : answer.error) };
}

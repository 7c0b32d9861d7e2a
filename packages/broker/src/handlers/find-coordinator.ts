// FindCoordinator (api 10): which broker coordinates a group or a transaction. Served: 0-6.
//   v1 kinds of key, error message   v4 several keys at once (KIP-699)   v6 share groups (KIP-932)
// The first question for a group makes `__consumer_offsets`; the answer waits for that instead of sending the client away.
// Differs from Kafka: there are no transactions and no share groups here yet, and that is what is answered
// (COORDINATOR_NOT_AVAILABLE, which clients retry until their own time is up).
import type { InputOf } from '@moldau/protocol';
import { errorCode, WIRE_ERRORS, type WireError } from '@moldau/protocol/errors';
import type { FindCoordinatorRequest, FindCoordinatorResponse } from '@moldau/protocol/messages/find-coordinator';
import type { BrokerContext, Call } from '../context.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may, mayInCluster } from './access.ts';

type Response = InputOf<typeof FindCoordinatorResponse>;

const GROUP = 0;
const TRANSACTION = 1;
const SHARE = 2;
const BATCHED_SINCE = 4;
const SHARE_SINCE = 6;
/** A share coordinator's key: group, topic id, partition. */
const shareKeyForm = /^.+:[A-Za-z0-9_-]{22}:\d+$/;

interface Found {
  readonly error: WireError;
  readonly message: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export async function findCoordinator(
  broker: BrokerContext,
  call: Call,
  request: FindCoordinatorRequest,
): Promise<Response> {
  if (call.apiVersion < BATCHED_SINCE) {
    const { error, message, ...place } = await find(broker, call, request.keyType, request.key);
    // Kafka says 'NONE' in words, too.
    return { errorCode: errorCode(error), errorMessage: error === 'NONE' ? 'NONE' : message, ...place };
  }
  const keys = request.coordinatorKeys.map(async (key) => {
    const { error, message, ...place } = await find(broker, call, request.keyType, key);
    return { key, errorCode: errorCode(error), errorMessage: message ?? '', ...place };
  });
  return { coordinators: await Promise.all(keys) };
}

async function find(broker: BrokerContext, call: Call, keyType: number, key: string): Promise<Found> {
  switch (keyType) {
    case GROUP: {
      if (!may(broker, call, 'DESCRIBE', 'group', key)) return refused('GROUP_AUTHORIZATION_FAILED');
      const place = await broker.groups.find(key, call.connection.listener);
      return isRefusal(place) ? refused(place.error, place.detail) : { error: 'NONE', message: null, ...place };
    }
    case TRANSACTION:
      if (!may(broker, call, 'DESCRIBE', 'transactionalId', key))
        return refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
      return refused('COORDINATOR_NOT_AVAILABLE', 'this broker does not coordinate transactions');
    case SHARE:
      if (call.apiVersion < SHARE_SINCE) return refused('INVALID_REQUEST', 'share coordinators are asked for with v6');
      if (!mayInCluster(broker, call, 'CLUSTER_ACTION')) return refused('CLUSTER_AUTHORIZATION_FAILED');
      if (!shareKeyForm.test(key)) return refused('INVALID_REQUEST', 'a share key is group:topicId:partition');
      return refused('COORDINATOR_NOT_AVAILABLE', 'this broker does not coordinate share groups');
    default:
      return refused('INVALID_REQUEST', `there is no kind ${keyType} of coordinator`);
  }
}

function refused(error: WireError, detail?: string): Found {
  return { error, message: detail ?? WIRE_ERRORS[error].message, nodeId: -1, host: '', port: -1 };
}

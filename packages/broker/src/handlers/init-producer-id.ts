// InitProducerId (api 22): gives a producer the id under which its batches are told apart from repeats. Served: 0-5.
//   v3 current id and epoch (KIP-360)   v4 PRODUCER_FENCED   v5 TRANSACTION_ABORTABLE
// COORDINATOR_LOAD_IN_PROGRESS, which every client retries, while no block of ids is to be had from the controller: its own
// reasons (a broker epoch that is over, no controller) are between brokers, and fatal to a client that hears them
// (Kafka's RPCProducerIdManager).
// A producer without transactional id gets a new id and epoch 0 each time it asks. Transactional producers are refused
// with UNSUPPORTED_VERSION, which clients report and do not retry, until transactions are served.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { InitProducerIdRequest, InitProducerIdResponse } from '@moldau/protocol/messages/init-producer-id';
import type { BrokerContext, Call } from '../context.ts';
import { ControllerUnavailable } from '../controller/controller.ts';
import { may, mayProduceIdempotently } from './access.ts';

type Response = InputOf<typeof InitProducerIdResponse>;

export async function initProducerId(
  broker: BrokerContext,
  call: Call,
  request: InitProducerIdRequest,
): Promise<Response> {
  const { transactionalId, producerId, producerEpoch } = request;
  if (transactionalId !== null && !may(broker, call, 'WRITE', 'transactionalId', transactionalId)) {
    return refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  }
  if (transactionalId === null && !mayProduceIdempotently(broker, call)) return refused('CLUSTER_AUTHORIZATION_FAILED');
  if ((producerId === -1) !== (producerEpoch === -1)) return refused('INVALID_REQUEST');
  if (transactionalId === '') return refused('INVALID_REQUEST');
  if (transactionalId !== null) return refused('UNSUPPORTED_VERSION');
  try {
    return { errorCode: 0, producerId: await broker.producerIds.next(), producerEpoch: 0 };
  } catch (error) {
    if (!(error instanceof ControllerUnavailable)) throw error;
    return refused('COORDINATOR_LOAD_IN_PROGRESS');
  }
}

function refused(error: WireError): Response {
  return { errorCode: errorCode(error), producerId: -1, producerEpoch: -1 };
}

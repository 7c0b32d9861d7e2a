// AllocateProducerIds (api 67): a broker gets a block of producer ids from the controller (KIP-730). Between brokers only.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
} from '@moldau/protocol/messages/allocate-producer-ids';
import type { BrokerContext, Call } from '../context.ts';

type Response = InputOf<typeof AllocateProducerIdsResponse>;

export async function allocateProducerIds(
  broker: BrokerContext,
  _call: Call,
  { brokerId, brokerEpoch }: AllocateProducerIdsRequest,
): Promise<Response> {
  const controller = broker.controller.local;
  if (!controller) return refused('NOT_CONTROLLER');
  if (broker.image().broker(brokerId)?.brokerEpoch !== brokerEpoch) return refused('STALE_BROKER_EPOCH');
  const { first, count } = await controller.allocateProducerIds(brokerId);
  return { errorCode: 0, producerIdStart: first, producerIdLen: count };
}

function refused(error: WireError): Response {
  return { errorCode: errorCode(error), producerIdStart: -1, producerIdLen: 0 };
}

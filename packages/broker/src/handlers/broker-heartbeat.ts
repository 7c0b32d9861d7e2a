// BrokerHeartbeat (api 63): a broker tells the controller how far it has applied the metadata, and that it wants to stop
// (KIP-631). Between brokers only. Whether a broker lives is the metadata engine's word, not this request's.
// Differs from Kafka: log directories are not told one by one; a broker names cordoned ones (v2) when all it has are so. A broker is unfenced by its registration, since it registers only when it is ready to serve.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { BrokerHeartbeatRequest, BrokerHeartbeatResponse } from '@moldau/protocol/messages/broker-heartbeat';
import type { BrokerContext, Call } from '../context.ts';

type Response = InputOf<typeof BrokerHeartbeatResponse>;

export async function brokerHeartbeat(
  broker: BrokerContext,
  _call: Call,
  request: BrokerHeartbeatRequest,
): Promise<Response> {
  const { brokerId, brokerEpoch, currentMetadataOffset, wantShutDown, cordonedLogDirs } = request;
  const controller = broker.controller.local;
  if (!controller) return refused('NOT_CONTROLLER');
  const known = broker.image().broker(brokerId);
  if (known?.brokerEpoch !== brokerEpoch) return refused('STALE_BROKER_EPOCH');
  broker.controller.reported(brokerId, brokerEpoch, currentMetadataOffset);
  const cordoned = cordonedLogDirs !== null && cordonedLogDirs.length > 0;
  if (known.cordoned !== cordoned) {
    // The heartbeat is not held up by it; what could not be kept is told again with the next one.
    controller.cordon({ brokerId, brokerEpoch }, cordoned).catch(() => {});
  }
  const shouldShutDown = wantShutDown && (await controller.beginShutdown({ brokerId, brokerEpoch }));
  return {
    errorCode: 0,
    isCaughtUp: currentMetadataOffset >= broker.image().offset,
    isFenced: known.fenced,
    shouldShutDown,
  };
}

function refused(error: WireError): Response {
  return { errorCode: errorCode(error), shouldShutDown: false };
}

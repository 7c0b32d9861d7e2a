// UnregisterBroker (api 64): forgets a broker that is gone for good (KIP-631). Served: 0. One that lives registers again.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { UnregisterBrokerRequest, UnregisterBrokerResponse } from '@moldau/protocol/messages/unregister-broker';
import type { BrokerContext, Call } from '../context.ts';

export async function unregisterBroker(
  broker: BrokerContext,
  _call: Call,
  { brokerId }: UnregisterBrokerRequest,
): Promise<InputOf<typeof UnregisterBrokerResponse>> {
  const known = await broker.controller.here().unregister(brokerId);
  if (known) return { errorCode: 0, errorMessage: null };
  return {
    errorCode: errorCode('BROKER_ID_NOT_REGISTERED'),
    errorMessage: `Broker ID ${brokerId} is not currently registered`,
  };
}

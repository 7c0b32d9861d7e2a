// UnregisterBroker (api 64): removes the registration of a broker (KIP-631).
import { int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const UnregisterBrokerRequest = request({
  api: 64,
  name: 'UnregisterBroker',
  versions: '0',
  flexible: '0+',
  fields: { brokerId: int32() },
});
export type UnregisterBrokerRequest = MessageOf<typeof UnregisterBrokerRequest>;

export const UnregisterBrokerResponse = response({
  api: 64,
  name: 'UnregisterBroker',
  versions: '0',
  flexible: '0+',
  fields: { throttleTimeMs: int32({ default: 0 }), errorCode: int16(), errorMessage: string({ nullable: '0+' }) },
});
export type UnregisterBrokerResponse = MessageOf<typeof UnregisterBrokerResponse>;

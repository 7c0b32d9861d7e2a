// Envelope (api 58): a broker forwards the request of a client to the controller (KIP-590).
import { bytes, int16 } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const EnvelopeRequest = request({
  api: 58,
  name: 'Envelope',
  versions: '0',
  flexible: '0+',
  fields: { requestData: bytes(), requestPrincipal: bytes({ nullable: '0+' }), clientHostAddress: bytes() },
});
export type EnvelopeRequest = MessageOf<typeof EnvelopeRequest>;

export const EnvelopeResponse = response({
  api: 58,
  name: 'Envelope',
  versions: '0',
  flexible: '0+',
  fields: { responseData: bytes({ nullable: '0+', default: null }), errorCode: int16() },
});
export type EnvelopeResponse = MessageOf<typeof EnvelopeResponse>;

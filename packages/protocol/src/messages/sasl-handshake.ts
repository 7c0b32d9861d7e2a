// SaslHandshake (api 17): which SASL mechanism comes next.
//   v1  the tokens that follow travel in SaslAuthenticate
// Old clients choose the version badly, so this API stays as it is (KAFKA-9577).
import { array, int16, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const SaslHandshakeRequest = request({
  api: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexible: 'none',
  fields: { mechanism: string() },
});
export type SaslHandshakeRequest = MessageOf<typeof SaslHandshakeRequest>;

export const SaslHandshakeResponse = response({
  api: 17,
  name: 'SaslHandshake',
  versions: '0-1',
  flexible: 'none',
  fields: { errorCode: int16(), mechanisms: array(string()) },
});
export type SaslHandshakeResponse = MessageOf<typeof SaslHandshakeResponse>;

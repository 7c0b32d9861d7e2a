// SaslAuthenticate (api 36): carries the tokens of a SASL exchange.
//   v1  how long the session lasts (KIP-368)
//   v2  flexible
import { bytes, int16, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const SaslAuthenticateRequest = request({
  api: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexible: '2+',
  fields: { authBytes: bytes({ secret: true }) },
});
export type SaslAuthenticateRequest = MessageOf<typeof SaslAuthenticateRequest>;

export const SaslAuthenticateResponse = response({
  api: 36,
  name: 'SaslAuthenticate',
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    authBytes: bytes({ secret: true }),
    sessionLifetimeMs: int64({ versions: '1+', default: 0, ignorable: true }),
  },
});
export type SaslAuthenticateResponse = MessageOf<typeof SaslAuthenticateResponse>;

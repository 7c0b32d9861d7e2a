// RenewDelegationToken (api 39): lets a delegation token live longer.
//   v1  oldest version served
//   v2  flexible
import { bytes, int16, int32, int64 } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const RenewDelegationTokenRequest = request({
  api: 39,
  name: 'RenewDelegationToken',
  versions: '1-2',
  flexible: '2+',
  fields: { hmac: bytes({ secret: true }), renewPeriodMs: int64() },
});
export type RenewDelegationTokenRequest = MessageOf<typeof RenewDelegationTokenRequest>;

export const RenewDelegationTokenResponse = response({
  api: 39,
  name: 'RenewDelegationToken',
  versions: '1-2',
  flexible: '2+',
  fields: { errorCode: int16(), expiryTimestampMs: int64(), throttleTimeMs: int32({ default: 0 }) },
});
export type RenewDelegationTokenResponse = MessageOf<typeof RenewDelegationTokenResponse>;

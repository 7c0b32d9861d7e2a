// ExpireDelegationToken (api 40): ends a delegation token.
//   v1  oldest version served
//   v2  flexible
import { bytes, int16, int32, int64 } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ExpireDelegationTokenRequest = request({
  api: 40,
  name: 'ExpireDelegationToken',
  versions: '1-2',
  flexible: '2+',
  fields: { hmac: bytes({ secret: true }), expiryTimePeriodMs: int64() },
});
export type ExpireDelegationTokenRequest = MessageOf<typeof ExpireDelegationTokenRequest>;

export const ExpireDelegationTokenResponse = response({
  api: 40,
  name: 'ExpireDelegationToken',
  versions: '1-2',
  flexible: '2+',
  fields: { errorCode: int16(), expiryTimestampMs: int64(), throttleTimeMs: int32({ default: 0 }) },
});
export type ExpireDelegationTokenResponse = MessageOf<typeof ExpireDelegationTokenResponse>;

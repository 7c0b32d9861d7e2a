// CreateDelegationToken (api 38): issues a delegation token.
//   v1  oldest version served
//   v2  flexible
//   v3  an owner other than the requester (KIP-373)
import { array, bytes, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const CreateDelegationTokenRequest = request({
  api: 38,
  name: 'CreateDelegationToken',
  versions: '1-3',
  flexible: '2+',
  fields: {
    ownerPrincipalType: string({ versions: '3+', nullable: '0+' }),
    ownerPrincipalName: string({ versions: '3+', nullable: '0+' }),
    renewers: array({ principalType: string(), principalName: string() }),
    maxLifetimeMs: int64(),
  },
});
export type CreateDelegationTokenRequest = MessageOf<typeof CreateDelegationTokenRequest>;

export const CreateDelegationTokenResponse = response({
  api: 38,
  name: 'CreateDelegationToken',
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string({ versions: '3+' }),
    tokenRequesterPrincipalName: string({ versions: '3+' }),
    issueTimestampMs: int64(),
    expiryTimestampMs: int64(),
    maxTimestampMs: int64(),
    tokenId: string(),
    hmac: bytes({ secret: true }),
    throttleTimeMs: int32({ default: 0 }),
  },
});
export type CreateDelegationTokenResponse = MessageOf<typeof CreateDelegationTokenResponse>;

// DescribeDelegationToken (api 41): the delegation tokens one may see.
//   v1  oldest version served
//   v2  flexible
//   v3  requester of a token (KIP-373)
import { array, bytes, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeDelegationTokenRequest = request({
  api: 41,
  name: 'DescribeDelegationToken',
  versions: '1-3',
  flexible: '2+',
  fields: { owners: array({ principalType: string(), principalName: string() }, { nullable: '0+' }) },
});
export type DescribeDelegationTokenRequest = MessageOf<typeof DescribeDelegationTokenRequest>;

export const DescribeDelegationTokenResponse = response({
  api: 41,
  name: 'DescribeDelegationToken',
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    tokens: array({
      principalType: string(),
      principalName: string(),
      tokenRequesterPrincipalType: string({ versions: '3+' }),
      tokenRequesterPrincipalName: string({ versions: '3+' }),
      issueTimestamp: int64(),
      expiryTimestamp: int64(),
      maxTimestamp: int64(),
      tokenId: string(),
      hmac: bytes({ secret: true }),
      renewers: array({ principalType: string(), principalName: string() }),
    }),
    throttleTimeMs: int32({ default: 0 }),
  },
});
export type DescribeDelegationTokenResponse = MessageOf<typeof DescribeDelegationTokenResponse>;

// DescribeUserScramCredentials (api 50): which SCRAM mechanisms users have (KIP-554).
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeUserScramCredentialsRequest = request({
  api: 50,
  name: 'DescribeUserScramCredentials',
  versions: '0',
  flexible: '0+',
  fields: { users: array({ name: string() }, { nullable: '0+' }) },
});
export type DescribeUserScramCredentialsRequest = MessageOf<typeof DescribeUserScramCredentialsRequest>;

export const DescribeUserScramCredentialsResponse = response({
  api: 50,
  name: 'DescribeUserScramCredentials',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array({
      user: string(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      credentialInfos: array({ mechanism: int8(), iterations: int32() }),
    }),
  },
});
export type DescribeUserScramCredentialsResponse = MessageOf<typeof DescribeUserScramCredentialsResponse>;

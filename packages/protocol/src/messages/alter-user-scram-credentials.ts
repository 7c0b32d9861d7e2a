// AlterUserScramCredentials (api 51): sets and deletes SCRAM credentials (KIP-554).
import { array, bytes, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterUserScramCredentialsRequest = request({
  api: 51,
  name: 'AlterUserScramCredentials',
  versions: '0',
  flexible: '0+',
  fields: {
    deletions: array({ name: string(), mechanism: int8() }),
    upsertions: array({
      name: string(),
      mechanism: int8(),
      iterations: int32(),
      salt: bytes({ secret: true }),
      saltedPassword: bytes({ secret: true }),
    }),
  },
});
export type AlterUserScramCredentialsRequest = MessageOf<typeof AlterUserScramCredentialsRequest>;

export const AlterUserScramCredentialsResponse = response({
  api: 51,
  name: 'AlterUserScramCredentials',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ user: string(), errorCode: int16(), errorMessage: string({ nullable: '0+' }) }),
  },
});
export type AlterUserScramCredentialsResponse = MessageOf<typeof AlterUserScramCredentialsResponse>;

// AddRaftVoter (api 80): adds a voter to the KRaft quorum (KIP-853).
//   v1  the answer may wait for the commit
import { array, bool, int16, int32, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AddRaftVoterRequest = request({
  api: 80,
  name: 'AddRaftVoter',
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: string({ nullable: '0+' }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({ name: string(), host: string(), port: uint16() }),
    ackWhenCommitted: bool({ versions: '1+', default: true }),
  },
});
export type AddRaftVoterRequest = MessageOf<typeof AddRaftVoterRequest>;

export const AddRaftVoterResponse = response({
  api: 80,
  name: 'AddRaftVoter',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
});
export type AddRaftVoterResponse = MessageOf<typeof AddRaftVoterResponse>;

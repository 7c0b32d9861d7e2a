// RemoveRaftVoter (api 81): removes a voter from the KRaft quorum (KIP-853).
import { int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const RemoveRaftVoterRequest = request({
  api: 81,
  name: 'RemoveRaftVoter',
  versions: '0',
  flexible: '0+',
  fields: { clusterId: string({ nullable: '0+' }), voterId: int32(), voterDirectoryId: uuid() },
});
export type RemoveRaftVoterRequest = MessageOf<typeof RemoveRaftVoterRequest>;

export const RemoveRaftVoterResponse = response({
  api: 81,
  name: 'RemoveRaftVoter',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
});
export type RemoveRaftVoterResponse = MessageOf<typeof RemoveRaftVoterResponse>;

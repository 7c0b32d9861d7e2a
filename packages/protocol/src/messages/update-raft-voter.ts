// UpdateRaftVoter (api 82): a voter of the KRaft quorum changes its addresses or versions (KIP-853).
import { array, int16, int32, string, struct, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const UpdateRaftVoterRequest = request({
  api: 82,
  name: 'UpdateRaftVoter',
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: string({ nullable: '0+' }),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array({ name: string(), host: string(), port: uint16() }),
    kRaftVersionFeature: struct({ minSupportedVersion: int16(), maxSupportedVersion: int16() }),
  },
});
export type UpdateRaftVoterRequest = MessageOf<typeof UpdateRaftVoterRequest>;

export const UpdateRaftVoterResponse = response({
  api: 82,
  name: 'UpdateRaftVoter',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    currentLeader: struct(
      { leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }), host: string(), port: int32() },
      { tag: 0 },
    ),
  },
});
export type UpdateRaftVoterResponse = MessageOf<typeof UpdateRaftVoterResponse>;

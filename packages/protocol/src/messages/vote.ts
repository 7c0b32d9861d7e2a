// Vote (api 52): a KRaft replica asks for votes.
//   v1  voter key and directory id (KIP-853)
//   v2  pre-vote (KIP-996)
import { array, bool, int16, int32, int64, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const VoteRequest = request({
  api: 52,
  name: 'Vote',
  versions: '0-2',
  flexible: '0+',
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        replicaEpoch: int32(),
        replicaId: int32(),
        replicaDirectoryId: uuid({ versions: '1+', ignorable: true }),
        voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
        lastOffsetEpoch: int32(),
        lastOffset: int64(),
        preVote: bool({ versions: '2+' }),
      }),
    }),
  },
});
export type VoteRequest = MessageOf<typeof VoteRequest>;

export const VoteResponse = response({
  api: 52,
  name: 'Vote',
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: int16(),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
        voteGranted: bool(),
      }),
    }),
    nodeEndpoints: array({ nodeId: int32(), host: string(), port: uint16() }, { versions: '1+', tag: 0 }),
  },
});
export type VoteResponse = MessageOf<typeof VoteResponse>;

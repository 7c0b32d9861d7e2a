// BeginQuorumEpoch (api 53): a new KRaft leader announces itself.
//   v1  flexible; voter key, addresses of the leader (KIP-853)
import { array, int16, int32, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const BeginQuorumEpochRequest = request({
  api: 53,
  name: 'BeginQuorumEpoch',
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
        leaderId: int32(),
        leaderEpoch: int32(),
      }),
    }),
    leaderEndpoints: array({ name: string(), host: string(), port: uint16() }, { versions: '1+', ignorable: true }),
  },
});
export type BeginQuorumEpochRequest = MessageOf<typeof BeginQuorumEpochRequest>;

export const BeginQuorumEpochResponse = response({
  api: 53,
  name: 'BeginQuorumEpoch',
  versions: '0-1',
  flexible: '1+',
  fields: {
    errorCode: int16(),
    topics: array({
      topicName: string(),
      partitions: array({ partitionIndex: int32(), errorCode: int16(), leaderId: int32(), leaderEpoch: int32() }),
    }),
    nodeEndpoints: array({ nodeId: int32(), host: string(), port: uint16() }, { versions: '1+', tag: 0 }),
  },
});
export type BeginQuorumEpochResponse = MessageOf<typeof BeginQuorumEpochResponse>;

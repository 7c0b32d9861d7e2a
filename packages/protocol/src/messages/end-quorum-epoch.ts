// EndQuorumEpoch (api 54): a KRaft leader steps down.
//   v1  flexible; preferred candidates, addresses of the leader (KIP-853)
import { array, int16, int32, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const EndQuorumEpochRequest = request({
  api: 54,
  name: 'EndQuorumEpoch',
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32(),
        preferredSuccessors: array(int32(), { versions: '0', ignorable: true }),
        preferredCandidates: array(
          { candidateId: int32(), candidateDirectoryId: uuid() },
          { versions: '1+', ignorable: true },
        ),
      }),
    }),
    leaderEndpoints: array({ name: string(), host: string(), port: uint16() }, { versions: '1+', ignorable: true }),
  },
});
export type EndQuorumEpochRequest = MessageOf<typeof EndQuorumEpochRequest>;

export const EndQuorumEpochResponse = response({
  api: 54,
  name: 'EndQuorumEpoch',
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
export type EndQuorumEpochResponse = MessageOf<typeof EndQuorumEpochResponse>;

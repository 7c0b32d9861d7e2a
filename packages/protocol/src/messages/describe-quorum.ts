// DescribeQuorum (api 55): state of the KRaft quorum.
//   v1  fetch and caught-up times of replicas (KIP-836)
//   v2  nodes, messages, directory ids (KIP-853)
import { array, int16, int32, int64, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeQuorumRequest = request({
  api: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: '0+',
  fields: { topics: array({ topicName: string(), partitions: array({ partitionIndex: int32() }) }) },
});
export type DescribeQuorumRequest = MessageOf<typeof DescribeQuorumRequest>;

const ReplicaState = {
  replicaId: int32(),
  replicaDirectoryId: uuid({ versions: '2+' }),
  logEndOffset: int64(),
  lastFetchTimestamp: int64({ versions: '1+', default: -1, ignorable: true }),
  lastCaughtUpTimestamp: int64({ versions: '1+', default: -1, ignorable: true }),
};

export const DescribeQuorumResponse = response({
  api: 55,
  name: 'DescribeQuorum',
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: int16(),
    errorMessage: string({ versions: '2+', nullable: '0+', ignorable: true }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ versions: '2+', nullable: '0+', ignorable: true }),
        leaderId: int32(),
        leaderEpoch: int32(),
        highWatermark: int64(),
        currentVoters: array(ReplicaState),
        observers: array(ReplicaState),
      }),
    }),
    nodes: array(
      { nodeId: int32(), listeners: array({ name: string(), host: string(), port: uint16() }) },
      { versions: '2+' },
    ),
  },
});
export type DescribeQuorumResponse = MessageOf<typeof DescribeQuorumResponse>;

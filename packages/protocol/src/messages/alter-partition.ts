// AlterPartition (api 56): a leader asks the controller to change its in-sync set (KIP-497).
//   v2  oldest version served: topics by id (KIP-841)
//   v3  in-sync replicas with their broker epochs (KIP-903)
import { array, int8, int16, int32, int64, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterPartitionRequest = request({
  api: 56,
  name: 'AlterPartition',
  versions: '2-3',
  flexible: '0+',
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    topics: array({
      topicId: uuid({ ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        leaderEpoch: int32(),
        newIsr: array(int32(), { versions: '2' }),
        newIsrWithEpochs: array({ brokerId: int32(), brokerEpoch: int64({ default: -1 }) }, { versions: '3+' }),
        leaderRecoveryState: int8({ default: 0 }),
        partitionEpoch: int32(),
      }),
    }),
  },
});
export type AlterPartitionRequest = MessageOf<typeof AlterPartitionRequest>;

export const AlterPartitionResponse = response({
  api: 56,
  name: 'AlterPartition',
  versions: '2-3',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    topics: array({
      topicId: uuid({ ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        leaderId: int32(),
        leaderEpoch: int32(),
        isr: array(int32()),
        leaderRecoveryState: int8({ default: 0, ignorable: true }),
        partitionEpoch: int32(),
      }),
    }),
  },
});
export type AlterPartitionResponse = MessageOf<typeof AlterPartitionResponse>;

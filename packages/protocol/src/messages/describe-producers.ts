// DescribeProducers (api 61): the producers with state in a partition (KIP-664).
import { array, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeProducersRequest = request({
  api: 61,
  name: 'DescribeProducers',
  versions: '0',
  flexible: '0+',
  fields: { topics: array({ name: string(), partitionIndexes: array(int32()) }) },
});
export type DescribeProducersRequest = MessageOf<typeof DescribeProducersRequest>;

export const DescribeProducersResponse = response({
  api: 61,
  name: 'DescribeProducers',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        activeProducers: array({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: int64({ default: -1 }),
          coordinatorEpoch: int32(),
          currentTxnStartOffset: int64({ default: -1 }),
        }),
      }),
    }),
  },
});
export type DescribeProducersResponse = MessageOf<typeof DescribeProducersResponse>;

// DescribeTransactions (api 65): state of transactional ids (KIP-664).
import { array, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeTransactionsRequest = request({
  api: 65,
  name: 'DescribeTransactions',
  versions: '0',
  flexible: '0+',
  fields: { transactionalIds: array(string()) },
});
export type DescribeTransactionsRequest = MessageOf<typeof DescribeTransactionsRequest>;

export const DescribeTransactionsResponse = response({
  api: 65,
  name: 'DescribeTransactions',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    transactionStates: array({
      errorCode: int16(),
      transactionalId: string(),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      transactionStartTimeMs: int64(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: array({ topic: string(), partitions: array(int32()) }),
    }),
  },
});
export type DescribeTransactionsResponse = MessageOf<typeof DescribeTransactionsResponse>;

// AddPartitionsToTxn (api 24): adds partitions to a transaction, or checks that they are in it.
//   v2  PRODUCER_FENCED may be answered
//   v3  flexible; the last version that clients send
//   v4  for brokers: many transactions, verify only, error for the whole answer (KIP-890)
//   v5  TRANSACTION_ABORTABLE may be answered (KIP-890)
import { array, bool, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

const AddPartitionsToTxnTopic = { name: string(), partitions: array(int32()) };

export const AddPartitionsToTxnRequest = request({
  api: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactions: array(
      {
        transactionalId: string(),
        producerId: int64(),
        producerEpoch: int16(),
        verifyOnly: bool({ default: false }),
        topics: array(AddPartitionsToTxnTopic),
      },
      { versions: '4+' },
    ),
    v3AndBelowTransactionalId: string({ versions: '0-3' }),
    v3AndBelowProducerId: int64({ versions: '0-3' }),
    v3AndBelowProducerEpoch: int16({ versions: '0-3' }),
    v3AndBelowTopics: array(AddPartitionsToTxnTopic, { versions: '0-3' }),
  },
});
export type AddPartitionsToTxnRequest = MessageOf<typeof AddPartitionsToTxnRequest>;

const AddPartitionsToTxnPartitionResult = { partitionIndex: int32(), partitionErrorCode: int16() };

const AddPartitionsToTxnTopicResult = { name: string(), resultsByPartition: array(AddPartitionsToTxnPartitionResult) };

export const AddPartitionsToTxnResponse = response({
  api: 24,
  name: 'AddPartitionsToTxn',
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '4+', ignorable: true }),
    resultsByTransaction: array(
      { transactionalId: string(), topicResults: array(AddPartitionsToTxnTopicResult) },
      { versions: '4+' },
    ),
    resultsByTopicV3AndBelow: array(AddPartitionsToTxnTopicResult, { versions: '0-3' }),
  },
});
export type AddPartitionsToTxnResponse = MessageOf<typeof AddPartitionsToTxnResponse>;

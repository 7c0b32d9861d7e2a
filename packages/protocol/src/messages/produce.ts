// Produce (api 0): a client appends record batches to partitions it believes this broker leads.
//   v3   oldest version served: record batches of magic 2, transactional id
//   v4   KAFKA_STORAGE_ERROR may be answered
//   v5   the answer names the log start offset
//   v7   batches may be compressed with zstd (KIP-110)
//   v8   the answer says which records spoiled a batch, and why (KIP-467)
//   v9   flexible
//   v10  the answer carries the new leader and its address after a refusal (KIP-951)
//   v11  TRANSACTION_ABORTABLE may be answered (KIP-890)
//   v12  producing in a transaction adds the partition to it (KIP-890, transaction.version 2)
//   v13  topics by id in place of name (KIP-516)
// Versions 0-2 are advertised all the same: older librdkafka stops compressing otherwise (KAFKA-18659).
import { array, int16, int32, int64, records, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ProduceRequest = request({
  api: 0,
  name: 'Produce',
  versions: '3-13',
  flexible: '9+',
  fields: {
    transactionalId: string({ nullable: '0+', default: null }),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array({
      name: string({ versions: '3-12', ignorable: true }),
      topicId: uuid({ versions: '13+', ignorable: true }),
      partitionData: array({ index: int32(), records: records({ nullable: '0+' }) }),
    }),
  },
});
export type ProduceRequest = MessageOf<typeof ProduceRequest>;

export const ProduceResponse = response({
  api: 0,
  name: 'Produce',
  versions: '3-13',
  flexible: '9+',
  fields: {
    responses: array({
      name: string({ versions: '3-12', ignorable: true }),
      topicId: uuid({ versions: '13+', ignorable: true }),
      partitionResponses: array({
        index: int32(),
        errorCode: int16(),
        baseOffset: int64(),
        logAppendTimeMs: int64({ default: -1, ignorable: true }),
        logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
        recordErrors: array(
          { batchIndex: int32(), batchIndexErrorMessage: string({ nullable: '0+', default: null }) },
          { versions: '8+', ignorable: true },
        ),
        errorMessage: string({ versions: '8+', nullable: '0+', default: null, ignorable: true }),
        currentLeader: struct(
          { leaderId: int32({ default: -1 }), leaderEpoch: int32({ default: -1 }) },
          { versions: '10+', tag: 0 },
        ),
      }),
    }),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    nodeEndpoints: array(
      { nodeId: int32(), host: string(), port: int32(), rack: string({ nullable: '0+', default: null }) },
      { versions: '10+', tag: 0 },
    ),
  },
});
export type ProduceResponse = MessageOf<typeof ProduceResponse>;

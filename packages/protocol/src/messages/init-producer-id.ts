// InitProducerId (api 22): gives a producer its id and epoch, and fences older ones of the same transactional id.
//   v2  flexible
//   v3  a producer may ask to go on with the id it has (KIP-360)
//   v4  PRODUCER_FENCED may be answered
//   v5  TRANSACTION_ABORTABLE may be answered (KIP-890)
//   v6  two-phase commit (KIP-939); not stable yet
import { bool, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const InitProducerIdRequest = request({
  api: 22,
  name: 'InitProducerId',
  versions: '0-6',
  newestUnstable: true,
  flexible: '2+',
  fields: {
    transactionalId: string({ nullable: '0+' }),
    transactionTimeoutMs: int32(),
    producerId: int64({ versions: '3+', default: -1 }),
    producerEpoch: int16({ versions: '3+', default: -1 }),
    enable2Pc: bool({ versions: '6+', default: false }),
    keepPreparedTxn: bool({ versions: '6+', default: false }),
  },
});
export type InitProducerIdRequest = MessageOf<typeof InitProducerIdRequest>;

export const InitProducerIdResponse = response({
  api: 22,
  name: 'InitProducerId',
  versions: '0-6',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    errorCode: int16(),
    producerId: int64({ default: -1 }),
    producerEpoch: int16(),
    ongoingTxnProducerId: int64({ versions: '6+', default: -1 }),
    ongoingTxnProducerEpoch: int16({ versions: '6+', default: -1 }),
  },
});
export type InitProducerIdResponse = MessageOf<typeof InitProducerIdResponse>;

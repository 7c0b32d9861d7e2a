// EndTxn (api 26): commits or aborts a transaction.
//   v2  PRODUCER_FENCED may be answered
//   v3  flexible
//   v4  TRANSACTION_ABORTABLE may be answered (KIP-890)
//   v5  the epoch grows with every transaction, the answer carries it (KIP-890)
import { bool, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const EndTxnRequest = request({
  api: 26,
  name: 'EndTxn',
  versions: '0-5',
  flexible: '3+',
  fields: { transactionalId: string(), producerId: int64(), producerEpoch: int16(), committed: bool() },
});
export type EndTxnRequest = MessageOf<typeof EndTxnRequest>;

export const EndTxnResponse = response({
  api: 26,
  name: 'EndTxn',
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerId: int64({ versions: '5+', default: -1, ignorable: true }),
    producerEpoch: int16({ versions: '5+', default: -1, ignorable: true }),
  },
});
export type EndTxnResponse = MessageOf<typeof EndTxnResponse>;

// AddOffsetsToTxn (api 25): adds the offsets of a group to a transaction.
//   v2  PRODUCER_FENCED may be answered
//   v3  flexible
//   v4  TRANSACTION_ABORTABLE may be answered (KIP-890)
import { int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AddOffsetsToTxnRequest = request({
  api: 25,
  name: 'AddOffsetsToTxn',
  versions: '0-4',
  flexible: '3+',
  fields: { transactionalId: string(), producerId: int64(), producerEpoch: int16(), groupId: string() },
});
export type AddOffsetsToTxnRequest = MessageOf<typeof AddOffsetsToTxnRequest>;

export const AddOffsetsToTxnResponse = response({
  api: 25,
  name: 'AddOffsetsToTxn',
  versions: '0-4',
  flexible: '3+',
  fields: { throttleTimeMs: int32({ default: 0 }), errorCode: int16() },
});
export type AddOffsetsToTxnResponse = MessageOf<typeof AddOffsetsToTxnResponse>;

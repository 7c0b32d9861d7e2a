// TxnOffsetCommit (api 28): commits offsets of a group as part of a transaction.
//   v2  leader epoch of the offset (KIP-320)
//   v3  flexible; member, instance and generation, checked (KIP-447)
//   v4  TRANSACTION_ABORTABLE may be answered (KIP-890)
//   v5  adds the group to the transaction by itself (KIP-890)
//   v6  topics by id in place of name (KIP-1319)
import { array, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const TxnOffsetCommitRequest = request({
  api: 28,
  name: 'TxnOffsetCommit',
  versions: '0-6',
  flexible: '3+',
  fields: {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationIdOrMemberEpoch: int32({ versions: '3+', default: -1 }),
    memberId: string({ versions: '3+', default: '' }),
    groupInstanceId: string({ versions: '3+', nullable: '0+', default: null }),
    topics: array({
      name: string({ versions: '0-5', ignorable: true }),
      topicId: uuid({ versions: '6+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ versions: '2+', default: -1, ignorable: true }),
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type TxnOffsetCommitRequest = MessageOf<typeof TxnOffsetCommitRequest>;

export const TxnOffsetCommitResponse = response({
  api: 28,
  name: 'TxnOffsetCommit',
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string({ versions: '0-5', ignorable: true }),
      topicId: uuid({ versions: '6+', ignorable: true }),
      partitions: array({ partitionIndex: int32(), errorCode: int16() }),
    }),
  },
});
export type TxnOffsetCommitResponse = MessageOf<typeof TxnOffsetCommitResponse>;

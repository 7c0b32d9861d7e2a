// OffsetCommit (api 8): a consumer stores how far its group has read.
//   v2   oldest version served: with retention time
//   v3   throttle time
//   v5   no retention time any more, the broker decides
//   v6   leader epoch of the committed offset (KIP-320)
//   v7   static members (KIP-345)
//   v8   flexible
//   v9   usable by the new consumer protocol: STALE_MEMBER_EPOCH, GROUP_ID_NOT_FOUND (KIP-848)
//   v10  topics by id in place of name (KIP-848)
import { array, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const OffsetCommitRequest = request({
  api: 8,
  name: 'OffsetCommit',
  versions: '2-10',
  flexible: '8+',
  fields: {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ default: -1, ignorable: true }),
    memberId: string({ ignorable: true }),
    groupInstanceId: string({ versions: '7+', nullable: '0+', default: null }),
    retentionTimeMs: int64({ versions: '2-4', default: -1, ignorable: true }),
    topics: array({
      name: string({ versions: '2-9', ignorable: true }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32({ versions: '6+', default: -1, ignorable: true }),
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
});
export type OffsetCommitRequest = MessageOf<typeof OffsetCommitRequest>;

export const OffsetCommitResponse = response({
  api: 8,
  name: 'OffsetCommit',
  versions: '2-10',
  flexible: '8+',
  fields: {
    throttleTimeMs: int32({ versions: '3+', default: 0, ignorable: true }),
    topics: array({
      name: string({ versions: '2-9', ignorable: true }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      partitions: array({ partitionIndex: int32(), errorCode: int16() }),
    }),
  },
});
export type OffsetCommitResponse = MessageOf<typeof OffsetCommitResponse>;

// OffsetFetch (api 9): how far a group has read.
//   v1   oldest version served: offsets from __consumer_offsets
//   v2   null topics asks for all; an error for the whole group
//   v3   throttle time
//   v5   leader epoch of the committed offset (KIP-320)
//   v6   flexible
//   v7   only stable offsets, on request: UNSTABLE_OFFSET_COMMIT (KIP-447)
//   v8   many groups in one request (KIP-709)
//   v9   member and epoch, checked for the new consumer protocol (KIP-848)
//   v10  topics by id in place of name (KIP-848)
import { array, bool, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const OffsetFetchRequest = request({
  api: 9,
  name: 'OffsetFetch',
  versions: '1-10',
  flexible: '6+',
  fields: {
    groupId: string({ versions: '1-7' }),
    topics: array({ name: string(), partitionIndexes: array(int32()) }, { versions: '1-7', nullable: '2+' }),
    groups: array(
      {
        groupId: string(),
        memberId: string({ versions: '9+', nullable: '0+', default: null, ignorable: true }),
        memberEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
        topics: array(
          {
            name: string({ versions: '8-9', ignorable: true }),
            topicId: uuid({ versions: '10+', ignorable: true }),
            partitionIndexes: array(int32()),
          },
          { nullable: '0+' },
        ),
      },
      { versions: '8+' },
    ),
    requireStable: bool({ versions: '7+', default: false }),
  },
});
export type OffsetFetchRequest = MessageOf<typeof OffsetFetchRequest>;

export const OffsetFetchResponse = response({
  api: 9,
  name: 'OffsetFetch',
  versions: '1-10',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '3+', default: 0, ignorable: true }),
    topics: array(
      {
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          committedOffset: int64(),
          committedLeaderEpoch: int32({ versions: '5+', default: -1, ignorable: true }),
          metadata: string({ nullable: '0+' }),
          errorCode: int16(),
        }),
      },
      { versions: '1-7' },
    ),
    errorCode: int16({ versions: '2-7', default: 0, ignorable: true }),
    groups: array(
      {
        groupId: string(),
        topics: array({
          name: string({ versions: '8-9', ignorable: true }),
          topicId: uuid({ versions: '10+', ignorable: true }),
          partitions: array({
            partitionIndex: int32(),
            committedOffset: int64(),
            committedLeaderEpoch: int32({ default: -1, ignorable: true }),
            metadata: string({ nullable: '0+' }),
            errorCode: int16(),
          }),
        }),
        errorCode: int16({ default: 0 }),
      },
      { versions: '8+' },
    ),
  },
});
export type OffsetFetchResponse = MessageOf<typeof OffsetFetchResponse>;

// OffsetCommit (type 1 of __consumer_offsets): how far a group has read one partition.
import { int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const OffsetCommitKey = recordKey({
  type: 1,
  name: 'OffsetCommitKey',
  versions: '0',
  flexible: 'none',
  fields: { group: string(), topic: string(), partition: int32() },
});
export type OffsetCommitKey = MessageOf<typeof OffsetCommitKey>;

export const OffsetCommitValue = recordValue({
  type: 1,
  name: 'OffsetCommitValue',
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: int64(),
    leaderEpoch: int32({ versions: '3+', default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64(),
    expireTimestamp: int64({ versions: '1', default: -1, ignorable: true }),
    topicId: uuid({ versions: '4+', tag: 0, ignorable: true }),
  },
});
export type OffsetCommitValue = MessageOf<typeof OffsetCommitValue>;

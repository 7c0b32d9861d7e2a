// LegacyOffsetCommit (type 0 of __consumer_offsets): committed offsets as the first Kafka releases wrote them; read, never written.
import { int32, int64, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const LegacyOffsetCommitKey = recordKey({
  type: 0,
  name: 'LegacyOffsetCommitKey',
  versions: '0',
  flexible: 'none',
  fields: { group: string(), topic: string(), partition: int32() },
});
export type LegacyOffsetCommitKey = MessageOf<typeof LegacyOffsetCommitKey>;

export const LegacyOffsetCommitValue = recordValue({
  type: 0,
  name: 'LegacyOffsetCommitValue',
  versions: '0',
  flexible: 'none',
  fields: { offset: int64(), metadata: string(), commitTimestamp: int64() },
});
export type LegacyOffsetCommitValue = MessageOf<typeof LegacyOffsetCommitValue>;

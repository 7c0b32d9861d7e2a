// Values of the control records at both ends of a KRaft snapshot.
import { int16, int64 } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const SnapshotHeaderRecord = data({
  name: 'SnapshotHeaderRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: int16(), lastContainedLogTimestamp: int64() },
});
export type SnapshotHeaderRecord = MessageOf<typeof SnapshotHeaderRecord>;

export const SnapshotFooterRecord = data({
  name: 'SnapshotFooterRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: int16() },
});
export type SnapshotFooterRecord = MessageOf<typeof SnapshotFooterRecord>;

// One entry of a .txnindex file, after an int16 version: an aborted transaction and where the stable part of the log ended.
import { int64 } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const AbortedTxn = data({
  name: 'AbortedTxn',
  versions: '0',
  flexible: 'none',
  fields: { producerId: int64(), firstOffset: int64(), lastOffset: int64(), lastStableOffset: int64() },
});
export type AbortedTxn = MessageOf<typeof AbortedTxn>;

// Key and value of the records that end a transaction: the key holds a version and the kind (0 abort, 1 commit), the value the
// epoch of the coordinator. An int16 version goes before each body.
import { int16, int32 } from '../description/field.ts';
import { data, type MessageOf } from '../description/message.ts';

export const ControlRecordTypeSchema = data({
  name: 'ControlRecordTypeSchema',
  versions: '0',
  flexible: 'none',
  fields: { type: int16() },
});
export type ControlRecordTypeSchema = MessageOf<typeof ControlRecordTypeSchema>;

export const EndTxnMarker = data({
  name: 'EndTxnMarker',
  versions: '0',
  flexible: 'none',
  fields: { coordinatorEpoch: int32() },
});
export type EndTxnMarker = MessageOf<typeof EndTxnMarker>;

// Reads from a batch what producer state goes by.
import {
  baseOffsetOf,
  baseSequenceOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  lastSequenceOf,
  magicOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from '@moldau/protocol/records/batch-header';
import { RecordCursor } from '@moldau/protocol/records/record-cursor';
import type { ProducerBatchFacts } from './producer-state.ts';

/** Types of control records (the second int16 of their key). */
const ABORT = 0;
const COMMIT = 1;
/** A control batch holds one small record. */
const CONTROL_BYTES_MAX = 64 * 1024;

/** Undefined for a batch without producer, and for control records that end no transaction. */
export function producerFactsOf(buffer: Buffer, at: number): ProducerBatchFacts | undefined {
  if (magicOf(buffer, at) !== 2) return undefined;
  const producerId = producerIdOf(buffer, at);
  if (producerId < 0) return undefined;
  let endTransaction: ProducerBatchFacts['endTransaction'];
  if (isControl(buffer, at)) {
    endTransaction = endTransactionOf(buffer, at);
    if (!endTransaction) return undefined;
  }
  return {
    producerId,
    producerEpoch: producerEpochOf(buffer, at),
    baseSequence: baseSequenceOf(buffer, at),
    lastSequence: lastSequenceOf(buffer, at),
    baseOffset: baseOffsetOf(buffer, at),
    lastOffset: lastOffsetOf(buffer, at),
    maxTimestamp: maxTimestampOf(buffer, at),
    transactional: isTransactional(buffer, at),
    endTransaction,
  };
}

/** The outcome that a control batch carries; undefined when its transaction was compacted away or it is another type. */
function endTransactionOf(buffer: Buffer, at: number): ProducerBatchFacts['endTransaction'] {
  if (recordCountOf(buffer, at) === 0) return undefined;
  const cursor = new RecordCursor(buffer, at, { decompressedBytesMax: CONTROL_BYTES_MAX });
  if (!cursor.next()) return undefined;
  const key = cursor.key();
  const value = cursor.value();
  if (!key || key.length < 4 || !value || value.length < 6) return undefined;
  const type = key.readInt16BE(2);
  if (type !== ABORT && type !== COMMIT) return undefined;
  return { abort: type === ABORT, coordinatorEpoch: value.readInt32BE(2) };
}

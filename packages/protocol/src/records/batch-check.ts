// What a broker asks of a batch before it takes it. One malformed batch in a log stops followers and consumers for
// ever, so everything that a reader relies on is checked at the door, for uncompressed batches too.
//
// The errors are the ones that Kafka answers in the same situation (ProduceRequest.validateRecords,
// UnifiedLog.analyzeAndValidateRecords, LogValidator): old formats, several batches, bad counts, control batches and
// malformed records are INVALID_RECORD; framing and checksum are CORRUPT_MESSAGE; too large is MESSAGE_TOO_LARGE.
// Stricter than Kafka in four places: bytes after the batch, offset deltas that are not 0, 1, 2, ..., a transactional
// batch without producer id, and a client that sets the delete-horizon bit are INVALID_RECORD.
import { codecOfId } from '../compression/codec.ts';
import { ProtocolError, type WireError } from '../errors.ts';
import { readVarint, readVarlong, type VarintCursor } from '../varint.ts';
import {
  attributesOf,
  BATCH_OVERHEAD,
  baseOffsetOf,
  baseSequenceOf,
  baseTimestampOf,
  batchSizeOf,
  CODEC_MASK,
  CONTROL_BIT,
  computeCrc,
  crcOf,
  DELETE_HORIZON_BIT,
  HEADER_SIZE_UP_TO_MAGIC,
  lastOffsetDeltaOf,
  maxTimestampOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
  TIMESTAMP_TYPE_BIT,
  TRANSACTIONAL_BIT,
} from './batch-header.ts';
import { type UnpackLimits, unpackRecords } from './record-cursor.ts';

export interface BatchRefusal {
  readonly error: WireError;
  /** A sentence for the log and for the error message that newer Produce versions carry. */
  readonly detail: string;
  /** Which records are to blame, where single ones are (Produce v8+). */
  readonly recordErrors?: readonly { readonly batchIndex: number; readonly message: string }[];
}

export interface BatchLimits {
  /** max.message.bytes: the whole batch as it came, in bytes. */
  readonly batchBytesMax: number;
  /**
   * 'client': exactly one batch that fills the bytes, base offset 0, no control records. 'coordinator': as client, but
   * control records may be written. 'replication': one batch at `position`, taken as another broker checked it:
   * framing, magic and CRC only, and more batches may follow.
   */
  readonly origin: 'client' | 'coordinator' | 'replication';
  /** False below Produce v7, where zstd does not exist. Default true. */
  readonly zstdAllowed?: boolean;
}

/** Checks everything that the header says; undefined when the batch is fine. Costs its CRC and little else. */
export function checkBatch(
  buffer: Buffer,
  position: number,
  end: number,
  limits: BatchLimits,
): BatchRefusal | undefined {
  const bytes = end - position;
  if (bytes < HEADER_SIZE_UP_TO_MAGIC) return refuse('INVALID_RECORD', `${bytes} bytes hold no record batch`);
  const size = batchSizeOf(buffer, position);
  const magic = buffer.readInt8(position + 16);
  if (magic < 0 || magic > 2) return refuse('CORRUPT_MESSAGE', `unknown record format (magic ${magic})`);
  if (magic < 2) {
    return refuse(
      'INVALID_RECORD',
      `record format ${magic} is not taken any more; only record batches of format 2 are`,
    );
  }
  if (size < BATCH_OVERHEAD) return refuse('CORRUPT_MESSAGE', `a record batch of ${size} bytes is impossible`);
  if (size > limits.batchBytesMax) {
    return refuse('MESSAGE_TOO_LARGE', `record batch of ${size} bytes, at most ${limits.batchBytesMax} are allowed`);
  }
  if (size > bytes) {
    // Kafka's reader of a request sees no batch at all in these bytes; that of a log sees a damaged one.
    const error = limits.origin === 'replication' ? 'CORRUPT_MESSAGE' : 'INVALID_RECORD';
    return refuse(error, `record batch of ${size} bytes cut off after ${bytes}`);
  }
  const computed = computeCrc(buffer, position);
  if (computed !== crcOf(buffer, position)) {
    return refuse('CORRUPT_MESSAGE', `record batch is corrupt: CRC ${computed}, stored ${crcOf(buffer, position)}`);
  }
  if (limits.origin === 'replication') return undefined;

  if (size !== bytes)
    return refuse('INVALID_RECORD', `${bytes - size} bytes follow the record batch; exactly one is allowed`);
  const baseOffset = baseOffsetOf(buffer, position);
  if (baseOffset !== 0) return refuse('INVALID_RECORD', `base offset ${baseOffset} of a new batch, must be 0`);
  const attributes = attributesOf(buffer, position);
  const codec = codecOfId(attributes & CODEC_MASK);
  if (codec === undefined || (codec === 'zstd' && limits.zstdAllowed === false)) {
    return refuse('UNSUPPORTED_COMPRESSION_TYPE', `compression codec ${attributes & CODEC_MASK} is not supported here`);
  }
  const lastOffsetDelta = lastOffsetDeltaOf(buffer, position);
  const count = recordCountOf(buffer, position);
  if (lastOffsetDelta < 0) return refuse('INVALID_RECORD', `last offset delta ${lastOffsetDelta}`);
  if (count <= 0 || count !== lastOffsetDelta + 1) {
    return refuse('INVALID_RECORD', `${count} records do not fit a last offset delta of ${lastOffsetDelta}`);
  }
  if (attributes & CONTROL_BIT && limits.origin === 'client') {
    return refuse('INVALID_RECORD', 'clients are not allowed to write control records');
  }
  if (attributes & DELETE_HORIZON_BIT) return refuse('INVALID_RECORD', 'only compaction sets a delete horizon');
  if (attributes & TIMESTAMP_TYPE_BIT && limits.origin === 'client') {
    return refuse('INVALID_TIMESTAMP', 'only a broker sets the timestamp type LogAppendTime');
  }
  if (!isTime(baseTimestampOf(buffer, position)) || !isTime(maxTimestampOf(buffer, position))) {
    return refuse('INVALID_TIMESTAMP', 'timestamps must be -1 or within 0 and 2^53 milliseconds');
  }
  const producerId = producerIdOf(buffer, position);
  if (producerId >= 0) {
    if (!Number.isSafeInteger(producerId)) return refuse('INVALID_RECORD', `producer id beyond 2^53`);
    if (producerEpochOf(buffer, position) < 0) {
      return refuse('INVALID_RECORD', `producer epoch ${producerEpochOf(buffer, position)} of producer ${producerId}`);
    }
    if (baseSequenceOf(buffer, position) < 0 && !(attributes & CONTROL_BIT)) {
      return refuse('INVALID_RECORD', `sequence ${baseSequenceOf(buffer, position)} of producer ${producerId}`);
    }
  } else if (attributes & TRANSACTIONAL_BIT) {
    return refuse('INVALID_RECORD', 'a transactional batch needs a producer id');
  }
  return undefined;
}

export interface RecordLimits extends UnpackLimits {
  /** Compacted topics: a record without key has nothing to be compacted by. */
  readonly keyRequired?: boolean;
  /** Earliest and latest time a record may carry, in milliseconds since the epoch; a time of -1 is always fine. */
  readonly timestampMin?: number;
  readonly timestampMax?: number;
}

export interface RecordFacts {
  /** The greatest time of a record, -1 none: what the batch's header should say and sometimes does not. */
  readonly maxTimestamp: number;
}

const RECORD_ERRORS_MAX = 100;

/**
 * Walks the records themselves: shape, offset deltas, keys, times. For a batch that `checkBatch` passed. An uncompressed
 * one costs some nanoseconds a record; a compressed one must be unpacked, so ask only when the answer matters.
 */
export function checkRecords(
  buffer: Buffer,
  position: number,
  limits: RecordLimits,
): { ok: true; facts: RecordFacts } | { ok: false; refusal: BatchRefusal } {
  const recordErrors: { batchIndex: number; message: string }[] = [];
  let timeIsToBlame = false;
  let maxTimestamp = -1;
  try {
    const records = unpackRecords(buffer, position, limits);
    const walk: VarintCursor = { buffer: records, position: 0, end: records.length };
    const baseTimestamp = baseTimestampOf(buffer, position);
    const count = recordCountOf(buffer, position);
    const timestampMin = limits.timestampMin ?? Number.NEGATIVE_INFINITY;
    const timestampMax = limits.timestampMax ?? Number.POSITIVE_INFINITY;
    for (let index = 0; index < count; index++) {
      const length = readVarint(walk);
      const recordEnd = walk.position + length;
      if (length < 6 || recordEnd > walk.end) throw new ProtocolError(`a record of ${length} bytes`);
      walk.position++;
      const timestamp = baseTimestamp + readVarlong(walk);
      const offsetDelta = readVarint(walk);
      if (offsetDelta !== index) throw new ProtocolError(`offset delta ${offsetDelta} where ${index} is due`);
      const keyLength = readVarint(walk);
      if (keyLength > 0) walk.position += keyLength;
      const valueLength = readVarint(walk);
      if (valueLength > 0) walk.position += valueLength;
      const headerCount = readVarint(walk);
      if (headerCount !== 0) skipHeaders(walk, headerCount, recordEnd);
      if (walk.position !== recordEnd) throw new ProtocolError('key, value and headers do not fill the record');

      if (timestamp > maxTimestamp) maxTimestamp = timestamp;
      let message: string | undefined;
      if (keyLength < 0 && limits.keyRequired) {
        message = 'Compacted topic cannot accept message without key';
      } else if (timestamp !== -1 && (timestamp < timestampMin || timestamp > timestampMax || timestamp < 0)) {
        message = `Timestamp ${timestamp} is out of range`;
        timeIsToBlame = true;
      }
      if (message !== undefined && recordErrors.length < RECORD_ERRORS_MAX) {
        recordErrors.push({ batchIndex: index, message });
      }
    }
    if (walk.position !== walk.end) throw new ProtocolError('bytes after the last record');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, refusal: refuse('INVALID_RECORD', `malformed records: ${error.message}`) };
  }
  if (recordErrors.length > 0) {
    const error = timeIsToBlame ? 'INVALID_TIMESTAMP' : 'INVALID_RECORD';
    const detail = timeIsToBlame
      ? 'One or more records have been rejected due to invalid timestamp'
      : `One or more records have been rejected: ${recordErrors[0]!.message}`;
    return { ok: false, refusal: { error, detail, recordErrors } };
  }
  return { ok: true, facts: { maxTimestamp } };
}

function skipHeaders(walk: VarintCursor, headerCount: number, recordEnd: number): void {
  if (headerCount < 0 || headerCount > recordEnd - walk.position) throw new ProtocolError(`${headerCount} headers`);
  for (let i = 0; i < headerCount; i++) {
    const keyLength = readVarint(walk);
    if (keyLength < 0) throw new ProtocolError('a header without key');
    walk.position += keyLength;
    const valueLength = readVarint(walk);
    if (valueLength > 0) walk.position += valueLength;
    if (walk.position > recordEnd) throw new ProtocolError('a header longer than its record');
  }
}

function isTime(timestamp: number): boolean {
  return timestamp >= -1 && timestamp <= Number.MAX_SAFE_INTEGER;
}

function refuse(error: WireError, detail: string): BatchRefusal {
  return { error, detail };
}

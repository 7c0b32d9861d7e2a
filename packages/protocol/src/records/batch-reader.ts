// Finds the batches in a stretch of a log or of a Fetch answer, and reads a batch's records all at once. Consumers use
// RecordCursor, which makes objects only for what is taken.
import { ProtocolError } from '../errors.ts';
import { BATCH_OVERHEAD, batchSizeOf, computeCrc, crcOf, HEADER_SIZE_UP_TO_MAGIC, magicOf } from './batch-header.ts';
import { type ReadRecordHeader, RecordCursor, type UnpackLimits } from './record-cursor.ts';

export interface RecordView {
  readonly offset: number;
  /** Milliseconds since the epoch, -1 none. */
  readonly timestamp: number;
  /** Views of the batch's memory: copy what outlives it. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly ReadRecordHeader[];
}

/**
 * Positions of the whole batches in `buffer[start, end)`. Stops before a batch that is cut off at the end: a Fetch may
 * answer one. Throws ProtocolError when a size or magic is impossible.
 */
export function* batches(buffer: Buffer, start = 0, end: number = buffer.length): Generator<number, void, undefined> {
  let position = start;
  while (end - position >= HEADER_SIZE_UP_TO_MAGIC) {
    const size = batchSizeOf(buffer, position);
    const magic = magicOf(buffer, position);
    if (magic !== 2)
      throw new ProtocolError(`record batch of format ${magic} at byte ${position}; only format 2 is read`);
    if (size < BATCH_OVERHEAD) throw new ProtocolError(`record batch of ${size} bytes at byte ${position}`);
    if (size > end - position) return;
    yield position;
    position += size;
  }
}

/**
 * All records of the batch at `position`. Throws ProtocolError when it is malformed, larger unpacked than the limit, or
 * (with `verifyCrc`) when its checksum does not match.
 */
export function readRecords(
  buffer: Buffer,
  position: number,
  limits: UnpackLimits & { readonly verifyCrc?: boolean },
): RecordView[] {
  if (limits.verifyCrc) verifyCrc(buffer, position);
  const cursor = new RecordCursor(buffer, position, limits);
  const records: RecordView[] = [];
  while (cursor.next()) {
    records.push({
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      key: cursor.key(),
      value: cursor.value(),
      headers: cursor.headers(),
    });
  }
  return records;
}

/** Throws ProtocolError when the batch's bytes do not have the checksum that it carries. */
export function verifyCrc(buffer: Buffer, position: number): void {
  const stored = crcOf(buffer, position);
  const computed = computeCrc(buffer, position);
  if (stored !== computed) {
    throw new ProtocolError(`record batch at byte ${position} is corrupt: CRC ${computed}, stored ${stored}`);
  }
}

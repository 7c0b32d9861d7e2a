// Walks the records of one batch, one at a time, without an object per record: the consumer takes what it needs of each
// as it goes. Keys and values are views of the batch (or of its unpacked bytes), not copies.
// Always: a record that reaches past the batch, or does not fill its own length, throws ProtocolError; nothing is read
// outside the batch.
import { codecOfId, decompress } from '../compression/codec.ts';
import { ProtocolError } from '../errors.ts';
import { readVarint, readVarlong, type VarintCursor } from '../varint.ts';
import type { RecordHeader } from './batch-builder.ts';
import {
  BATCH_OVERHEAD,
  baseOffsetOf,
  baseTimestampOf,
  batchSizeOf,
  codecIdOf,
  isLogAppendTime,
  maxTimestampOf,
  recordCountOf,
} from './batch-header.ts';

/** Bounds of unpacking a batch that somebody else packed. */
export interface UnpackLimits {
  /** A batch that becomes larger is refused before the memory is taken. */
  readonly decompressedBytesMax: number;
}

export interface ReadRecordHeader extends RecordHeader {
  readonly value: Buffer | null;
}

const NO_HEADERS: readonly ReadRecordHeader[] = Object.freeze([]);
/** The smallest record: length, attributes, two deltas, null key, null value, no headers. */
const RECORD_BYTES_MIN = 7;

/** The bytes of a batch's records, unpacked. A view of `buffer` when nothing is compressed. */
export function unpackRecords(buffer: Buffer, position: number, limits: UnpackLimits): Buffer {
  const packed = buffer.subarray(position + BATCH_OVERHEAD, position + batchSizeOf(buffer, position));
  const codec = codecOfId(codecIdOf(buffer, position));
  if (codec === undefined)
    throw new ProtocolError(`records compressed with codec ${codecIdOf(buffer, position)}, which does not exist`);
  return codec === 'none' ? packed : decompress(codec, packed, limits.decompressedBytesMax);
}

export class RecordCursor {
  /** Of the record that `next` moved to. */
  offset = -1;
  /** Milliseconds since the epoch, -1 none; the broker's time for batches stamped LogAppendTime. */
  timestamp = -1;
  readonly #bytes: Buffer;
  readonly #walk: VarintCursor;
  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  readonly #appendTime: number | undefined;
  #left: number;
  #keyStart = 0;
  #keyLength = -1;
  #valueStart = 0;
  #valueLength = -1;
  #headersStart = 0;
  #headerCount = 0;

  /** Starts before the first record of the batch at `position`; its header and CRC have been checked by the caller. */
  constructor(buffer: Buffer, position: number, limits: UnpackLimits) {
    const bytes = unpackRecords(buffer, position, limits);
    this.#bytes = bytes;
    this.#walk = { buffer: bytes, position: 0, end: bytes.length };
    this.#baseOffset = baseOffsetOf(buffer, position);
    this.#baseTimestamp = baseTimestampOf(buffer, position);
    this.#appendTime = isLogAppendTime(buffer, position) ? maxTimestampOf(buffer, position) : undefined;
    this.#left = recordCountOf(buffer, position);
    if (this.#left < 0 || this.#left * RECORD_BYTES_MIN > bytes.length) {
      throw new ProtocolError(`malformed batch: ${this.#left} records in ${bytes.length} bytes`);
    }
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    const walk = this.#walk;
    if (this.#left === 0) {
      if (walk.position !== walk.end) throw new ProtocolError('malformed batch: bytes after the last record');
      return false;
    }
    this.#left--;
    const length = readVarint(walk);
    const end = walk.position + length;
    if (length < RECORD_BYTES_MIN - 1 || end > walk.end) throw new ProtocolError(`malformed record: length ${length}`);
    walk.position++;
    const timestampDelta = readVarlong(walk);
    this.timestamp = this.#appendTime ?? this.#baseTimestamp + timestampDelta;
    this.offset = this.#baseOffset + readVarint(walk);
    this.#keyLength = readVarint(walk);
    this.#keyStart = walk.position;
    if (this.#keyLength > 0) walk.position += this.#keyLength;
    this.#valueLength = walk.position < end ? readVarint(walk) : -1;
    this.#valueStart = walk.position;
    if (this.#valueLength > 0) walk.position += this.#valueLength;
    if (walk.position >= end) throw new ProtocolError('malformed record: key or value longer than the record');
    this.#headerCount = readVarint(walk);
    this.#headersStart = walk.position;
    if (this.#headerCount === 0) {
      if (walk.position !== end) throw new ProtocolError('malformed record: bytes after its last header');
    } else {
      if (this.#headerCount < 0 || this.#headerCount > end - walk.position) {
        throw new ProtocolError(`malformed record: ${this.#headerCount} headers`);
      }
      walk.position = end;
    }
    return true;
  }

  /** A view, or null. */
  key(): Buffer | null {
    return this.#keyLength < 0 ? null : this.#bytes.subarray(this.#keyStart, this.#keyStart + this.#keyLength);
  }

  /** A view, or null (a tombstone). */
  value(): Buffer | null {
    return this.#valueLength < 0 ? null : this.#bytes.subarray(this.#valueStart, this.#valueStart + this.#valueLength);
  }

  /** Key and value sizes in bytes, 0 for null. */
  get payloadBytes(): number {
    return Math.max(0, this.#keyLength) + Math.max(0, this.#valueLength);
  }

  headers(): readonly ReadRecordHeader[] {
    if (this.#headerCount === 0) return NO_HEADERS;
    const end = this.#walk.position;
    const walk: VarintCursor = { buffer: this.#bytes, position: this.#headersStart, end };
    const headers: ReadRecordHeader[] = [];
    for (let i = 0; i < this.#headerCount; i++) {
      const keyLength = readVarint(walk);
      const keyEnd = walk.position + keyLength;
      if (keyLength < 0 || keyEnd > end) throw new ProtocolError('malformed record: header key longer than the record');
      const key = this.#bytes.toString('utf8', walk.position, keyEnd);
      walk.position = keyEnd;
      const valueLength = readVarint(walk);
      const valueEnd = walk.position + Math.max(0, valueLength);
      if (valueEnd > end) throw new ProtocolError('malformed record: header value longer than the record');
      headers.push({ key, value: valueLength < 0 ? null : this.#bytes.subarray(walk.position, valueEnd) });
      walk.position = valueEnd;
    }
    if (walk.position !== end) throw new ProtocolError('malformed record: bytes after its last header');
    return headers;
  }
}

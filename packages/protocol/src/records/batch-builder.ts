// Builds one record batch, record by record, straight into the bytes that will go over the wire: nothing is kept per
// record, nothing is encoded twice. The producer's accumulator holds one of these per open batch.
// Always: bytes [0, 61) are reserved for the header, records follow back to back, written by `close`.
import { type Codec, codecId, compress } from '../compression/codec.ts';
import { sizeOfUnsignedVarint, sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from '../varint.ts';
import {
  BATCH_OVERHEAD,
  CONTROL_BIT,
  DELETE_HORIZON_BIT,
  LOG_OVERHEAD,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  reseal,
  setBaseOffset,
  setBaseTimestamp,
  setLeaderEpoch,
  setMaxTimestamp,
  setProducer,
  TIMESTAMP_TYPE_BIT,
  TRANSACTIONAL_BIT,
} from './batch-header.ts';

/** A header of a record: UTF-8 key (may repeat), bytes or null. */
export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface BatchClosing {
  /** Default 'none'. */
  codec?: Codec;
  /** Compression level in the codec's own scale; its default when absent. */
  level?: number;
  /** -1 (default): not idempotent. */
  producerId?: number;
  producerEpoch?: number;
  baseSequence?: number;
  transactional?: boolean;
  /** A batch of markers; only brokers write them. */
  control?: boolean;
  /** Default 0: clients always send 0, the broker gives the real one. */
  baseOffset?: number;
  /** Default -1. */
  leaderEpoch?: number;
  /** 'LogAppendTime' sets the broker's bit. Default 'CreateTime'. */
  timestampType?: 'CreateTime' | 'LogAppendTime';
  /** The builder's base timestamp is a delete horizon: compaction says when tombstones and markers may go. */
  deleteHorizon?: boolean;
}

const NO_HEADERS: readonly RecordHeader[] = [];
/** Below this many bytes a loop beats TypedArray.set, whose call costs more than the copy. */
const LOOP_COPY_BYTES_MAX = 40;

function copyBytes(target: Buffer, position: number, source: Uint8Array): number {
  const length = source.length;
  if (length <= LOOP_COPY_BYTES_MAX) {
    for (let i = 0; i < length; i++) target[position + i] = source[i]!;
  } else {
    target.set(source, position);
  }
  return position + length;
}

/** Bytes of a record after its own length field. */
function bodySize(
  timestampDelta: number,
  offsetDelta: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly RecordHeader[],
): number {
  let size = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfVarint(headers.length);
  size += key === null ? 1 : sizeOfVarint(key.length) + key.length;
  size += value === null ? 1 : sizeOfVarint(value.length) + value.length;
  for (const header of headers) {
    const keyBytes = Buffer.byteLength(header.key);
    size += sizeOfVarint(keyBytes) + keyBytes;
    size += header.value === null ? 1 : sizeOfVarint(header.value.length) + header.value.length;
  }
  return size;
}

/**
 * Upper bound of the bytes that a record takes in an uncompressed batch of its own, header of the batch included: what
 * a producer compares with max.request.size.
 */
export function batchSizeUpperBound(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly RecordHeader[] = NO_HEADERS,
): number {
  // Own length 5, timestamp delta 10, offset delta 5: the most those fields can take.
  return BATCH_OVERHEAD + 20 + bodySize(0, 0, key, value, headers);
}

export class BatchBuilder {
  #buffer: Buffer;
  #position = BATCH_OVERHEAD;
  #count = 0;
  #lastOffsetDelta = -1;
  #baseTimestamp = NO_TIMESTAMP;
  #baseGiven = false;
  #maxTimestamp = NO_TIMESTAMP;

  /**
   * `room`: bytes taken at once, header included, or a buffer to build in, which is the builder's from now on; either is
   * replaced when a record needs more. `baseTimestamp`: what the records' times are written relative to; by default the first
   * record's own.
   */
  constructor(room: number | Buffer, baseTimestamp?: number) {
    this.#buffer = typeof room === 'number' ? Buffer.allocUnsafeSlow(Math.max(room, BATCH_OVERHEAD + 64)) : room;
    if (baseTimestamp !== undefined) {
      this.#baseTimestamp = baseTimestamp;
      this.#baseGiven = true;
    }
  }

  get recordCount(): number {
    return this.#count;
  }

  /** Bytes so far, before compression, header included. */
  get sizeBytes(): number {
    return this.#position;
  }

  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** The buffer built in, to be built in again when nobody reads its bytes any more; the builder is of no use afterwards. */
  release(): Buffer {
    const buffer = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    return buffer;
  }

  /** Bytes that the record would add. */
  sizeOf(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
  ): number {
    const delta = this.#baseGiven ? timestamp - this.#baseTimestamp : 0;
    const body = bodySize(delta, this.#lastOffsetDelta + 1, key, value, headers);
    return sizeOfUnsignedVarint(body * 2) + body;
  }

  /**
   * Appends when the batch stays within `limitBytes`; the first record always fits. False: nothing was written.
   * The bytes are copied, the caller may reuse them. `offsetDelta` must grow; default one more than the last.
   */
  tryAppend(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
    limitBytes = Number.POSITIVE_INFINITY,
    offsetDelta = this.#lastOffsetDelta + 1,
  ): boolean {
    const timestampDelta = this.#baseGiven ? timestamp - this.#baseTimestamp : 0;
    const body = bodySize(timestampDelta, offsetDelta, key, value, headers);
    const start = this.#position;
    const end = start + sizeOfUnsignedVarint(body * 2) + body;
    if (end > limitBytes && this.#count > 0) return false;
    if (end > this.#buffer.length) this.#grow(end);
    if (!this.#baseGiven) {
      this.#baseTimestamp = timestamp;
      this.#baseGiven = true;
    }
    const buffer = this.#buffer;

    let position = writeVarint(buffer, start, body);
    buffer[position++] = 0;
    position = writeVarlong(buffer, position, timestampDelta);
    position = writeVarint(buffer, position, offsetDelta);
    if (key === null) buffer[position++] = 1;
    else position = copyBytes(buffer, writeVarint(buffer, position, key.length), key);
    if (value === null) buffer[position++] = 1;
    else position = copyBytes(buffer, writeVarint(buffer, position, value.length), value);
    position = writeVarint(buffer, position, headers.length);
    for (const header of headers) {
      const keyBytes = Buffer.byteLength(header.key);
      position = writeVarint(buffer, position, keyBytes);
      position += buffer.write(header.key, position, keyBytes, 'utf8');
      if (header.value === null) buffer[position++] = 1;
      else position = copyBytes(buffer, writeVarint(buffer, position, header.value.length), header.value);
    }
    this.#position = position;
    this.#count++;
    this.#lastOffsetDelta = offsetDelta;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    return true;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#buffer.length * 2, needed + 0x100000)));
    grown.set(this.#buffer.subarray(0, this.#position));
    this.#buffer = grown;
  }

  /**
   * Writes the header, compresses, checksums. The builder must not be used again, but for `close` once more (a retry
   * under other producer fields): the uncompressed bytes stay as they are. `lastOffsetDelta` and the timestamps may be
   * given for batches whose records were taken out (compaction).
   */
  close(closing: BatchClosing = {}, kept: { lastOffsetDelta?: number; maxTimestamp?: number } = {}): Buffer {
    const codec = closing.codec ?? 'none';
    let batch = this.#buffer.subarray(0, this.#position);
    if (codec !== 'none') {
      const packed = compress(codec, this.#buffer.subarray(BATCH_OVERHEAD, this.#position), closing.level);
      batch = Buffer.allocUnsafeSlow(BATCH_OVERHEAD + packed.length);
      batch.set(packed, BATCH_OVERHEAD);
    }
    const lastOffsetDelta = kept.lastOffsetDelta ?? Math.max(0, this.#lastOffsetDelta);
    let attributes = codecId(codec);
    if (closing.timestampType === 'LogAppendTime') attributes |= TIMESTAMP_TYPE_BIT;
    if (closing.transactional) attributes |= TRANSACTIONAL_BIT;
    if (closing.control) attributes |= CONTROL_BIT;
    if (closing.deleteHorizon) attributes |= DELETE_HORIZON_BIT;

    setBaseOffset(batch, 0, closing.baseOffset ?? 0);
    batch.writeInt32BE(batch.length - LOG_OVERHEAD, 8);
    setLeaderEpoch(batch, 0, closing.leaderEpoch ?? NO_LEADER_EPOCH);
    batch[16] = 2;
    batch.writeInt16BE(attributes, 21);
    batch.writeInt32BE(lastOffsetDelta, 23);
    setBaseTimestamp(batch, 0, this.#baseTimestamp);
    setMaxTimestamp(batch, 0, kept.maxTimestamp ?? this.#maxTimestamp);
    setProducer(
      batch,
      0,
      closing.producerId ?? NO_PRODUCER_ID,
      closing.producerEpoch ?? NO_PRODUCER_EPOCH,
      closing.baseSequence ?? NO_SEQUENCE,
    );
    batch.writeInt32BE(this.#count, 57);
    reseal(batch, 0);
    return batch;
  }
}

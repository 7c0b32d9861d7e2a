// The fixed first 61 bytes of a record batch, format v2 (magic 2), big-endian:
//
//    0 baseOffset i64        12 partitionLeaderEpoch i32     23 lastOffsetDelta i32    43 producerId i64
//    8 batchLength i32       16 magic i8                     27 baseTimestamp i64      51 producerEpoch i16
//      (bytes after it)      17 crc u32 over 21..end         35 maxTimestamp i64       53 baseSequence i32
//                            21 attributes i16                                         57 recordCount i32
//
// Functions over (buffer, position of the batch), so that the broker's hot paths make no object per batch. Base offset,
// length and leader epoch lie outside the checksum: the broker sets them in place. Changing anything else needs `reseal`.
import { crc32c } from '../crc32c.ts';

/** Bytes of an empty batch: the header above. */
export const BATCH_OVERHEAD = 61;
/** Bytes before what `batchLength` counts. */
export const LOG_OVERHEAD = 12;
/** Bytes needed to know a batch's size and magic. */
export const HEADER_SIZE_UP_TO_MAGIC = 17;
/** Where the checksummed part starts. */
export const CHECKSUMMED_FROM = 21;

export const CODEC_MASK = 0x07;
export const TIMESTAMP_TYPE_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;
export const DELETE_HORIZON_BIT = 0x40;

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_TIMESTAMP = -1;
export const NO_LEADER_EPOCH = -1;

/** Reads an int64 as a number; inexact beyond ±2^53, which `checkBatch` refuses for every field. */
function int64At(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * 0x100000000 + buffer.readUInt32BE(position + 4);
}

function setInt64At(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / 0x100000000);
  buffer.writeInt32BE(high, position);
  buffer.writeUInt32BE(value - high * 0x100000000, position + 4);
}

export function baseOffsetOf(buffer: Buffer, position = 0): number {
  return int64At(buffer, position);
}

/** Size of the whole batch in bytes, its first 12 included. */
export function batchSizeOf(buffer: Buffer, position = 0): number {
  return LOG_OVERHEAD + buffer.readInt32BE(position + 8);
}

export function leaderEpochOf(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + 12);
}

export function magicOf(buffer: Buffer, position = 0): number {
  return buffer.readInt8(position + 16);
}

/** The stored CRC-32C, unsigned. */
export function crcOf(buffer: Buffer, position = 0): number {
  return buffer.readUInt32BE(position + 17);
}

/** The CRC-32C that the batch's bytes really have. */
export function computeCrc(buffer: Buffer, position = 0): number {
  return crc32c(buffer, position + CHECKSUMMED_FROM, position + batchSizeOf(buffer, position));
}

export function attributesOf(buffer: Buffer, position = 0): number {
  return buffer.readInt16BE(position + 21);
}

/** Compression codec id, 0-7 (5-7 are not assigned). */
export function codecIdOf(buffer: Buffer, position = 0): number {
  return buffer[position + 22]! & CODEC_MASK;
}

/** True when the broker stamped the records (LogAppendTime): every record's time is then `maxTimestamp`. */
export function isLogAppendTime(buffer: Buffer, position = 0): boolean {
  return (buffer[position + 22]! & TIMESTAMP_TYPE_BIT) !== 0;
}

export function isTransactional(buffer: Buffer, position = 0): boolean {
  return (buffer[position + 22]! & TRANSACTIONAL_BIT) !== 0;
}

export function isControl(buffer: Buffer, position = 0): boolean {
  return (buffer[position + 22]! & CONTROL_BIT) !== 0;
}

export function lastOffsetDeltaOf(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + 23);
}

export function lastOffsetOf(buffer: Buffer, position = 0): number {
  return int64At(buffer, position) + buffer.readInt32BE(position + 23);
}

/** Milliseconds since the epoch, -1 none; a delete horizon when that bit is set. */
export function baseTimestampOf(buffer: Buffer, position = 0): number {
  return int64At(buffer, position + 27);
}

/** Milliseconds since the epoch, -1 none. */
export function maxTimestampOf(buffer: Buffer, position = 0): number {
  return int64At(buffer, position + 35);
}

/** -1 when the producer is not idempotent. */
export function producerIdOf(buffer: Buffer, position = 0): number {
  return int64At(buffer, position + 43);
}

export function producerEpochOf(buffer: Buffer, position = 0): number {
  return buffer.readInt16BE(position + 51);
}

export function baseSequenceOf(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + 53);
}

export function recordCountOf(buffer: Buffer, position = 0): number {
  return buffer.readInt32BE(position + 57);
}

/** Sequence of the last record; sequences wrap from 2^31-1 to 0. -1 when there is no producer. */
export function lastSequenceOf(buffer: Buffer, position = 0): number {
  const base = baseSequenceOf(buffer, position);
  return base < 0 ? NO_SEQUENCE : addToSequence(base, lastOffsetDeltaOf(buffer, position));
}

/** `sequence + count` in the ring 0 .. 2^31-1. */
export function addToSequence(sequence: number, count: number): number {
  const sum = sequence + count;
  return sum > 0x7fffffff ? sum - 0x80000000 : sum;
}

export function setBaseOffset(buffer: Buffer, position: number, offset: number): void {
  setInt64At(buffer, position, offset);
}

export function setLeaderEpoch(buffer: Buffer, position: number, epoch: number): void {
  buffer.writeInt32BE(epoch, position + 12);
}

/** Changes attributes; call `reseal` when done with the batch. */
export function setAttributes(buffer: Buffer, position: number, attributes: number): void {
  buffer.writeInt16BE(attributes, position + 21);
}

/** Changes the first timestamp (or delete horizon); call `reseal` when done with the batch. */
export function setBaseTimestamp(buffer: Buffer, position: number, timestamp: number): void {
  setInt64At(buffer, position + 27, timestamp);
}

/** Changes the greatest timestamp; call `reseal` when done with the batch. */
export function setMaxTimestamp(buffer: Buffer, position: number, timestamp: number): void {
  setInt64At(buffer, position + 35, timestamp);
}

/** Names the producer of a batch written before its sequence was known; call `reseal` when done with the batch. */
export function setProducer(buffer: Buffer, position: number, id: number, epoch: number, baseSequence: number): void {
  setInt64At(buffer, position + 43, id);
  buffer.writeInt16BE(epoch, position + 51);
  buffer.writeInt32BE(baseSequence, position + 53);
}

/** Writes the checksum anew after a change inside the checksummed part. */
export function reseal(buffer: Buffer, position = 0): void {
  buffer.writeUInt32BE(computeCrc(buffer, position), position + 17);
}

/** What a broker does to a batch of a topic with message.timestamp.type=LogAppendTime: one time for all its records. */
export function stampLogAppendTime(buffer: Buffer, position: number, timestampMs: number): void {
  setAttributes(buffer, position, attributesOf(buffer, position) | TIMESTAMP_TYPE_BIT);
  setMaxTimestamp(buffer, position, timestampMs);
  reseal(buffer, position);
}

// What storage reads of a batch it did not write itself. Format 2 is all we ever append; formats 0 and 1 (Kafka before
// 0.11) may lie in a directory that was taken over and can still be read and walked past.
import { crc32 } from 'node:zlib';
import {
  BATCH_OVERHEAD,
  baseOffsetOf,
  batchSizeOf,
  computeCrc,
  crcOf,
  lastOffsetOf,
  leaderEpochOf,
  magicOf,
  maxTimestampOf,
} from '@moldau/protocol/records/batch-header';

/** Bytes that tell offset, size, epoch and format. */
export const BATCH_PREFIX_BYTES = 17;
/** Offset, size, CRC, format, attributes, no key, no value: the smallest message of format 0. */
const LEGACY_BYTES_MIN = 12 + 14;

/** Why the bytes at `at` cannot be a batch at `expectedOffset` or later; undefined when their prefix could be one. */
export function prefixFault(
  buffer: Buffer,
  at: number,
  bounds: { readonly offsetMin: number; readonly offsetMax: number },
): string | undefined {
  const size = batchSizeOf(buffer, at);
  const magic = magicOf(buffer, at);
  if (magic !== 2 && magic !== 1 && magic !== 0) return `format ${magic}`;
  if (size < (magic === 2 ? BATCH_OVERHEAD : LEGACY_BYTES_MIN)) return `size ${size}`;
  const baseOffset = baseOffsetOf(buffer, at);
  if (baseOffset < bounds.offsetMin) return `base offset ${baseOffset} where ${bounds.offsetMin} or later is due`;
  if (baseOffset > bounds.offsetMax) return `base offset ${baseOffset} beyond ${bounds.offsetMax}`;
  return undefined;
}

/** Whether a batch that is whole in memory has the checksum it carries and a sane last offset. */
export function isIntact(buffer: Buffer, at: number): boolean {
  if (magicOf(buffer, at) === 2) {
    return lastOffsetOf(buffer, at) >= baseOffsetOf(buffer, at) && computeCrc(buffer, at) === crcOf(buffer, at);
  }
  const stored = buffer.readUInt32BE(at + 12);
  return crc32(buffer.subarray(at + 16, at + batchSizeOf(buffer, at))) === stored;
}

/** Offset of the last record. A format 0 or 1 wrapper of compressed messages carries it as its own. */
export function lastOffsetAt(buffer: Buffer, at: number): number {
  return magicOf(buffer, at) === 2 ? lastOffsetOf(buffer, at) : baseOffsetOf(buffer, at);
}

export function maxTimestampAt(buffer: Buffer, at: number): number {
  const magic = magicOf(buffer, at);
  if (magic === 2) return maxTimestampOf(buffer, at);
  return magic === 1 ? buffer.readInt32BE(at + 18) * 0x100000000 + buffer.readUInt32BE(at + 22) : -1;
}

/** -1 for formats 0 and 1. */
export function leaderEpochAt(buffer: Buffer, at: number): number {
  return magicOf(buffer, at) === 2 ? leaderEpochOf(buffer, at) : -1;
}

/** Bytes of a batch needed for all of the above but the checksum. */
export function headerBytesOf(buffer: Buffer, at: number): number {
  return magicOf(buffer, at) === 2 ? BATCH_OVERHEAD : LEGACY_BYTES_MIN;
}

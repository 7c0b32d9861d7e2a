// What one write to a metadata file consists of: a frame around JSON, checked by a CRC that begins with the CRC of the
// frame before, so that a missing or swapped frame shows as surely as a damaged one. Pure.
// Always: a unit is written and synced before the next one is begun. So only the last unit of a file can be torn; a bad
// unit with anything behind it is damage.
import { crc32c } from '@moldau/protocol/crc32c';

/** A byte that UTF-8 never holds, then 'MDU': no payload can be taken for the start of a unit. */
const MAGIC = 0xff4d4455;
/** magic u32, payload bytes u32, CRC u32 (over length and payload, seeded with the CRC before). */
const HEADER_BYTES = 12;
const SECTOR_BYTES = 512;
/** A unit holds one group of batches or one slice of a snapshot; this is far above both. */
export const UNIT_BYTES_MAX = 256 * 1024 * 1024;

/** The CRC that a file begins with; its name stands for its place in the log, so a file under another's name shows. */
export function chainStart(fileName: string): number {
  return crc32c(Buffer.from(fileName));
}

/** The bytes of a unit, and the CRC that the next one begins with. */
export function encodeUnit(value: unknown, chain: number): { bytes: Buffer; chain: number } {
  const payload = Buffer.from(JSON.stringify(value));
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(payload.length, 4);
  payload.copy(bytes, HEADER_BYTES);
  const crc = crcOf(bytes, 0, payload.length, chain);
  bytes.writeUInt32BE(crc, 8);
  return { bytes, chain: crc };
}

function crcOf(bytes: Buffer, position: number, length: number, chain: number): number {
  const overLength = crc32c(uint32(length), 0, 4, chain);
  return crc32c(bytes, position + HEADER_BYTES, position + HEADER_BYTES + length, overLength);
}

/** What stands at some place of a file. */
export type ReadUnit =
  | { readonly kind: 'unit'; readonly value: unknown; readonly end: number; readonly chain: number }
  | { readonly kind: 'end' }
  /** A write that never finished: everything from here on was never acknowledged. */
  | { readonly kind: 'torn' }
  | { readonly kind: 'damaged'; readonly detail: string };

/** Reads the unit at `position` of a whole file. */
export function readUnit(file: Buffer, position: number, chain: number): ReadUnit {
  if (position === file.length) return { kind: 'end' };
  if (file.length - position < HEADER_BYTES) return { kind: 'torn' };
  const length = file.readUInt32BE(position + 4);
  if (file.readUInt32BE(position) === MAGIC && length <= UNIT_BYTES_MAX) {
    const end = position + HEADER_BYTES + length;
    if (end > file.length) {
      // The file ends inside the unit, as after a cut write. A damaged length looks alike, but then more units follow, or
      // the checksum fits what is there.
      const there = file.length - position - HEADER_BYTES;
      const complete = crcOf(file, position, there, chain) === file.readUInt32BE(position + 8);
      return complete || markedWithin(file, position + 4) ? damaged(position, 'a length is wrong') : { kind: 'torn' };
    }
    const crc = crcOf(file, position, length, chain);
    if (crc === file.readUInt32BE(position + 8)) {
      const value: unknown = JSON.parse(file.toString('utf8', position + HEADER_BYTES, end));
      return { kind: 'unit', value, end, chain: crc };
    }
    if (end < file.length && !allZero(file, end, file.length)) return damaged(position, 'its checksum is wrong');
    return looksUnwritten(file, position, end) ? { kind: 'torn' } : damaged(position, 'its checksum is wrong');
  }
  // No header. A sector that never reached the disk reads as zeros.
  if (looksUnwritten(file, position, file.length) && !markedWithin(file, position + 4)) return { kind: 'torn' };
  return damaged(position, 'no unit begins where one should');
}

function damaged(position: number, what: string): ReadUnit {
  return { kind: 'damaged', detail: `at byte ${position}: ${what}` };
}

/** Part of it was never written: it ends in a zero byte, which JSON never does, or a whole sector of it is zeros. */
function looksUnwritten(file: Buffer, start: number, end: number): boolean {
  if (file[end - 1] === 0) return true;
  for (let at = start; at < end; ) {
    const next = Math.min(end, at - (at % SECTOR_BYTES) + SECTOR_BYTES);
    if (allZero(file, at, next)) return true;
    at = next;
  }
  return false;
}

function allZero(file: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (file[at] !== 0) return false;
  return true;
}

/** Whether the mark of a unit stands anywhere from `position` on. */
function markedWithin(file: Buffer, position: number): boolean {
  return file.indexOf(uint32(MAGIC), position) !== -1;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

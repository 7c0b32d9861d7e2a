// LZ4's block format in plain JavaScript: sequences of (token, literals, offset, match). The decoder writes into the
// middle of a larger output, so that blocks which refer to earlier ones ("linked") need nothing special.
import { ProtocolError } from '../errors.ts';

const MIN_MATCH = 4;
/** The format's end rules: the last match starts 12 bytes before the end at the latest, the last 5 bytes are literals. */
const MATCH_START_LIMIT = 12;
const LAST_LITERALS = 5;
const HASH_BITS = 13;
const DISTANCE_MAX = 0xffff;

/** The most bytes that a block of so many bytes can take. */
export function lz4BlockBound(inputBytes: number): number {
  return inputBytes + Math.ceil(inputBytes / 255) + 16;
}

/**
 * Decodes `source[start, end)` to `target` from `position` and answers the position after. Nothing is written at
 * `limit` or past it. `windowStart`: the first byte of `target` that matches may refer to. Throws ProtocolError.
 */
export function lz4DecodeBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
  limit: number,
  windowStart: number,
): number {
  let read = start;
  let write = position;
  while (read < end) {
    const token = source[read++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && read < end) {
        more = source[read++]!;
        literals += more;
      }
    }
    if (literals > end - read || literals > limit - write) throw malformed();
    if (literals <= 32) {
      for (let i = 0; i < literals; i++) target[write + i] = source[read + i]!;
    } else {
      target.set(source.subarray(read, read + literals), write);
    }
    read += literals;
    write += literals;
    if (read === end) return write;

    if (end - read < 2) throw malformed();
    const distance = source[read]! | (source[read + 1]! << 8);
    read += 2;
    let length = (token & 15) + MIN_MATCH;
    if ((token & 15) === 15) {
      let more = 255;
      while (more === 255 && read < end) {
        more = source[read++]!;
        length += more;
      }
    }
    let from = write - distance;
    if (distance === 0 || from < windowStart || length > limit - write) throw malformed();
    if (distance >= length && length > 32) {
      target.copyWithin(write, from, from + length);
      write += length;
    } else {
      // Overlapping matches repeat what they just wrote, byte by byte.
      for (const stop = write + length; write < stop; ) target[write++] = target[from++]!;
    }
  }
  throw malformed();
}

function malformed(): ProtocolError {
  return new ProtocolError('malformed lz4 data');
}

const hashTable = new Int32Array(1 << HASH_BITS);

/**
 * Encodes `source[start, end)` to `target` from `position`, which has room for `lz4BlockBound`, and answers the
 * position after. One pass, greedy, like LZ4's fast mode.
 */
export function lz4EncodeBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): number {
  hashTable.fill(-1);
  const matchStartEnd = end - MATCH_START_LIMIT;
  const matchEnd = end - LAST_LITERALS;
  let anchor = start;
  let read = start;
  let write = position;
  let misses = 0;
  while (read < matchStartEnd) {
    const word = source[read]! | (source[read + 1]! << 8) | (source[read + 2]! << 16) | (source[read + 3]! << 24);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    let match = hashTable[slot]!;
    hashTable[slot] = read;
    if (
      match < 0 ||
      read - match > DISTANCE_MAX ||
      source[match] !== source[read] ||
      source[match + 1] !== source[read + 1] ||
      source[match + 2] !== source[read + 2] ||
      source[match + 3] !== source[read + 3]
    ) {
      // Data that does not compress is skipped in growing steps.
      read += 1 + (misses++ >> 6);
      continue;
    }
    misses = 0;
    const distance = read - match;
    const literals = read - anchor;
    let length = MIN_MATCH;
    match += MIN_MATCH;
    read += MIN_MATCH;
    while (read < matchEnd && source[read] === source[match]) {
      read++;
      match++;
      length++;
    }
    write = writeSequence(source, anchor, literals, target, write, length - MIN_MATCH);
    target[write++] = distance & 0xff;
    target[write++] = distance >>> 8;
    if (length - MIN_MATCH >= 15) write = writeLength(target, write, length - MIN_MATCH - 15);
    anchor = read;
  }
  return writeSequence(source, anchor, end - anchor, target, write, 0);
}

function writeSequence(
  source: Uint8Array,
  anchor: number,
  literals: number,
  target: Uint8Array,
  write: number,
  matchCode: number,
): number {
  target[write++] = (Math.min(literals, 15) << 4) | Math.min(matchCode, 15);
  if (literals >= 15) write = writeLength(target, write, literals - 15);
  if (literals <= 32) {
    for (let i = 0; i < literals; i++) target[write + i] = source[anchor + i]!;
  } else {
    target.set(source.subarray(anchor, anchor + literals), write);
  }
  return write + literals;
}

function writeLength(target: Uint8Array, write: number, left: number): number {
  for (; left >= 255; left -= 255) target[write++] = 255;
  target[write++] = left;
  return write;
}

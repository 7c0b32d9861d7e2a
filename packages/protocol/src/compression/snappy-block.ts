// Snappy's block format in plain JavaScript, for machines where the add-on does not load: unpacked length, then elements
// (a tag byte whose low two bits say literal or copy). Our own and not a package's, because input comes from strangers:
// every length is checked before it is followed, so that a damaged block costs no more than a sound one of its size.
import { ProtocolError } from '../errors.ts';
import { readUnsignedVarint, type VarintCursor, writeUnsignedVarint } from '../varint.ts';

const HASH_BITS = 13;
const DISTANCE_MAX = 0xffff;
/** Matches are not looked for in the last bytes, as in Google's encoder: too short to pay. */
const TAIL_BYTES = 15;

/** The most bytes that a block of so many bytes can take. */
export function snappyBlockBound(inputBytes: number): number {
  return 32 + inputBytes + Math.ceil(inputBytes / 6);
}

/** Decodes a whole block. The caller has found the length that it claims acceptable. Throws ProtocolError. */
export function snappyDecodeBlock(block: Uint8Array): Buffer {
  const walk: VarintCursor = { buffer: block, position: 0, end: block.length };
  const length = readUnsignedVarint(walk);
  const target = Buffer.allocUnsafeSlow(length);
  const end = block.length;
  let read = walk.position;
  let write = 0;
  while (read < end) {
    const tag = block[read++]!;
    if ((tag & 3) === 0) {
      let count = (tag >>> 2) + 1;
      if (count > 60) {
        const bytes = count - 60;
        if (end - read < bytes) throw malformed();
        count = 1;
        for (let i = 0; i < bytes; i++) count += block[read++]! * 2 ** (8 * i);
      }
      if (count > end - read || count > length - write) throw malformed();
      if (count <= 32) {
        for (let i = 0; i < count; i++) target[write + i] = block[read + i]!;
      } else {
        target.set(block.subarray(read, read + count), write);
      }
      read += count;
      write += count;
      continue;
    }
    let count: number;
    let distance: number;
    if ((tag & 3) === 1) {
      if (end - read < 1) throw malformed();
      count = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | block[read]!;
      read += 1;
    } else {
      const wide = (tag & 3) === 3;
      if (end - read < (wide ? 4 : 2)) throw malformed();
      count = (tag >>> 2) + 1;
      distance = block[read]! | (block[read + 1]! << 8);
      if (wide) distance += (block[read + 2]! | (block[read + 3]! << 8)) * 0x10000;
      read += wide ? 4 : 2;
    }
    if (distance === 0 || distance > write || count > length - write) throw malformed();
    let from = write - distance;
    for (const stop = write + count; write < stop; ) target[write++] = target[from++]!;
  }
  if (write !== length) throw malformed();
  return target;
}

function malformed(): ProtocolError {
  return new ProtocolError('malformed snappy data');
}

const hashTable = new Int32Array(1 << HASH_BITS);

/** Encodes `source[start, end)`, at most 64 KiB, as one block. */
export function snappyEncodeBlock(source: Uint8Array, start: number, end: number): Buffer {
  const target = Buffer.allocUnsafe(snappyBlockBound(end - start));
  hashTable.fill(-1);
  let write = writeUnsignedVarint(target, 0, end - start);
  let anchor = start;
  let read = start;
  let misses = 0;
  const matchStartEnd = end - TAIL_BYTES;
  while (read < matchStartEnd) {
    const word = source[read]! | (source[read + 1]! << 8) | (source[read + 2]! << 16) | (source[read + 3]! << 24);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS);
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
      read += 1 + (misses++ >> 5);
      continue;
    }
    misses = 0;
    write = writeLiteral(source, anchor, read, target, write);
    const distance = read - match;
    const from = read;
    read += 4;
    match += 4;
    while (read < end && source[read] === source[match]) {
      read++;
      match++;
    }
    write = writeCopy(target, write, distance, read - from);
    anchor = read;
  }
  return target.subarray(0, writeLiteral(source, anchor, end, target, write));
}

function writeLiteral(source: Uint8Array, start: number, end: number, target: Uint8Array, write: number): number {
  const count = end - start;
  if (count === 0) return write;
  const code = count - 1;
  if (code < 60) {
    target[write++] = code << 2;
  } else if (code < 0x100) {
    target[write++] = 60 << 2;
    target[write++] = code;
  } else {
    target[write++] = 61 << 2;
    target[write++] = code & 0xff;
    target[write++] = code >>> 8;
  }
  target.set(source.subarray(start, end), write);
  return write + count;
}

function writeCopy(target: Uint8Array, write: number, distance: number, length: number): number {
  let left = length;
  while (left > 0) {
    // Never leave a rest below 4: the short form cannot say it and the long one wastes it.
    const count = left > 64 ? (left < 68 ? 60 : 64) : left;
    if (count >= 4 && count <= 11 && distance < 2048) {
      target[write++] = 1 | ((count - 4) << 2) | ((distance >>> 8) << 5);
      target[write++] = distance & 0xff;
    } else {
      target[write++] = 2 | ((count - 1) << 2);
      target[write++] = distance & 0xff;
      target[write++] = distance >>> 8;
    }
    left -= count;
  }
  return write;
}

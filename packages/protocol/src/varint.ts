// Variable-length integers. Inside records they are zigzag (Kafka's varint and varlong); in flexible messages they are
// plain unsigned (UNSIGNED_VARINT). Seven bits a byte, least significant first, high bit set on all but the last.
// Reading is bounded: never past `end`, never more bytes than the type may have (5 for 32 bits, 10 for 64).
import { ProtocolError } from './errors.ts';

/** A place in bytes, moved by the readers below. One object per walk, not one per value. */
export interface VarintCursor {
  readonly buffer: Uint8Array;
  position: number;
  readonly end: number;
}

function truncated(cursor: VarintCursor): ProtocolError {
  return new ProtocolError(`variable-length integer runs past the end of the data at byte ${cursor.end}`);
}

/** An unsigned varint of up to 32 bits. Throws ProtocolError when truncated or longer than 5 bytes. */
export function readUnsignedVarint(cursor: VarintCursor): number {
  const { buffer, end } = cursor;
  let position = cursor.position;
  let value = 0;
  for (let shift = 0; shift <= 28; shift += 7) {
    if (position >= end) throw truncated(cursor);
    const byte = buffer[position++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.position = position;
      return value >>> 0;
    }
  }
  throw new ProtocolError('variable-length integer of 32 bits has more than 5 bytes');
}

/** A zigzag varint of 32 bits. Throws ProtocolError when truncated or longer than 5 bytes. */
export function readVarint(cursor: VarintCursor): number {
  const position = cursor.position;
  if (position < cursor.end) {
    const first = cursor.buffer[position]!;
    if (first < 0x80) {
      cursor.position = position + 1;
      return (first >>> 1) ^ -(first & 1);
    }
  }
  const value = readUnsignedVarint(cursor);
  return (value >>> 1) ^ -(value & 1);
}

/** A zigzag varint of 64 bits. Throws ProtocolError when truncated, longer than 10 bytes, or beyond ±2^53. */
export function readVarlong(cursor: VarintCursor): number {
  const { buffer, end } = cursor;
  let position = cursor.position;
  // Low 28 bits and the rest apart, so that neither loses a bit to float arithmetic.
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (position >= end) throw truncated(cursor);
    const byte = buffer[position++]!;
    low |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.position = position;
      return (low >>> 1) ^ -(low & 1);
    }
  }
  let high = 0;
  let scale = 1;
  for (let count = 4; count < 10; count++) {
    if (position >= end) throw truncated(cursor);
    const byte = buffer[position++]!;
    high += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) {
      cursor.position = position;
      const magnitude = high * 0x8000000 + (low >>> 1);
      const value = low & 1 ? -magnitude - 1 : magnitude;
      if (!Number.isSafeInteger(value)) throw new ProtocolError('integer of 64 bits is beyond ±2^53');
      return value;
    }
  }
  throw new ProtocolError('variable-length integer of 64 bits has more than 10 bytes');
}

/** Bytes that `writeUnsignedVarint` takes for a value of 0 .. 2^32-1. */
export function sizeOfUnsignedVarint(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/** Bytes that `writeVarint` takes for a value of 32 bits. */
export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
}

/** Bytes that `writeVarlong` takes; `value` within ±2^53. */
export function sizeOfVarlong(value: number): number {
  let left = value >= 0 ? value : -value - 1;
  if (left <= 0x3fffffff) return sizeOfVarint(value);
  let size = 1;
  for (left = Math.floor(left / 64); left > 0; left = Math.floor(left / 128)) size++;
  return size;
}

/** Writes at `position` and answers the position after. The caller has made sure of the room. */
export function writeUnsignedVarint(buffer: Uint8Array, position: number, value: number): number {
  let left = value >>> 0;
  while (left >= 0x80) {
    buffer[position++] = left | 0x80;
    left >>>= 7;
  }
  buffer[position] = left;
  return position + 1;
}

/** Writes a zigzag varint of 32 bits and answers the position after. */
export function writeVarint(buffer: Uint8Array, position: number, value: number): number {
  return writeUnsignedVarint(buffer, position, (value << 1) ^ (value >> 31));
}

/** Writes a zigzag varint of 64 bits, `value` within ±2^53, and answers the position after. */
export function writeVarlong(buffer: Uint8Array, position: number, value: number): number {
  const magnitude = value >= 0 ? value : -value - 1;
  if (magnitude <= 0x3fffffff) return writeVarint(buffer, position, value);
  const high = Math.floor(magnitude / 0x8000000);
  const low = ((magnitude % 0x8000000) << 1) | (value < 0 ? 1 : 0);
  for (let shift = 0; shift < 28; shift += 7) buffer[position++] = ((low >>> shift) & 0x7f) | 0x80;
  return writeUnsignedVarint(buffer, position, high);
}

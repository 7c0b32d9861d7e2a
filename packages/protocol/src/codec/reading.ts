// What generated decoders call on the roads that are not hot: long varints, great int64s, and every way to fail.
// One object for all of them, so that generated code reaches it by one name.
import { ProtocolError } from '../errors.ts';

export const reading = {
  /** Where the last decoder stopped, or the last long varint ended: a second result without an allocation. */
  position: 0,
  /** Structs and strings in lists that the message being decoded may still have. Set before each decode. */
  elementsLeft: 0,
  NO_BYTES: Buffer.alloc(0),

  /** An unsigned varint from its first byte on; sets `position` behind it. At most 5 bytes and 32 bits. */
  uvarint(bytes: Buffer, start: number, end: number, path: string): number {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      if (start + i >= end) throw new ProtocolError('the bytes end inside a varint', path);
      const byte = bytes[start + i]!;
      if (i === 4 && byte > 0x0f) break;
      // The fifth byte would shift into the sign, so this is arithmetic, not bits.
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        reading.position = start + i + 1;
        return value;
      }
    }
    throw new ProtocolError('a varint is longer than 32 bits', path);
  },

  /** Passes over a section of tagged fields none of which we know; returns the position behind it. */
  skipTaggedFields(bytes: Buffer, start: number, end: number, path: string): number {
    let count = reading.uvarint(bytes, start, end, path);
    for (let previous = -1; count > 0; count--) {
      const tag = reading.uvarint(bytes, reading.position, end, path);
      if (tag <= previous) throw reading.tagOrder(path, tag, previous);
      previous = tag;
      const size = reading.uvarint(bytes, reading.position, end, path);
      if (size > end - reading.position) throw reading.tooLong(path, size, end - reading.position);
      reading.position += size;
    }
    return reading.position;
  },

  /** An int64 whose upper half leaves the safe range, or nearly. The greatest int64 stands for the greatest number. */
  farInt64(high: number, low: number, path: string): number {
    if (high === 0x7fffffff && low === 0xffffffff) return Number.MAX_SAFE_INTEGER;
    const value = high * 4294967296 + low;
    if (Number.isSafeInteger(value)) return value;
    throw new ProtocolError(`an int64 beyond 2^53 (upper half ${high})`, path);
  },

  float64(bytes: Buffer, position: number): number {
    return bytes.readDoubleBE(position);
  },

  /** `leads`: paths and byte counts, in turn, of what was about to be read; says which of them the bytes do not reach. */
  truncated(left: number, leads: readonly (string | number)[]): ProtocolError {
    let needed = 0;
    for (let i = 0; i < leads.length; i += 2) {
      needed += leads[i + 1] as number;
      if (needed > left) {
        return new ProtocolError(`the bytes end: ${needed} more needed, ${Math.max(0, left)} left`, leads[i] as string);
      }
    }
    return new ProtocolError('the bytes end');
  },

  tooLong(path: string, length: number, left: number): ProtocolError {
    return new ProtocolError(`a length of ${length} with ${left} bytes left`, path);
  },

  stringTooLong(path: string, length: number): ProtocolError {
    return new ProtocolError(`a string of ${length} bytes, more than 32767`, path);
  },

  tooMany(path: string, count: number, left: number, minBytes: number): ProtocolError {
    return new ProtocolError(`${count} elements of at least ${minBytes} bytes each with ${left} bytes left`, path);
  },

  tooManyInAll(path: string): ProtocolError {
    return new ProtocolError('more elements in all lists together than a message may have', path);
  },

  nullNotAllowed(path: string): ProtocolError {
    return new ProtocolError('null where a value is needed', path);
  },

  tagOrder(path: string, tag: number, previous: number): ProtocolError {
    return new ProtocolError(`tagged field ${tag} after ${previous}`, path);
  },

  tagSize(path: string, size: number, used: number): ProtocolError {
    return new ProtocolError(`a tagged field of ${size} bytes, of which its value takes ${used}`, path);
  },
};

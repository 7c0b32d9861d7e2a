// What generated encoders call: strings, byte strings, long varints, and every way to refuse a value.
// One object for all of them, so that generated code reaches it by one name.
import { ProtocolError } from '../errors.ts';
import { ByteWriter } from './byte-writer.ts';

/** Up to so many characters a loop beats the call into native code. */
const SHORT_STRING = 40;

export const writing = {
  ByteWriter,
  NO_BYTES: Buffer.alloc(0),

  /** Returns the bytes written. There is room for three bytes per character. */
  utf8(buffer: Buffer, position: number, text: string): number {
    const { length } = text;
    if (length > SHORT_STRING) return buffer.write(text, position, 'utf8');
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return buffer.write(text, position, 'utf8');
      buffer[position + i] = code;
    }
    return length;
  },

  /** Bytes of a string in UTF-8, at most 32767. */
  stringBytes(text: string, path: string): number {
    const bytes = Buffer.byteLength(text);
    if (bytes > 32767) throw new ProtocolError(`a string of ${bytes} bytes, more than 32767`, path);
    return bytes;
  },

  /** Returns the position behind it. There is room for five bytes. */
  uvarint(buffer: Buffer, position: number, value: number): number {
    let rest = value;
    let at = position;
    while (rest > 127) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    return at;
  },

  /** The upper half of an int64 that is no int32. The greatest number stands for the greatest int64, as in reading. */
  int64High(value: number, path: string): number {
    if (!Number.isSafeInteger(value)) throw writing.notA('an int64 within 2^53', path, value);
    return value === Number.MAX_SAFE_INTEGER ? 0x7fffffff : Math.floor(value / 4294967296);
  },

  float64(buffer: Buffer, position: number, value: number, path: string): void {
    if (typeof value !== 'number') throw writing.notA('a number', path, value);
    buffer.writeDoubleBE(value, position);
  },

  uuid(buffer: Buffer, position: number, text: string, path: string): void {
    if (typeof text !== 'string' || text.length !== 22 || buffer.write(text, position, 16, 'base64url') !== 16) {
      throw writing.notA('an id of 22 characters', path, text);
    }
  },

  /** Bytes of a list of chunks. */
  sizeOfChunks(value: readonly Uint8Array[], path: string): number {
    if (!Array.isArray(value)) throw writing.notA('bytes', path, value);
    let size = 0;
    for (const chunk of value) {
      if (!(chunk instanceof Uint8Array)) throw writing.notA('bytes', path, chunk);
      size += chunk.length;
    }
    return size;
  },

  append(writer: ByteWriter, value: Uint8Array | readonly Uint8Array[]): void {
    if (value instanceof Uint8Array) writer.append(value);
    else for (const chunk of value) writer.append(chunk);
  },

  appendAll(writer: ByteWriter, other: ByteWriter): void {
    for (const piece of other.finish()) writer.append(piece);
  },

  notA(what: string, path: string, value: unknown): ProtocolError {
    const shown =
      typeof value === 'string' ? `'${value.slice(0, 40)}'` : Array.isArray(value) ? 'a list' : String(value);
    return new ProtocolError(`${shown} is not ${what}`, path);
  },

  notInVersion(path: string, message: string, version: number): ProtocolError {
    return new ProtocolError(`a value is given, but ${message} v${version} has no such field`, path);
  },
};

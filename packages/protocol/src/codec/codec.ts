// Encoding and decoding of any described message in any of its versions. The code for a version is compiled when it is
// first needed, so that start-up pays for nothing, and kept with the description.
import type { InputOf, Message, MessageOf } from '../description/message.ts';
import { includes, parseVersions } from '../description/versions.ts';
import { ProtocolError } from '../errors.ts';
import type { ByteWriter } from './byte-writer.ts';
import { compileDecoder, type Decoder } from './decoder.ts';
import { compileEncoder, type Encoder } from './encoder.ts';
import { reading } from './reading.ts';

/**
 * Structs and strings that the lists of one message may have together. A byte on the wire can become an object of a
 * hundred bytes, so that the size of the frame alone bounds memory badly: at this bound it is some 400 MB.
 */
export const ELEMENTS_MAX = 4_000_000;

interface Compiled {
  readonly decoders: (Decoder | undefined)[];
  readonly encoders: (Encoder | undefined)[];
}

const compiled = new WeakMap<Message, Compiled>();

/**
 * Decodes the message that starts at `position`. `bytes` and `records` in it are views of `buffer`.
 * Bytes behind the message, up to `end`, are left alone: `decodeWhole` refuses them. `elementsMax` bounds the structs and
 * strings in all lists together.
 * @throws ProtocolError on anything that is no valid message, or when the message has no such version.
 */
export function decode<D extends Message>(
  message: D,
  version: number,
  buffer: Buffer,
  position: number,
  end = buffer.length,
  elementsMax = ELEMENTS_MAX,
): MessageOf<D> {
  checkBounds(buffer, position, end);
  reading.elementsLeft = elementsMax;
  return decoderOf(message, version)(buffer, position, end) as MessageOf<D>;
}

/** As `decode`, and the message has to end exactly at `end`. */
export function decodeWhole<D extends Message>(
  message: D,
  version: number,
  buffer: Buffer,
  position: number,
  end = buffer.length,
): MessageOf<D> {
  checkBounds(buffer, position, end);
  reading.elementsLeft = ELEMENTS_MAX;
  const value = decoderOf(message, version)(buffer, position, end) as MessageOf<D>;
  if (reading.position !== end) {
    throw new ProtocolError(`${end - reading.position} bytes behind the end of ${message.name} v${version}`);
  }
  return value;
}

/**
 * Appends the message to the writer. Large `bytes` and `records` are referenced, so they must not change until sent.
 * @throws ProtocolError for values that the message or this version of it cannot carry. The writer is of no use then.
 */
export function encode<D extends Message>(message: D, version: number, value: InputOf<D>, writer: ByteWriter): void {
  encoderOf(message, version)(value, writer);
}

function decoderOf(message: Message, version: number): Decoder {
  const known = compiledOf(message).decoders;
  let decoder = known[version];
  if (!decoder) known[version] = decoder = compileDecoder(message, checkVersion(message, version));
  return decoder;
}

function encoderOf(message: Message, version: number): Encoder {
  const known = compiledOf(message).encoders;
  let encoder = known[version];
  if (!encoder) known[version] = encoder = compileEncoder(message, checkVersion(message, version));
  return encoder;
}

function compiledOf(message: Message): Compiled {
  const known = compiled.get(message);
  if (known) return known;
  const fresh: Compiled = { decoders: [], encoders: [] };
  compiled.set(message, fresh);
  return fresh;
}

function checkVersion(message: Message, version: number): number {
  if (includes(parseVersions(message.versions), version)) return version;
  throw new ProtocolError(`${message.name} has no version ${version}, only ${message.versions}`);
}

/** Reading past `end` is excluded by the generated code; that `end` lies within the buffer, here. */
function checkBounds(buffer: Buffer, position: number, end: number): void {
  if (position < 0 || position > end || end > buffer.length) {
    throw new RangeError(`bytes ${position} to ${end} of a buffer of ${buffer.length}`);
  }
}

// Data that carries its own version: an int16, then the body. Keys and values of coordinator records, consumer protocol
// metadata, control records, entries of the transaction index.
import type { InputOf, Message, MessageOf } from '../description/message.ts';
import { parseVersions } from '../description/versions.ts';
import { ProtocolError } from '../errors.ts';
import { ByteWriter } from './byte-writer.ts';
import { decode, encode } from './codec.ts';

/** The int16 at the start: the version of a value, the type of a record key. */
export function prefixOf(buffer: Buffer): number {
  if (buffer.length < 2) throw new ProtocolError(`${buffer.length} bytes, too few for a version`);
  return buffer.readInt16BE(0);
}

export function encodeVersioned<D extends Message>(message: D, version: number, value: InputOf<D>): Buffer {
  return encodePrefixed(message, version, version, value);
}

/**
 * `newer: 'as-newest'` reads a version past our newest one by the rules of the newest, for formats that promise to add
 * fields only at the end (the consumer protocol); `'refuse'` throws.
 */
export function decodeVersioned<D extends Message>(
  message: D,
  buffer: Buffer,
  newer: 'refuse' | 'as-newest' = 'refuse',
): MessageOf<D> {
  const version = prefixOf(buffer);
  const newest = parseVersions(message.versions).max;
  return decode(message, newer === 'as-newest' && version > newest ? newest : version, buffer, 2);
}

/** The key of a coordinator record: its type, then the body, which knows one version only. */
export function encodeRecordKey<D extends Message>(key: D, value: InputOf<D>): Buffer {
  return encodePrefixed(key, key.id ?? 0, 0, value);
}

/** The type has to be the one of `key`; look at `prefixOf` first where it may be another. */
export function decodeRecordKey<D extends Message>(key: D, buffer: Buffer): MessageOf<D> {
  const type = prefixOf(buffer);
  if (type !== key.id) throw new ProtocolError(`a key of type ${type}, not ${key.name}`);
  return decode(key, 0, buffer, 2);
}

export const encodeRecordValue = encodeVersioned;
/** A version newer than ours is refused: fields we do not know could change what the record means. */
export const decodeRecordValue = decodeVersioned;

/** Such data is kept, as in the log of a coordinator, and must not keep a slab of frames with it. */
const FIRST_BYTES = 128;

function encodePrefixed<D extends Message>(message: D, prefix: number, version: number, value: InputOf<D>): Buffer {
  const writer = new ByteWriter(FIRST_BYTES);
  writer.position = writer.buffer.writeInt16BE(prefix, 0);
  encode(message, version, value, writer);
  const pieces = writer.finish();
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, writer.length);
}

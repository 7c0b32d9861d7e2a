// Bytes of keys, values and headers to text, by the names of Kafka's deserializer classes.
import { javaDouble } from '../text/java-text.ts';

/** Answers text, or the bytes as they are. Throws when the bytes are of another length or form. */
export type Deserializer = (bytes: Uint8Array) => string | Uint8Array;

const view = (bytes: Uint8Array, length: number, type: string): DataView => {
  if (bytes.length !== length) throw new Error(`Size of data received by ${type}Deserializer is not ${length}`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
};

/** Kafka prints a float with the digits that tell it from its neighbours, as JavaScript does for a double. */
function javaFloat(value: number): string {
  if (!Number.isFinite(value)) return javaDouble(value);
  for (let digits = 1; digits <= 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return javaDouble(shorter);
  }
  return javaDouble(value);
}

const DESERIALIZERS: Readonly<Record<string, Deserializer>> = {
  string: (bytes) => Buffer.from(bytes).toString(),
  bytearray: (bytes) => bytes,
  bytebuffer: (bytes) => bytes,
  // Kafka's Bytes shows what is not printable in hexadecimal.
  bytes: (bytes) => {
    let text = '';
    for (const byte of bytes) {
      const printable = byte >= 0x20 && byte <= 0x7e && byte !== 0x5c;
      text += printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    return text;
  },
  short: (bytes) => String(view(bytes, 2, 'Short').getInt16(0)),
  integer: (bytes) => String(view(bytes, 4, 'Integer').getInt32(0)),
  long: (bytes) => String(view(bytes, 8, 'Long').getBigInt64(0)),
  float: (bytes) => javaFloat(view(bytes, 4, 'Float').getFloat32(0)),
  double: (bytes) => javaDouble(view(bytes, 8, 'Double').getFloat64(0)),
  boolean: (bytes) => {
    if (bytes.length !== 1 || bytes[0]! > 1)
      throw new Error(`Unexpected byte received by BooleanDeserializer: ${bytes[0]}`);
    return String(bytes[0] === 1);
  },
  uuid: (bytes) => Buffer.from(bytes).toString(),
  void: (bytes) => {
    if (bytes.length > 0) throw new Error('Data should be null for a VoidDeserializer.');
    return 'null';
  },
};

const asTheyAre: Deserializer = (bytes) => bytes;

/**
 * By class name (`org.apache.kafka.common.serialization.LongDeserializer`) or its short form (`long`); undefined leaves the
 * bytes as they are. Throws on a name that is not one of Kafka's, naming those that are.
 */
export function deserializerFor(name: string | undefined): Deserializer {
  if (name === undefined || name === '') return asTheyAre;
  const short = name
    .slice(name.lastIndexOf('.') + 1)
    .replace(/Deserializer$/, '')
    .toLowerCase();
  const found = Object.hasOwn(DESERIALIZERS, short) ? DESERIALIZERS[short] : undefined;
  if (!found) throw new Error(`${name}: no such deserializer; there are ${Object.keys(DESERIALIZERS).join(', ')}`);
  return found;
}

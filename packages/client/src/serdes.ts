// Serializers and deserializers for keys and values, in pairs; their bytes are those of Kafka's Java classes of the same
// purpose, so both sides may differ in language. Nulls never come here. A schema registry's serdes have the same shape.

import type { Deserializer } from './consumer/consumer-model.ts';
import { KafkaError } from './errors.ts';
import type { Serializer } from './producer/producer-model.ts';

export interface Serde<T> {
  readonly serializer: Serializer<T>;
  readonly deserializer: Deserializer<T>;
}

/** UTF-8 (StringSerializer). */
const string: Serde<string> = {
  serializer: (value) => Buffer.from(wanted(value, typeof value === 'string', 'a string')),
  deserializer: (bytes) => bytes.toString('utf8'),
};

/** As they are (ByteArraySerializer). What is read is a copy and may be kept. */
const buffer: Serde<Buffer> = {
  serializer: (value) => wanted(value, value instanceof Uint8Array, 'bytes'),
  deserializer: (bytes) => Buffer.from(bytes),
};

/** 2 bytes, big-endian (ShortSerializer). */
const int16: Serde<number> = {
  serializer: (value) => {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(whole(value, 0x8000));
    return bytes;
  },
  deserializer: (bytes) => sized(bytes, 2).readInt16BE(),
};

/** 4 bytes, big-endian (IntegerSerializer). */
const int32: Serde<number> = {
  serializer: (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(whole(value, 0x80000000));
    return bytes;
  },
  deserializer: (bytes) => sized(bytes, 4).readInt32BE(),
};

/** 8 bytes, big-endian (LongSerializer). Numbers beyond 2^53 are refused rather than rounded; `bigint64` takes them all. */
const int64: Serde<number> = {
  serializer: (value) => bigint64.serializer(BigInt(whole(value, 2 ** 53)), ''),
  deserializer: (bytes) => {
    const value = Number(sized(bytes, 8).readBigInt64BE());
    return wanted(value, Number.isSafeInteger(value), 'a whole number within 2^53');
  },
};

/** 8 bytes, big-endian (LongSerializer), without a bound. */
const bigint64: Serde<bigint> = {
  serializer: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(wanted(value, typeof value === 'bigint', 'a bigint'));
    return bytes;
  },
  deserializer: (bytes) => sized(bytes, 8).readBigInt64BE(),
};

/** 8 bytes, IEEE 754, big-endian (DoubleSerializer). */
const float64: Serde<number> = {
  serializer: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(wanted(value, typeof value === 'number', 'a number'));
    return bytes;
  },
  deserializer: (bytes) => sized(bytes, 8).readDoubleBE(),
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The 36 characters in lower case, as UTF-8 (UUIDSerializer). */
const uuid: Serde<string> = {
  serializer: (value) => {
    const text = String(value).toLowerCase();
    return Buffer.from(wanted(text, UUID.test(text), 'a UUID'));
  },
  deserializer: (bytes) => {
    const text = bytes.toString('utf8').toLowerCase();
    return wanted(text, UUID.test(text), 'a UUID');
  },
};

/** JSON as UTF-8. The type is the caller's word: what is read is not checked against it. */
function json<T>(): Serde<T> {
  return {
    serializer: (value) => {
      const text = JSON.stringify(value);
      return Buffer.from(wanted(text, text !== undefined, 'something that JSON can express'));
    },
    deserializer: (bytes) => JSON.parse(bytes.toString('utf8')) as T,
  };
}

export const serdes = { string, buffer, int16, int32, int64, bigint64, float64, uuid, json };

function wanted<T>(value: T, holds: boolean, what: string): T {
  if (holds) return value;
  throw new KafkaError('SERIALIZATION', { message: `${String(value)} is not ${what}.` });
}

function whole(value: number, limit: number): number {
  return wanted(value, Number.isSafeInteger(value) && value >= -limit && value < limit, 'a whole number that fits');
}

function sized(bytes: Buffer, length: number): Buffer {
  if (bytes.length === length) return bytes;
  throw new KafkaError('SERIALIZATION', {
    message: `There are ${bytes.length} bytes where ${length} make the number.`,
  });
}

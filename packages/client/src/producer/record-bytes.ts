// What applications hand in, as bytes: keys and values by their serializers, headers as pairs.
import { KafkaError } from '../errors.ts';
import type { Bytes, HeadersInput, RecordHeader, Serializer } from './producer-model.ts';

export function serialize<T>(serializer: Serializer<T>, value: T, topic: string): Uint8Array {
  try {
    return serializer(value, topic);
  } catch (error) {
    if (error instanceof KafkaError) throw error;
    const message = `A key or value for topic ${topic} cannot be serialized: ${(error as Error).message}`;
    throw new KafkaError('SERIALIZATION', { message, topic, cause: error });
  }
}

export function asBytes(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  throw new KafkaError('SERIALIZATION', {
    message: `A ${typeof value} is neither a string nor bytes; set keySerializer or valueSerializer.`,
  });
}

export function headersOf(headers: HeadersInput): RecordHeader[] {
  const list = Array.isArray(headers)
    ? (headers as readonly { key: string; value: Bytes | null }[])
    : Object.entries(headers as { [key: string]: Bytes | null }).map(([key, value]) => ({ key, value }));
  return list.map(({ key, value }) => ({ key, value: value === null ? null : asBytes(value) }));
}

// A coordinator record as JSON: what its type is, and key and value field by field.
import { decodeRecordKey, decodeRecordValue, prefixOf } from '@moldau/protocol';
import { type Json, messageJson } from './message-json.ts';
import type { RecordType } from './record-types.ts';

export interface RecordJson {
  readonly type: number;
  readonly key: Json;
  /** Undefined for a tombstone. */
  readonly value: { readonly version: number; readonly data: Json } | undefined;
}

/** Undefined for a type that `types` does not know. Throws ProtocolError on bytes that are not such a record. */
export function recordJson(
  types: ReadonlyMap<number, RecordType>,
  key: Buffer,
  value: Buffer | null,
): RecordJson | undefined {
  const type = prefixOf(key);
  const described = types.get(type);
  if (!described) return undefined;
  const keyJson = messageJson(described.key, 0, decodeRecordKey(described.key, key));
  if (value === null) return { type, key: keyJson, value: undefined };
  const version = prefixOf(value);
  const data = messageJson(described.value, version, decodeRecordValue(described.value, value));
  return { type, key: keyJson, value: { version, data } };
}

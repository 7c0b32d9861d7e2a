// A decoded message as the JSON that Kafka's tools print: fields in the order of the description, those of the version at
// hand only, tagged fields only when they differ from their default, bytes in base64.
import { type Field, type Fields, ZERO_UUID } from '@moldau/protocol/description/field';
import type { Message } from '@moldau/protocol/description/message';
import { includes, parseVersions } from '@moldau/protocol/description/versions';

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** The JSON of a value that was decoded with `message` at `version`. */
export function messageJson(message: Message, version: number, value: object): Json {
  return structJson(message.fields, version, value as Record<string, unknown>);
}

function structJson(fields: Fields, version: number, value: Record<string, unknown>): Json {
  const json: { [name: string]: Json } = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.versions !== undefined && !includes(parseVersions(field.versions), version)) continue;
    const content = value[name];
    if (field.tag !== undefined && isDefault(field, content)) continue;
    json[name] = fieldJson(field, version, content);
  }
  return json;
}

function fieldJson(field: Field, version: number, value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((element) => fieldJson(field.element!, version, element));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (field.kind === 'struct') return structJson(field.fields!, version, value as Record<string, unknown>);
  return value as string | number | boolean;
}

function isDefault(field: Field, value: unknown): boolean {
  if (field.default !== undefined) return value === field.default;
  if (value === null || value === undefined) return false;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  return value === 0 || value === false || value === '' || (field.kind === 'uuid' && value === ZERO_UUID);
}

// Reads Kafka's own message schemas (JSON with `//` comments) and keeps the facts alone: names, types, versions, null,
// tags, defaults, ignorable. No prose comes along. The digest is committed as kafka-schemas.json, so that a clone
// without the schemas can check our descriptions; `node packages/protocol/test/schema-digest.ts <folder>` writes it anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MessageDigest {
  readonly kind: string;
  /** Key of the API, or type of the record. */
  readonly id?: number;
  readonly versions: string;
  readonly flexible: string;
  readonly newestUnstable?: true;
  /** One line a field, in order: `>` for each level, name, type, versions, then what else is said. */
  readonly fields: readonly string[];
}

export type SchemaDigest = { readonly [message: string]: MessageDigest };

interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly flexibleVersions?: string;
  readonly fields?: readonly SchemaField[];
}

interface Schema {
  readonly name: string;
  readonly type: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly latestVersionUnstable?: boolean;
  readonly fields?: readonly SchemaField[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly SchemaField[] }[];
}

export const DIGEST_FILE = fileURLToPath(new URL('kafka-schemas.json', import.meta.url));

export function readDigest(): SchemaDigest {
  return JSON.parse(readFileSync(DIGEST_FILE, 'utf8')) as SchemaDigest;
}

/** Retired messages (no valid version) are left out. */
export function digestOf(folder: string): SchemaDigest {
  const digest: Record<string, MessageDigest> = {};
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'));
  for (const path of paths.sort()) {
    const text = readFileSync(join(folder, path), 'utf8').replace(/^\s*\/\/.*$/gm, '');
    const schema = JSON.parse(text) as Schema;
    if (schema.validVersions !== 'none') digest[schema.name] = messageDigest(schema);
  }
  return digest;
}

function messageDigest(schema: Schema): MessageDigest {
  const shared = new Map(schema.commonStructs?.map((struct) => [struct.name, struct.fields]));
  const lines: string[] = [];
  const walk = (fields: readonly SchemaField[], depth: number): void => {
    for (const field of fields) {
      const base = field.type.replace('[]', '');
      const inner = field.fields ?? shared.get(base);
      lines.push(fieldLine(field, inner ? field.type.replace(base, 'struct') : field.type, depth));
      if (inner) walk(inner, depth + 1);
    }
  };
  walk(schema.fields ?? [], 0);
  return {
    kind: schema.type,
    ...(schema.apiKey === undefined ? {} : { id: schema.apiKey }),
    versions: schema.validVersions,
    flexible: schema.flexibleVersions ?? 'none',
    ...(schema.latestVersionUnstable ? { newestUnstable: true } : {}),
    fields: lines,
  };
}

function fieldLine(field: SchemaField, type: string, depth: number): string {
  const said = [
    field.nullableVersions && `nullable=${field.nullableVersions}`,
    field.tag !== undefined && `tag=${field.tag}`,
    field.taggedVersions && `tagged=${field.taggedVersions}`,
    // A JSON null here means "nothing said" to Kafka's generator; the text "null" means null.
    field.default !== undefined && field.default !== null && `default=${JSON.stringify(String(field.default))}`,
    field.ignorable && 'ignorable',
    field.flexibleVersions && `flexible=${field.flexibleVersions}`,
  ].filter(Boolean);
  const versions = field.versions ?? field.taggedVersions ?? 'none';
  return [`${'>'.repeat(depth)}${field.name}`, type, versions, ...said].join(' ');
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('usage: node schema-digest.ts <folder of Kafka message schemas>');
  writeFileSync(DIGEST_FILE, `${JSON.stringify(digestOf(folder), undefined, 2)}\n`);
}

// Our descriptions against Kafka's schemas, field by field: order, name, type, versions, null, tags, defaults, ignorable.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { allMessages } from '../../test/all-messages.ts';
import { digestOf, type MessageDigest, readDigest } from '../../test/schema-digest.ts';
import type { Field, Fields } from './field.ts';
import type { Message } from './message.ts';
import { EVERY_VERSION, intersect, isEmpty, parseVersions, type VersionRange } from './versions.ts';

/** What a field says to the versions that are valid; what only removed versions had is left out on both sides. */
interface Fact {
  readonly depth: number;
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullable: string;
  readonly tag: number | undefined;
  readonly default: unknown;
  readonly ignorable: boolean;
  readonly compact: boolean;
}

const digest = readDigest();
const messages = await allMessages();

test('describes the messages of the schemas, all of them and no others', () => {
  expect([...messages.keys()].sort()).toEqual(Object.keys(digest).sort());
});

describe.each(Object.keys(digest))('%s', (name) => {
  const theirs = digest[name]!;
  const ours = messages.get(name)!;

  test('says the same of the whole', () => {
    const kinds: Record<string, Message['kind']> = {
      request: 'request',
      response: 'response',
      'coordinator-key': 'recordKey',
      'coordinator-value': 'recordValue',
      metadata: 'recordValue',
    };
    expect(ours.kind).toBe(kinds[theirs.kind] ?? 'data');
    expect(ours.id).toBe(theirs.id);
    expect(parseVersions(ours.versions)).toEqual(parseVersions(theirs.versions));
    expect(parseVersions(ours.flexible)).toEqual(parseVersions(theirs.flexible));
    expect(ours.newestUnstable).toBe(theirs.newestUnstable ?? false);
  });

  test('says the same of each field', () => {
    expect(ourFacts(ours)).toEqual(theirFacts(theirs));
  });
});

const schemas = fileURLToPath(new URL('../../../../../shared/kafka-message-schemas', import.meta.url));
if (existsSync(schemas)) {
  test('the digest is what the schemas beside the repository say', () => {
    expect(digestOf(schemas)).toEqual(digest);
  });
}

function ourFacts(message: Message): Fact[] {
  const facts: Fact[] = [];
  const walk = (fields: Fields, enclosing: VersionRange, depth: number): void => {
    for (const [name, field] of Object.entries(fields)) {
      const versions = field.versions === undefined ? enclosing : intersect(parseVersions(field.versions), enclosing);
      if (isEmpty(versions)) continue;
      const inner = field.fields ?? field.element?.fields;
      const element = field.kind === 'array' ? field.element!.kind : undefined;
      facts.push({
        depth,
        name,
        type: element === undefined ? field.kind : `[]${element}`,
        versions: shown(versions),
        nullable: field.nullable === undefined ? 'none' : shown(intersect(parseVersions(field.nullable), versions)),
        tag: field.tag,
        default: ourDefault(field),
        ignorable: field.ignorable === true,
        compact: field.flexible !== 'none',
      });
      if (inner) walk(inner, versions, depth + 1);
    }
  };
  walk(message.fields, intersect(parseVersions(message.versions), EVERY_VERSION), 0);
  return facts;
}

function ourDefault(field: Field): unknown {
  if (field.default !== undefined) return field.default;
  const inner = field.kind === 'array' ? '[]' : field.kind;
  return implicitDefault(inner);
}

function theirFacts(message: MessageDigest): Fact[] {
  const facts: Fact[] = [];
  const enclosing: VersionRange[] = [parseVersions(message.versions)];
  for (const line of message.fields) {
    const [marked, type, said, ...rest] = line.split(' ') as [string, string, string, ...string[]];
    const depth = marked.lastIndexOf('>') + 1;
    const named = marked.slice(depth);
    const versions = intersect(parseVersions(said), enclosing[depth]!);
    enclosing[depth + 1] = versions;
    if (isEmpty(versions)) continue;
    const value = (key: string) => rest.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
    const tagged = value('tagged');
    // Nowhere does a field change between its place and a tag; if one did, this test would have to say more.
    if (tagged !== undefined) expect(intersect(parseVersions(tagged), versions)).toEqual(versions);
    const nullable = value('nullable');
    facts.push({
      depth,
      name: named[0]!.toLowerCase() + named.slice(1),
      type,
      versions: shown(versions),
      nullable: nullable === undefined ? 'none' : shown(intersect(parseVersions(nullable), versions)),
      tag: tagged === undefined ? undefined : Number(value('tag')),
      default: theirDefault(type, value('default')),
      ignorable: rest.includes('ignorable'),
      compact: value('flexible') !== 'none',
    });
  }
  return facts;
}

function theirDefault(type: string, quoted: string | undefined): unknown {
  if (quoted === undefined) return implicitDefault(type.startsWith('[]') ? '[]' : type);
  const text = JSON.parse(quoted) as string;
  if (text === 'null') return null;
  if (type === 'string') return text;
  if (type === 'bool') return text === 'true';
  // The greatest int64 is the greatest number here.
  return text === '9223372036854775807' ? Number.MAX_SAFE_INTEGER : Number(text);
}

function implicitDefault(type: string): unknown {
  if (type === 'bool') return false;
  if (type === 'string') return '';
  if (/^(u?int|float)/.test(type)) return 0;
  return `default of ${type}`;
}

function shown(range: VersionRange): string {
  return isEmpty(range) ? 'none' : `${range.min}-${range.max}`;
}

// What `kafka-configs --describe` and `--alter` print, as pure functions.
import { javaDouble } from '../text/java-text.ts';
import type { EntityType } from './entity.ts';

export interface ConfigEntry {
  readonly name: string;
  readonly value: string | null;
  readonly sensitive: boolean;
  readonly synonyms: readonly { readonly source: string; readonly name: string; readonly value: string | null }[];
}

/** `topics` to `topic`: Kafka drops the last letter, also of `client-metrics`. */
export const singular = (type: EntityType): string => type.slice(0, -1);

/** The header line above the settings of one entity; '' is the default entity. */
export function describeHeader(type: EntityType, name: string, all: boolean): string {
  if (name === '') return `Default configs for ${type} in the cluster are:\n`;
  return `${all ? 'All' : 'Dynamic'} configs for ${singular(type)} ${name} are:\n`;
}

/** One line for each setting, sorted by name. */
export function describeEntries(entries: readonly ConfigEntry[]): string {
  return [...entries]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value, sensitive, synonyms }) => {
      const from = synonyms.map((synonym) => `${synonym.source}:${synonym.name}=${synonym.value}`).join(', ');
      return `  ${name}=${value} sensitive=${sensitive} synonyms={${from}}\n`;
    })
    .join('');
}

export function missingEntity(type: EntityType, name: string): string {
  return `The ${singular(type)} '${name}' doesn't exist and doesn't have dynamic config.\n`;
}

export function alteredText(type: EntityType, name: string): string {
  return name === ''
    ? `Completed updating default config for ${type} in the cluster.\n`
    : `Completed updating config for ${singular(type)} ${name}.\n`;
}

export interface QuotaFacts {
  /** Entity type ('user', 'client-id', 'ip') to name; null is the default entity. */
  readonly entity: ReadonlyMap<string, string | null>;
  readonly values: ReadonlyMap<string, number>;
}

const QUOTA_WORDS = [
  ['user', 'user-principal'],
  ['client-id', 'client-id'],
  ['ip', 'ip'],
] as const;

/** `Quota configs for user-principal 'u', client-id 'c' are k=v, k=v`. */
export function quotaText({ entity, values }: QuotaFacts): string {
  const who = QUOTA_WORDS.filter(([type]) => entity.has(type)).map(([type, word]) => {
    const name = entity.get(type);
    return name === null ? `the default ${word}` : `${word} '${name}'`;
  });
  const what = [...values].map(([name, value]) => `${name}=${javaDouble(value)}`);
  return `Quota configs for ${who.join(', ')} are ${what.join(', ')}\n`;
}

export function scramText(user: string, mechanisms: readonly { name: string; iterations: number }[]): string {
  const what = mechanisms.map(({ name, iterations }) => `${name}=iterations=${iterations}`);
  return `SCRAM credential configs for user-principal '${user}' are ${what.join(', ')}\n`;
}

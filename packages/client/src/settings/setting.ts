// Settings are declared once, in tables: Kafka's name, default, what is allowed, meaning. From a table come the type of
// the options object (names in camelCase), the checks, and the reading of .properties files. A setting that is not in
// the table does not exist: unknown options are refused, so that a slip of the pen is not a silent default.
import { KafkaError } from '../errors.ts';

export interface Setting<T> {
  /** Kafka's name: 'linger.ms'. */
  readonly kafka: string;
  readonly default: T;
  /** Meaning and unit. */
  readonly doc: string;
  /** Never shown, not even when it is wrong. */
  readonly secret?: boolean;
  /** The value, checked; throws a sentence that says what is allowed. */
  readonly check: (value: unknown) => T;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds settings of many types; each entry keeps its own
export type SettingTable = { readonly [name: string]: Setting<any> };
export type SettingsOf<S extends SettingTable> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};
/** What a caller may give: any of the settings. Undefined means the default. */
export type OptionsOf<S extends SettingTable> = {
  readonly [K in keyof S]?: (S[K] extends Setting<infer T> ? GivenAs<T> : never) | undefined;
};
/** Lists may be given as Kafka writes them, joined by commas. */
type GivenAs<T> = T extends readonly string[] ? T | string : T;

class Disallowed extends Error {}

interface Described {
  readonly kafka: string;
  readonly doc: string;
  readonly secret?: boolean;
}

export function integer(o: Described & { default: number; min?: number; max?: number }): Setting<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = o;
  return {
    ...o,
    check: (value) => {
      const number = typeof value === 'string' && /^\s*[-+]?\d+\s*$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < min || number > max) {
        throw new Disallowed(`a whole number ${max >= 0x7fffffff ? `of at least ${min}` : `from ${min} to ${max}`}`);
      }
      return number;
    },
  };
}

export function flag(o: Described & { default: boolean }): Setting<boolean> {
  return {
    ...o,
    check: (value) => {
      if (typeof value === 'boolean') return value;
      if (value === 'true') return true;
      if (value === 'false') return false;
      throw new Disallowed('true or false');
    },
  };
}

export function text<const D extends string | undefined>(o: Described & { default: D }): Setting<string | D> {
  return {
    ...o,
    check: (value) => {
      if (typeof value !== 'string') throw new Disallowed('a string');
      return value;
    },
  };
}

export function oneOf<const V extends string>(
  o: Described & { default: NoInfer<V>; values: readonly V[]; also?: { readonly [spelling: string]: NoInfer<V> } },
): Setting<V> {
  return {
    ...o,
    check: (value) => {
      const known = o.values.find((allowed) => allowed === value) ?? o.also?.[String(value)];
      if (known === undefined) throw new Disallowed(`one of ${o.values.join(', ')}`);
      return known;
    },
  };
}

export function list(o: Described & { default: readonly string[] }): Setting<readonly string[]> {
  return {
    ...o,
    check: (value) => {
      const parts = typeof value === 'string' ? value.split(',') : value;
      if (!Array.isArray(parts) || parts.some((part) => typeof part !== 'string')) {
        throw new Disallowed('a list of strings, or one string with commas between');
      }
      return parts.map((part: string) => part.trim()).filter((part) => part !== '');
    },
  };
}

/** A setting with a check of its own; `check` throws `disallowed('what is allowed')`. */
export function custom<T>(o: Described & { default: T; check: (value: unknown) => T }): Setting<T> {
  return o;
}

export function disallowed(allowed: string): Error {
  return new Disallowed(allowed);
}

/** Defaults filled in, everything checked. Throws KafkaError INVALID_SETTING that names the setting and what is allowed. */
export function resolveSettings<S extends SettingTable>(table: S, options: OptionsOf<S>): SettingsOf<S> {
  const resolved: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) resolved[name] = setting.default;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const setting = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!setting) throw unknownSetting(table, name);
    resolved[name] = checked(setting, name, value);
  }
  return resolved as SettingsOf<S>;
}

function checked(setting: Setting<unknown>, name: string, value: unknown): unknown {
  try {
    return setting.check(value);
  } catch (error) {
    if (!(error instanceof Disallowed)) throw error;
    throw new KafkaError('INVALID_SETTING', {
      message: `${name} is ${setting.secret ? 'not right (its value is not shown)' : shown(value)}; it must be ${error.message}.`,
    });
  }
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value));
}

function unknownSetting(table: SettingTable, name: string): KafkaError {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '');
  const near = Object.entries(table).find(
    ([known, setting]) => plain(known) === plain(name) || plain(setting.kafka) === plain(name),
  )?.[0];
  const hint = near ? ` Did you mean ${near}?` : ` There are: ${Object.keys(table).join(', ')}.`;
  return new KafkaError('INVALID_SETTING', { message: `There is no setting ${name}.${hint}` });
}

/**
 * Options from a .properties file or from `name=value` of a command line, by Kafka's names. Names that the table does
 * not have come back in `unknown`: files are shared between clients, so they are for the caller to warn of or refuse.
 */
export function settingsFromProperties<S extends SettingTable>(
  table: S,
  properties: { readonly [name: string]: string },
): { options: OptionsOf<S>; unknown: string[] } {
  const byKafkaName = new Map(Object.entries(table).map(([name, setting]) => [setting.kafka, { name, setting }]));
  const options: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [kafka, value] of Object.entries(properties)) {
    const entry = byKafkaName.get(kafka);
    if (entry) options[entry.name] = checked(entry.setting, kafka, value);
    else unknown.push(kafka);
  }
  return { options: options as OptionsOf<S>, unknown };
}

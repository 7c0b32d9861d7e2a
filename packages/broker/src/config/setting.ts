// What one setting is: its type, default, allowed values and what changing it means. The tables in `settings/` are made
// of these, and everything that reads settings (the file parser, DescribeConfigs, the topic rules, the documentation
// page) reads those tables. Pure.
// Always: a default passes its own check, and `valueOf(text)` of the printed default is the default.

/** Kafka's names of config types (org.apache.kafka.common.config.ConfigDef.Type), as DescribeConfigs shows them. */
export type SettingType = 'BOOLEAN' | 'STRING' | 'INT' | 'SHORT' | 'LONG' | 'DOUBLE' | 'LIST' | 'CLASS' | 'PASSWORD';

/** How a broker setting may be changed while brokers run: not at all, for one broker, or for one and for all. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';

/**
 * What setting it does here. `inert`: accepted so that Kafka's files load, without effect, and said so at start.
 * `refused`: any value but the default stops the start, because ignoring it would drop a protection or a promise.
 */
export type Effect =
  | { readonly kind: 'honoured' }
  | { readonly kind: 'inert'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

/** Another name under which the same thing may be set, in a unit of its own. */
export interface Synonym {
  readonly name: string;
  readonly timesMs: number;
}

export interface Setting<V> {
  readonly type: SettingType;
  /** The value when nobody sets it. */
  readonly fallback: V;
  readonly doc: string;
  readonly importance: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly mode: UpdateMode;
  readonly effect: Effect;
  /** Values that are allowed, in words: shown in errors and in the documentation. Empty when every value of the type is. */
  readonly allowed: string;
  /** Left out of DescribeConfigs and of the documentation, as Kafka's internal settings are. */
  readonly internal: boolean;
  /** Says what is wrong with a value of the right type, in Kafka's words; undefined when nothing is. */
  check(name: string, value: V): string | undefined;
}

/** Java's Long.MAX_VALUE, which Kafka uses for "no limit". Everything beyond 2^53-1 reads as this. */
export const LONG_MAX = Number.MAX_SAFE_INTEGER;
/** Java's Integer.MAX_VALUE. */
export const INT_MAX = 2_147_483_647;

export interface SettingOptions {
  readonly importance?: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly mode?: UpdateMode;
  /** Why it has no effect; makes the setting `inert`. */
  readonly inert?: string;
  /** Why a value other than the default stops the start; makes the setting `refused`. */
  readonly refused?: string;
  readonly internal?: boolean;
}

export interface NumberOptions extends SettingOptions {
  readonly min?: number;
  readonly max?: number;
  /** One value outside min..max that is allowed as well (compression.gzip.level: 1 to 9, or -1). */
  readonly or?: number;
}

export interface ListOptions extends SettingOptions {
  readonly oneOf?: readonly string[];
  /** Refuses the empty list. */
  readonly notEmpty?: boolean;
  /** A rule for the whole list beyond `oneOf`: what is allowed, in words, and the test. */
  readonly rule?: { readonly allowed: string; readonly valid: (entries: readonly string[]) => boolean };
}

function base(options: SettingOptions) {
  const effect: Effect = options.refused
    ? { kind: 'refused', why: options.refused }
    : options.inert
      ? { kind: 'inert', why: options.inert }
      : { kind: 'honoured' };
  return {
    importance: options.importance ?? 'MEDIUM',
    mode: options.mode ?? 'read-only',
    effect,
    internal: options.internal ?? false,
  } as const;
}

const bounds: Record<'INT' | 'SHORT' | 'LONG' | 'DOUBLE', readonly [number, number]> = {
  INT: [-2_147_483_648, INT_MAX],
  SHORT: [-32_768, 32_767],
  LONG: [-LONG_MAX, LONG_MAX],
  DOUBLE: [-Number.MAX_VALUE, Number.MAX_VALUE],
};

function numeric<F extends number | null>(
  type: 'INT' | 'SHORT' | 'LONG' | 'DOUBLE',
  fallback: F,
  doc: string,
  options: NumberOptions,
): Setting<number | F> {
  const { min, max, or } = options;
  const range =
    min !== undefined && max !== undefined
      ? `${min} to ${max}`
      : min !== undefined
        ? `${min} or more`
        : max !== undefined
          ? `${max} or less`
          : '';
  return {
    type,
    fallback,
    doc,
    ...base(options),
    allowed: or === undefined ? range : `${range}, or ${or}`,
    check(name, value) {
      if (value === null || value === or) return undefined;
      const said = `Invalid value ${printNumber(type, value)} for configuration ${name}: `;
      if (or !== undefined && ((min !== undefined && value < min) || (max !== undefined && value > max))) {
        return `${said}Value must be between ${min} and ${max} or equal to ${or}`;
      }
      if (min !== undefined && value < min) return `${said}Value must be at least ${min}`;
      if (max !== undefined && value > max) return `${said}Value must be no more than ${max}`;
      return undefined;
    },
  };
}

export const int = <F extends number | null>(fallback: F, doc: string, options: NumberOptions = {}) =>
  numeric('INT', fallback, doc, options);
export const short = <F extends number | null>(fallback: F, doc: string, options: NumberOptions = {}) =>
  numeric('SHORT', fallback, doc, options);
export const long = <F extends number | null>(fallback: F, doc: string, options: NumberOptions = {}) =>
  numeric('LONG', fallback, doc, options);
export const double = <F extends number | null>(fallback: F, doc: string, options: NumberOptions = {}) =>
  numeric('DOUBLE', fallback, doc, options);

export function boolean(fallback: boolean, doc: string, options: SettingOptions = {}): Setting<boolean> {
  return { type: 'BOOLEAN', fallback, doc, ...base(options), allowed: 'true or false', check: () => undefined };
}

export interface TextOptions extends SettingOptions {
  readonly notEmpty?: boolean;
}

function textual<F extends string | null>(
  type: 'STRING' | 'CLASS' | 'PASSWORD',
  fallback: F,
  doc: string,
  options: TextOptions,
): Setting<string | F> {
  return {
    type,
    fallback,
    doc,
    ...base(options),
    allowed: options.notEmpty ? 'any text but the empty one' : '',
    check(name, value) {
      return options.notEmpty && value === ''
        ? `Invalid value  for configuration ${name}: String must be non-empty`
        : undefined;
    },
  };
}

export const string = <F extends string | null>(fallback: F, doc: string, options: TextOptions = {}) =>
  textual('STRING', fallback, doc, options);
/** The name of a Java class in Kafka; here always inert or refused. */
export const javaClass = <F extends string | null>(fallback: F, doc: string, options: TextOptions = {}) =>
  textual('CLASS', fallback, doc, options);
/** Never shown, logged or described: DescribeConfigs answers null for it. */
export const password = <F extends string | null>(fallback: F, doc: string, options: TextOptions = {}) =>
  textual('PASSWORD', fallback, doc, options);

/** A word out of a fixed list. */
export function choice<const C extends readonly string[]>(
  choices: C,
  fallback: C[number],
  doc: string,
  options: SettingOptions & { readonly anyCase?: boolean } = {},
): Setting<C[number]> {
  const listed = choices.join(', ');
  return {
    type: 'STRING',
    fallback,
    doc,
    ...base(options),
    allowed: `one of ${listed}`,
    check(name, value) {
      const known = options.anyCase
        ? choices.some((one) => one.toLowerCase() === value.toLowerCase())
        : choices.includes(value);
      return known ? undefined : `Invalid value ${value} for configuration ${name}: String must be one of: ${listed}`;
    },
  };
}

export function list<F extends readonly string[] | null>(
  fallback: F,
  doc: string,
  options: ListOptions = {},
): Setting<readonly string[] | F> {
  const { oneOf, notEmpty, rule } = options;
  const allowed = oneOf ? `any of ${oneOf.join(', ')}` : (rule?.allowed ?? '');
  return {
    type: 'LIST',
    fallback,
    doc,
    ...base(options),
    allowed: notEmpty ? `${allowed ? `${allowed}; ` : ''}not empty` : allowed,
    check(name, value) {
      if (value === null) return undefined;
      if (notEmpty && value.length === 0) {
        return `Configuration '${name}' must not be empty. Valid values include: ${allowed || 'any non-empty value'}`;
      }
      if (new Set(value).size !== value.length) return `Configuration '${name}' values must not be duplicated.`;
      for (const entry of value) {
        if (entry === '') return `Configuration '${name}' values must not be empty.`;
        if (oneOf && !oneOf.includes(entry)) {
          return `Invalid value ${entry} for configuration ${name}: String must be one of: ${oneOf.join(', ')}`;
        }
      }
      if (rule && !rule.valid(value)) {
        return `Invalid value [${value.join(', ')}] for configuration ${name}: ${name} must be ${rule.allowed}`;
      }
      return undefined;
    },
  };
}

/** A value, or what is wrong with the text in Kafka's words. */
export type Read<V> =
  | { readonly kind: 'value'; readonly value: V }
  | { readonly kind: 'wrong'; readonly detail: string };

/**
 * Reads the text of a setting as Kafka's ConfigDef does: trimmed, then by type, then checked.
 * Numbers beyond 2^53-1 but inside Java's long read as LONG_MAX.
 */
export function readSetting<V>(name: string, setting: Setting<V>, text: string): Read<V> {
  const value = parse(name, setting.type, text);
  if (value.kind === 'wrong') return value;
  const detail = setting.check(name, value.value as V);
  return detail === undefined ? { kind: 'value', value: value.value as V } : { kind: 'wrong', detail };
}

function parse(name: string, type: SettingType, text: string): Read<unknown> {
  const trimmed = text.trim();
  const wrong = (why: string): Read<unknown> => ({
    kind: 'wrong',
    detail: `Invalid value ${text} for configuration ${name}: ${why}`,
  });
  switch (type) {
    case 'BOOLEAN': {
      const word = trimmed.toLowerCase();
      if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' };
      return wrong('Expected value to be either true or false');
    }
    case 'INT':
    case 'SHORT':
    case 'LONG': {
      const value = integer(trimmed, type);
      return value === undefined ? wrong(`Not a number of type ${type}`) : { kind: 'value', value };
    }
    case 'DOUBLE': {
      const value = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : Number.NaN;
      return Number.isNaN(value) ? wrong('Not a number of type DOUBLE') : { kind: 'value', value };
    }
    case 'LIST':
      return { kind: 'value', value: trimmed === '' ? [] : trimmed.split(/\s*,\s*/) };
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return { kind: 'value', value: trimmed };
  }
}

function integer(text: string, type: 'INT' | 'SHORT' | 'LONG'): number | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  if (type === 'LONG') {
    const exact = BigInt(text.startsWith('+') ? text.slice(1) : text);
    if (exact > 9_223_372_036_854_775_807n || exact < -9_223_372_036_854_775_808n) return undefined;
    if (exact > BigInt(LONG_MAX)) return LONG_MAX;
    if (exact < -BigInt(LONG_MAX)) return -LONG_MAX;
    return Number(exact);
  }
  const value = Number(text);
  const [least, most] = bounds[type];
  return value < least || value > most ? undefined : value;
}

/** The text under which Kafka shows a value (ConfigDef.convertToString); null for a setting that has none. */
export function printSetting<V>(setting: Setting<V>, value: V): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'number') return printNumber(setting.type, value);
  return String(value);
}

function printNumber(type: SettingType, value: number): string {
  if (type === 'LONG' && value === LONG_MAX) return '9223372036854775807';
  if (type === 'DOUBLE') {
    if (value === Number.MAX_VALUE) return '1.7976931348623157E308';
    return Number.isInteger(value) ? value.toFixed(1) : String(value);
  }
  return String(value);
}

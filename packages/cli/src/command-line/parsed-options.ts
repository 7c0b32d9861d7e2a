// The options of one call. Values keep their order; a value is converted when it is asked for, as in Kafka's tools, so
// that a wrong number in an option that does not matter stays unnoticed.
import { type ArgumentKind, CommandLineError, type OptionTable } from './option.ts';

/** The options given on one command line, typed by the table that they were parsed with. */
export class ParsedOptions<T extends OptionTable> {
  readonly table: T;
  /** Words that belong to no option. Most tools ignore them, as Kafka's do. */
  readonly rest: readonly string[];
  readonly #given: ReadonlyMap<string, readonly string[]>;
  /** Names in the order they were given, repeated where repeated. */
  readonly order: readonly string[];

  constructor(
    table: T,
    given: ReadonlyMap<string, readonly string[]>,
    rest: readonly string[],
    order: readonly string[],
  ) {
    this.table = table;
    this.rest = rest;
    this.order = order;
    this.#given = given;
  }

  /** Was it given? A default does not count. */
  has(name: keyof T & string): boolean {
    return this.#given.has(name);
  }

  /** All values given, in order; empty when none was and there is no default. */
  values(name: keyof T & string): readonly string[] {
    const given = this.#given.get(name);
    if (given && given.length > 0) return given;
    const fallback = this.table[name]?.default;
    return fallback === undefined ? [] : [String(fallback)];
  }

  /** The one value, or the default. Throws CommandLineError when it was given more than once. */
  value(name: keyof T & string): string | undefined {
    const values = this.values(name);
    if (values.length > 1) {
      throw new CommandLineError(`Found multiple arguments for option ${name}, but you asked for only one`, {
        usage: false,
      });
    }
    return values[0];
  }

  /** The one value as a number of the kind in the table. Throws CommandLineError when it is not one. */
  number(name: keyof T & string): number | undefined {
    const text = this.value(name);
    if (text === undefined) return undefined;
    const number = parseNumber(text, this.table[name]?.kind ?? 'long');
    if (number === undefined) {
      throw new CommandLineError(`Cannot parse argument '${text}' of option ${name}`, { usage: false });
    }
    return number;
  }

  /** `number` for an option that has a default. */
  numberOr(name: keyof T & string, fallback: number): number {
    return this.number(name) ?? fallback;
  }
}

const INTEGER_MAX = 2 ** 31 - 1;

/** Java's Integer.valueOf, Long.valueOf and Double.valueOf; longs only within 2^53, where a number is exact. */
export function parseNumber(text: string, kind: ArgumentKind): number | undefined {
  if (kind === 'double') {
    return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(text.trim()) ? Number.parseFloat(text) : undefined;
  }
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const number = Number(text);
  if (kind === 'integer' && (number > INTEGER_MAX || number < -INTEGER_MAX - 1)) return undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

// Words to options. Two manners, because Kafka's tools have two: 'joptsimple' (console tools, topics, groups …) and
// 'argparse' (perf producer, verifiable tools).
import { CommandLineError, type OptionTable } from './option.ts';
import { ParsedOptions, parseNumber } from './parsed-options.ts';

/**
 * Parses by joptsimple's rules: `--name value`, `--name=value`, and one dash as well as two; a required argument is the
 * next word whatever it looks like; an optional one is taken unless it looks like an option; no abbreviations; words that
 * belong to nothing are kept aside; `--` ends the options.
 */
export function parseOptions<const T extends OptionTable>(table: T, args: readonly string[]): ParsedOptions<T> {
  const given = new Map<string, string[]>();
  const order: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (!looksLikeOption(word)) {
      rest.push(word);
      continue;
    }
    const [name, inline] = splitOption(word);
    const option = table[name];
    if (!option) throw new CommandLineError(`${name} is not a recognized option`);
    const values = given.get(name) ?? [];
    given.set(name, values);
    order.push(name);
    if (!option.argument) {
      if (inline !== undefined && inline !== '') {
        throw new CommandLineError(`Option ${name} does not take an argument`);
      }
    } else if (inline !== undefined) {
      values.push(inline);
    } else if (option.argument === 'required') {
      if (i + 1 >= args.length) throw new CommandLineError(`Option ${name} requires an argument`);
      values.push(args[++i]!);
    } else if (i + 1 < args.length) {
      const next = args[i + 1]!;
      const fits =
        option.kind === undefined || option.kind === 'string' || parseNumber(next, option.kind) !== undefined;
      if (fits && !looksLikeOption(next)) values.push(args[++i]!);
    }
  }
  for (const name of given.keys()) {
    const needs = table[name]?.onlyWith;
    if (needs && !needs.some((other) => given.has(other)) && !given.has('help') && !given.has('version')) {
      throw new CommandLineError(`Option(s) [${name}] are unavailable given other options on the command line`);
    }
  }
  return new ParsedOptions(table, given, rest, order);
}

/**
 * Parses by argparse4j's rules: every word belongs to an option, required options must be there, the last of a repeated
 * option wins, choices are checked. Errors read as argparse4j's do.
 */
export function parseArguments<const T extends OptionTable>(table: T, args: readonly string[]): ParsedOptions<T> {
  const given = new Map<string, string[]>();
  const order: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] === '-h' ? '--help' : args[i]!;
    const [name, inline] = splitOption(word);
    const option = word.startsWith('--') ? table[name] : undefined;
    if (!option) throw new CommandLineError(`unrecognized arguments: '${word}'`);
    order.push(name);
    if (!option.argument) {
      given.set(name, []);
      continue;
    }
    const values = inline === undefined ? [] : [inline];
    const wanted = option.argument === 'several' ? Number.POSITIVE_INFINITY : 1;
    while (values.length < wanted && i + 1 < args.length && !startsOption(table, args[i + 1]!)) values.push(args[++i]!);
    if (values.length === 0) {
      const count = option.argument === 'several' ? 'at least one argument' : 'one argument';
      throw new CommandLineError(`argument --${name}: expected ${count}`);
    }
    const kind = option.kind ?? 'string';
    for (const value of values) {
      const converted = kind === 'string' ? value : parseNumber(value, kind);
      if (converted === undefined) {
        const type = { integer: 'Integer', long: 'Long', double: 'Double', string: 'String' }[kind];
        throw new CommandLineError(
          `argument --${name}: could not convert '${value}' to ${type} (expected a ${kind === 'double' ? 'number' : 'whole number'})`,
        );
      }
      if (option.choices && !option.choices.includes(converted)) {
        throw new CommandLineError(
          `argument --${name}: invalid choice: '${value}' (choose from {${option.choices.join(',')}})`,
        );
      }
    }
    given.set(name, values);
  }
  if (!given.has('help')) {
    for (const [name, option] of Object.entries(table)) {
      if (option.required && !given.has(name)) throw new CommandLineError(`argument --${name} is required`);
    }
  }
  return new ParsedOptions(table, given, [], order);
}

function looksLikeOption(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

/** argparse lets a negative number stand as a value. */
function startsOption(table: OptionTable, word: string): boolean {
  if (!looksLikeOption(word)) return false;
  return word === '-h' || table[splitOption(word)[0]] !== undefined || !/^-\d/.test(word);
}

function splitOption(word: string): [name: string, inline: string | undefined] {
  const bare = word.replace(/^--?/, '');
  const at = bare.indexOf('=');
  return at < 0 ? [bare, undefined] : [bare.slice(0, at), bare.slice(at + 1)];
}

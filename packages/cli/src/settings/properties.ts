// Settings from files and from the command line. Files are Java's .properties format.
import { readFileSync } from 'node:fs';
import { CommandLineError } from '../command-line/option.ts';

export type Properties = Map<string, string>;

/** Reads a .properties file. Throws CommandLineError naming the file when it cannot be read. */
export async function loadProperties(path: string): Promise<Properties> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandLineError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`, {
      usage: false,
    });
  }
  const { parse } = await import('dot-properties');
  return new Map(Object.entries(parse(text) as Record<string, string>));
}

/** `key=value` words; the value may hold `=` and may be missing, which means empty. */
export function keyValueArguments(words: readonly string[]): Properties {
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** `first`, then what `second` says, which wins. */
export function merged(first: Properties, second: Properties): Properties {
  return new Map([...first, ...second]);
}

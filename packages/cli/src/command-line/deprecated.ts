// Pairs of options of which the older one still works, with a word about it.
import { CommandLineError, type OptionTable } from './option.ts';
import type { ParsedOptions } from './parsed-options.ts';

type Name<T> = keyof T & string;

/** The one of the two that was given, or `now`. Throws CommandLineError when both were. */
export function nowOrBefore<T extends OptionTable>(options: ParsedOptions<T>, now: Name<T>, before: Name<T>): Name<T> {
  if (options.has(now) && options.has(before)) {
    throw new CommandLineError(`Options --${now} and --${before} cannot be specified together.`);
  }
  return options.has(before) ? before : now;
}

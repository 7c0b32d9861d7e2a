// The rules between options that Kafka's tools check before they connect, with the wording that scripts look for.
import { CommandLineError, type OptionTable } from './option.ts';
import type { ParsedOptions } from './parsed-options.ts';

type Name<T> = keyof T & string;

/** As joptsimple shows an option in a message. */
export const shownOption = (name: string): string => `[${name}]`;

/** Throws CommandLineError unless all of `names` were given. */
export function requireOptions<T extends OptionTable>(options: ParsedOptions<T>, ...names: Name<T>[]): void {
  for (const name of names) {
    if (!options.has(name)) throw new CommandLineError(`Missing required argument "${shownOption(name)}"`);
  }
}

/** Throws CommandLineError when `used` was given together with any of `others`. */
export function refuseTogether<T extends OptionTable>(
  options: ParsedOptions<T>,
  used: Name<T>,
  others: readonly Name<T>[],
): void {
  if (!options.has(used)) return;
  for (const other of others) {
    if (other !== used && options.has(other)) {
      throw new CommandLineError(`Option "${shownOption(used)}" can't be used with option "${shownOption(other)}"`);
    }
  }
}

/** Throws CommandLineError unless exactly one of `names` was given. */
export function requireOneOf<T extends OptionTable>(options: ParsedOptions<T>, ...names: Name<T>[]): void {
  if (names.filter((name) => options.has(name)).length !== 1) {
    throw new CommandLineError(
      `Exactly one of the following arguments is required: ${names.map(shownOption).join(', ')}`,
    );
  }
}

/** Throws CommandLineError unless `text` is a comma-separated list of host:port. */
export function checkBootstrapServer(text: string | undefined): void {
  if (text === undefined || text.trim() === '') {
    throw new CommandLineError('Error while validating the bootstrap address\n');
  }
  const hostPort = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:\/\/)?(?:\[[0-9a-fA-F:%._]+\]|[0-9a-zA-Z\-%._]*):\d+$/;
  if (!text.split(',').every((entry) => hostPort.test(entry.trim()))) {
    throw new CommandLineError('Please provide valid host:port like host1:9091,host2:9092\n');
  }
}

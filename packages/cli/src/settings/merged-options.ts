// Options of a tool that stand for settings of a client.
import type { OptionTable } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { Properties } from './properties.ts';

/**
 * Sets `key` from an option: given on the command line it wins over what `properties` holds, its default does not.
 */
export function mergeOption<T extends OptionTable>(
  properties: Properties,
  key: string,
  options: ParsedOptions<T>,
  option: keyof T & string,
): void {
  const value = options.value(option);
  if (value !== undefined && (options.has(option) || !properties.has(key))) properties.set(key, value);
}

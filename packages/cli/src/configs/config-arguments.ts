// --add-config and --delete-config: what stands in them.
import { CommandLineError } from '../command-line/option.ts';

/**
 * `k1=v1,k2=[v1,v2],k3=` to a map: commas inside square brackets belong to the value, an empty value is a value. Throws
 * CommandLineError on another shape.
 */
export function parseAddedConfigs(text: string): Map<string, string> {
  const configs = new Map<string, string>();
  // A separator counts only outside brackets: what follows it reaches a `[` or the end before any `]`.
  const outside = '(?=[^\\]]*(?:\\[|$))';
  for (const entry of text.split(new RegExp(`,${outside}`))) {
    const parts = entry.split(new RegExp(`\\s*=\\s*${outside}`));
    if (parts.length !== 2) {
      throw new CommandLineError(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
        { usage: false },
      );
    }
    configs.set(parts[0]!.trim(), parts[1]!.replace(/[[\]]/g, '').trim());
  }
  checkConfigNames(configs.keys());
  return configs;
}

/** Throws CommandLineError on a name with a character that no setting has. */
export function checkConfigNames(names: Iterable<string>): void {
  for (const name of names) {
    if (!/^[$a-zA-Z0-9._-]*$/.test(name)) {
      throw new CommandLineError(`Invalid character found for config key: ${name}`, { usage: false });
    }
  }
}

/** `k1,k2`, possibly given several times. */
export function parseDeletedConfigs(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',')).map((name) => name.trim());
}

// What a tool understands, as a table: one entry for each option, from which parsing, checks and help are made. The names
// are Kafka's; the behaviour is that of the two parsers behind Kafka's tools (joptsimple for most, argparse4j for the
// performance and verifiable tools).

/** How an argument is read; a value that does not parse is an error that names the option. */
export type ArgumentKind = 'string' | 'integer' | 'long' | 'double';

export interface OptionDefinition {
  readonly description: string;
  /** Absent: a flag. 'required': the next word, whatever it is. 'optional': the next word unless it looks like an option. 'several': all words up to the next option (argparse only). */
  readonly argument?: 'required' | 'optional' | 'several';
  /** What stands for the argument in the help. */
  readonly shown?: string;
  readonly kind?: ArgumentKind;
  readonly default?: string | number;
  readonly choices?: readonly (string | number)[];
  /** Given without one of these, the option is refused. */
  readonly onlyWith?: readonly string[];
  /** argparse: the option must be given. */
  readonly required?: true;
  /** An old spelling that is understood but not offered: it is left out of the help. */
  readonly hidden?: true;
}

export type OptionTable = Readonly<Record<string, OptionDefinition>>;

/** Keeps the names as a type, so that asking for an option that the table lacks does not compile. */
export function defineOptions<const T extends OptionTable>(table: T): T {
  return table;
}

/** What every tool has beside its own options. */
export const STANDARD_OPTIONS = defineOptions({
  help: { description: 'Print this text.' },
  version: { description: 'Print the version of Moldau.' },
});

/**
 * The command line is wrong, or asks only for help. `usage` prints the option table after the message.
 * Ends the tool with `exitStatus` and no stack trace.
 */
export class CommandLineError extends Error {
  readonly usage: boolean;
  readonly exitStatus: number;
  constructor(message: string, options: { usage?: boolean; exitStatus?: number } = {}) {
    super(message);
    this.name = 'CommandLineError';
    this.usage = options.usage ?? true;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

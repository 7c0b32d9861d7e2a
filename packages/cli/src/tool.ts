// A tool: its options and what it does. `runTool` gives every tool the same frame: help, version, and errors that end in
// a message and an exit status instead of a stack trace.

import { rewriteOldSpellings } from './command-line/old-spellings.ts';
import { CommandLineError, type OptionTable, STANDARD_OPTIONS } from './command-line/option.ts';
import { parseArguments, parseOptions } from './command-line/parse.ts';
import type { ParsedOptions } from './command-line/parsed-options.ts';
import { argumentHelp, usageLine, usageTable } from './command-line/usage.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';
import { findBrokers } from './zookeeper/zookeeper-option.ts';

export interface ToolDefinition<T extends OptionTable> {
  /** Kafka's name for it, without `.sh`. */
  readonly name: string;
  /** One sentence, printed above the options. */
  readonly purpose: string;
  readonly options: T;
  /** Which of Kafka's two parsers it has; joptsimple unless said. */
  readonly manner?: 'joptsimple' | 'argparse';
  /** Does the work and answers the exit status. May throw CommandLineError for what it finds wrong with the options. */
  run(options: ParsedOptions<T & typeof STANDARD_OPTIONS>, terminal: Terminal): Promise<number>;
}

export interface Tool {
  readonly name: string;
  readonly purpose: string;
  /** Absent where a tool reads its words in a way of its own. */
  readonly options?: OptionTable;
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** Frames a definition. The exit statuses are Kafka's: 1 for help and for every error, 0 for the rest. */
export function defineTool<const T extends OptionTable>(definition: ToolDefinition<T>): Tool {
  const table = { ...definition.options, ...STANDARD_OPTIONS };
  const usage = () => (definition.manner === 'argparse' ? usageLine(definition.name, table) : usageTable(table));
  return {
    name: definition.name,
    purpose: definition.purpose,
    options: definition.options,
    run: async (args, terminal) => {
      try {
        const words = rewriteOldSpellings(await findBrokers(args, table, terminal), table);
        if (definition.manner === 'argparse') return await runArguments(definition, table, words, terminal);
        if (words.length === 0) throw new CommandLineError(definition.purpose);
        const options = parseOptions(table, words);
        if (options.has('help')) throw new CommandLineError(definition.purpose);
        if (options.has('version')) {
          terminal.out(`${VERSION}\n`);
          return 0;
        }
        return await definition.run(options as ParsedOptions<T & typeof STANDARD_OPTIONS>, terminal);
      } catch (error) {
        if (error instanceof CommandLineError) {
          if (definition.manner === 'argparse') {
            terminal.err(`${usage()}${definition.name}: error: ${error.message}\n`);
          } else {
            terminal.err(`${error.message}\n`);
            if (error.usage) terminal.err(usage());
          }
          return error.exitStatus;
        }
        throw error;
      }
    },
  };
}

async function runArguments<T extends OptionTable>(
  definition: ToolDefinition<T>,
  table: T & typeof STANDARD_OPTIONS,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const help = () => terminal.out(argumentHelp(definition.name, definition.purpose, table));
  if (words.length === 0) {
    help();
    return 0;
  }
  const options = parseArguments(table, words);
  if (options.has('help')) {
    help();
    return 1;
  }
  if (options.has('version')) {
    terminal.out(`${VERSION}\n`);
    return 0;
  }
  return await definition.run(options, terminal);
}

// What `moldau` says about itself: the list of commands, the version, and a word on a command that is none.
import { Command } from 'commander';
import type { Terminal } from './terminal.ts';
import { TOOLS } from './tools.ts';
import { VERSION } from './version.ts';

/** Answers the exit status. `args` do not begin with a command that exists. */
export function umbrella(args: readonly string[], terminal: Terminal): number {
  const program = new Command('moldau')
    .description("Moldau: a streaming platform that speaks Kafka's protocol")
    .usage('<command> [options]')
    .version(VERSION)
    .helpCommand('help', 'print this text')
    .addHelpText(
      'after',
      "\nOptions of a command: moldau <command> --help. Each is also there under Kafka's name, as kafka-<command>.",
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) });
  program.command('start').description('start a broker here and now, with its data under ./data').helpOption(false);
  for (const [name, { summary }] of Object.entries(TOOLS)) {
    program
      .command(name.replace(/^kafka-/, ''))
      .description(summary)
      .helpOption(false);
  }
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    program.parse(args, { from: 'user' });
    return 0;
  } catch (error) {
    return (error as { exitCode?: number }).exitCode ?? 1;
  }
}

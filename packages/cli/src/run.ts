// Picks the command and runs it in this process, which ends with its exit status.
import { processTerminal } from './node/terminal.ts';
import type { Terminal } from './terminal.ts';
import type { Tool } from './tool.ts';
import { TOOLS } from './tools.ts';

/** `args` as they stand behind `moldau` on the command line. Never answers: the process ends. */
export async function moldau(args: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  let status: number;
  try {
    status = await dispatch(args, terminal);
  } catch (error) {
    terminal.err(`${error instanceof Error ? error.message : String(error)}\n`);
    if (process.env.MOLDAU_DEBUG) terminal.err(`${(error as Error).stack}\n`);
    status = 1;
  }
  process.exitCode = status;
  // Not at once: what was written to a pipe may still be on its way on some systems.
  process.stdout.write('', () => process.exit(status));
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = 'help', ...rest] = args;
  const tool = await findCommand(name);
  if (tool) return await tool.run(rest, terminal);
  const { umbrella } = await import('./umbrella.ts');
  return umbrella(args, terminal);
}

/** `kafka-topics` and `topics` both mean the tool; undefined for what is no command. */
async function findCommand(name: string): Promise<Tool | undefined> {
  if (name === 'start') return (await import('./server/start.ts')).start;
  for (const key of [name, `kafka-${name}`]) {
    if (Object.hasOwn(TOOLS, key)) return await TOOLS[key]!.load();
  }
  return undefined;
}

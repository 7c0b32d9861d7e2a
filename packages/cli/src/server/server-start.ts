// kafka-server-start [-daemon] server.properties [--override key=value]*
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Terminal } from '../terminal.ts';
import type { Tool } from '../tool.ts';
import { VERSION } from '../version.ts';

const USAGE = 'USAGE: bin/kafka-server-start.sh [-daemon] server.properties [--override property=value]*';

export const serverStart: Tool = {
  name: 'kafka-server-start',
  purpose: 'Starts a broker from a properties file.',
  run: async (args, terminal) => {
    const daemon = args[0] === '-daemon';
    const words = daemon ? args.slice(1) : args;
    if (words.includes('--version')) {
      terminal.out(`${VERSION}\n`);
      return 0;
    }
    const [file, ...rest] = words;
    if (file === undefined || words.includes('--help')) {
      terminal.err(`${USAGE}\n`);
      return 1;
    }
    const overrides = readOverrides(rest);
    if (overrides === undefined) {
      terminal.err(`${rest.join(' ')}: only --override property=value may follow the file.\n${USAGE}\n`);
      return 1;
    }
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      terminal.err(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}).\n`);
      return 1;
    }
    if (daemon) return await startDetached(words, terminal);
    return await start(file, text, overrides, terminal);
  },
};

async function start(file: string, text: string, overrides: string[], terminal: Terminal): Promise<number> {
  const { runBroker } = await import('./run-broker.ts');
  const { CommandLineError } = await import('../command-line/option.ts');
  try {
    return await runBroker(
      {
        file: { name: file, text },
        overrides,
        source: file,
        log: { format: process.env.MOLDAU_LOG_FORMAT === 'json' ? 'json' : 'text', fd: 1, level: 'info' },
        otherPort: `--override listeners=PLAINTEXT://:9093, or 'listeners' in ${file}`,
        onListening: () => {
          // The -daemon parent waits for this word.
          process.send?.('listening');
          if (process.connected) process.disconnect?.();
        },
      },
      terminal,
    );
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    terminal.err(`${error.message}\n`);
    return 1;
  }
}

/** `--override a=b --override c=d` to [a=b, c=d]; undefined on anything else. */
function readOverrides(words: readonly string[]): string[] | undefined {
  const overrides: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const value = word === '--override' ? words[++i] : word.startsWith('--override=') ? word.slice(11) : undefined;
    if (value === undefined || !value.includes('=')) return undefined;
    overrides.push(value);
  }
  return overrides;
}

/** Starts the broker in a session of its own, its output in logs/kafkaServer.out; answers when it listens or has failed. */
async function startDetached(words: readonly string[], terminal: Terminal): Promise<number> {
  const repository = fileURLToPath(new URL('../../../..', import.meta.url));
  const path = join(process.env.LOG_DIR ?? join(repository, 'logs'), 'kafkaServer.out');
  mkdirSync(dirname(path), { recursive: true });
  const output = openSync(path, 'w');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'kafka-server-start', ...words], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
  });
  const status = await new Promise<number>((resolve) => {
    child.once('message', () => resolve(0));
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  if (status !== 0) terminal.err(`The broker did not start:\n${readFileSync(path, 'utf8')}`);
  child.unref();
  return status;
}

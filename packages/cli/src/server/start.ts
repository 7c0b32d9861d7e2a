// `moldau start`, which `npm start` runs: a broker here and now, without a properties file; or, with --brokers, several in
// this process, as a cluster to develop against.
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import pc from 'picocolors';
import { CommandLineError, defineOptions, STANDARD_OPTIONS } from '../command-line/option.ts';
import { parseOptions } from '../command-line/parse.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { usageTable } from '../command-line/usage.ts';
import type { Terminal } from '../terminal.ts';
import type { Tool } from '../tool.ts';
import { VERSION } from '../version.ts';
import type { BrokerProcess } from './run-broker.ts';

const OPTIONS = {
  ...defineOptions({
    port: { description: 'Where to listen.', argument: 'required', shown: 'port', kind: 'integer', default: 9092 },
    brokers: {
      description: 'How many brokers, in this one process, on ports that follow each other.',
      argument: 'required',
      shown: 'number',
      kind: 'integer',
      default: 1,
    },
    host: { description: 'Which interface to listen on.', argument: 'required', shown: 'host', default: 'localhost' },
    data: {
      description: 'Directory for the data; made if missing.',
      argument: 'required',
      shown: 'directory',
      default: './data',
    },
    config: { description: 'A server.properties file to start from.', argument: 'required', shown: 'file' },
    override: {
      description: 'A broker setting, stronger than all else. Repeatable.',
      argument: 'required',
      shown: 'property=value',
    },
    verbose: { description: 'Print the log of the broker.' },
  }),
  ...STANDARD_OPTIONS,
};

export const start: Tool = {
  name: 'start',
  purpose: 'Starts a broker.',
  run: async (args, terminal) => {
    try {
      return await run(args, terminal);
    } catch (error) {
      if (!(error instanceof CommandLineError)) throw error;
      terminal.err(`${error.message}\n${error.usage ? usageTable(OPTIONS) : ''}`);
      return error.exitStatus;
    }
  },
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = parseOptions(OPTIONS, args);
  if (options.rest.length > 0) throw new CommandLineError(`${options.rest[0]} is not a recognized option`);
  if (options.has('help')) {
    terminal.out(`Starts a broker. Ctrl-C stops it.\n${usageTable(OPTIONS)}`);
    return 0;
  }
  if (options.has('version')) {
    terminal.out(`${VERSION}\n`);
    return 0;
  }
  const port = options.numberOr('port', 9092);
  const data = resolve(options.value('data')!);
  const count = options.numberOr('brokers', 1);
  if (count < 1 || count > BROKERS_MAX) throw new CommandLineError(`--brokers: from 1 to ${BROKERS_MAX}`);
  refuseForeignData(data, count);
  const { runBroker } = await import('./run-broker.ts');
  return await runBroker(
    {
      ...configFile(options),
      overrides: [...settings(options, port, data), ...options.values('override')],
      ...(count > 1 ? { several: severalSettings(options, port, data, count) } : {}),
      source: data,
      // Without --verbose only what needs attention is worth a line.
      log: { format: 'text', fd: 2, level: options.has('verbose') ? 'info' : 'warn' },
      otherPort: `npm start -- --port ${port + 1}`,
      onListening: (brokers) => terminal.out(welcome(brokers, data, terminal)),
    },
    terminal,
  );
}

function configFile(options: ParsedOptions<typeof OPTIONS>): { file?: { name: string; text: string } } {
  const name = options.value('config');
  if (name === undefined) return {};
  try {
    return { file: { name, text: readFileSync(name, 'utf8') } };
  } catch (error) {
    throw new CommandLineError(`${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`, { usage: false });
  }
}

/** Without a file: what makes one broker on one machine pleasant. With one: only what was asked for. */
function settings(options: ParsedOptions<typeof OPTIONS>, port: number, data: string): string[] {
  const chosen: string[] = [];
  const plain = !options.has('config');
  if (plain || options.has('port') || options.has('host')) {
    chosen.push(`listeners=PLAINTEXT://${options.value('host')}:${port}`);
  }
  if (plain || options.has('data')) chosen.push(`log.dirs=${data}`);
  // A group of one developer need not wait three seconds for members that never come.
  if (plain) chosen.push('group.initial.rebalance.delay.ms=0');
  return chosen;
}

/** A cluster of more has nothing to show on one machine. */
const BROKERS_MAX = 16;

/** Where the broker keeps its data in a folder that it shares with others. */
const brokerDirectory = (data: string, id: number) => join(data, `broker-${id}`);

/** What one broker has in a folder would be taken for partitions by several, and the other way round. */
function refuseForeignData(data: string, count: number): void {
  const single = existsSync(join(data, 'meta.properties'));
  const several = existsSync(brokerDirectory(data, 1));
  if (count > 1 ? single : several) {
    const found = single ? 'one broker' : 'several brokers';
    throw new CommandLineError(`${data} has the data of ${found}; give another folder: --data`, { usage: false });
  }
}

/** Ids from 1, ports from --port on (0: any), a folder each; the store of the cluster's metadata beside them. */
function severalSettings(
  options: ParsedOptions<typeof OPTIONS>,
  port: number,
  data: string,
  count: number,
): (readonly string[])[] {
  const given = options.values('override').map((setting) => setting.slice(0, setting.indexOf('=')));
  const replicas = Math.min(3, count);
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1;
    const own = [
      `node.id=${id}`,
      `listeners=PLAINTEXT://${options.value('host')}:${port === 0 ? 0 : port + index}`,
      `log.dirs=${brokerDirectory(data, id)}`,
      `metadata.log.dir=${data}`,
    ];
    // What is asked for is stronger; ids, ports and folders cannot be the same for all.
    if (!options.has('config') && !given.includes('default.replication.factor')) {
      own.push(`default.replication.factor=${replicas}`);
    }
    return own;
  });
}

function welcome(brokers: readonly BrokerProcess[], data: string, terminal: Terminal): string {
  const colors = pc.createColors(terminal.outputIsTerminal && pc.isColorSupported);
  const shown = relative(process.cwd(), data);
  const endpoints = brokers.flatMap((broker) =>
    broker.endpoints.map((endpoint) => ({ ...endpoint, id: broker.nodeId })),
  );
  const address = endpoints[0] ? `${endpoints[0].host}:${endpoints[0].port}` : '';
  const lines = endpoints.map(({ listener, host, port, id }) => {
    const who = brokers.length > 1 ? `broker ${id}` : 'for every Kafka client';
    return `  ${colors.bold(`${host}:${port}`)}  ${listener}, ${who}\n`;
  });
  const tool = inRepository() ? 'bin/kafka-console-' : 'npx moldau console-';
  const suffix = inRepository() ? '.sh' : '';
  const to = `--bootstrap-server ${address} --topic greetings`;
  return (
    `Moldau ${VERSION.split(' ')[0]} listens on\n${lines.join('')}` +
    `Data in ${shown.startsWith('..') ? data : `./${shown}`}; Ctrl-C stops it. To try it, in another terminal:\n\n` +
    `  echo hello | ${tool}producer${suffix} ${to} && ${tool}consumer${suffix} ${to} --from-beginning --max-messages 1\n\n`
  );
}

function inRepository(): boolean {
  return !import.meta.url.includes('node_modules');
}

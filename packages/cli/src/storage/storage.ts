// kafka-storage: `random-uuid`, `format`, `info`. A broker here formats what it needs on its first start; these exist so
// that the steps of a KRaft course can be typed, and so that a cluster id can be chosen beforehand.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatMetaProperties, parseMetaProperties } from '@moldau/storage/checkpoint/meta-properties';
import { CommandLineError, defineOptions, type OptionTable } from '../command-line/option.ts';
import { parseArguments } from '../command-line/parse.ts';
import { argumentHelp, usageLine } from '../command-line/usage.ts';
import type { Terminal } from '../terminal.ts';
import type { Tool } from '../tool.ts';
import { VERSION } from '../version.ts';

const HELP = defineOptions({ help: { description: 'Print this text.' } });
const CONFIG = defineOptions({
  config: { description: 'The properties file of the broker.', argument: 'required', shown: 'CONFIG', required: true },
  ...HELP,
});
const FORMAT = defineOptions({
  ...CONFIG,
  'cluster-id': { description: 'The id of the cluster.', argument: 'required', shown: 'CLUSTER_ID', required: true },
  'ignore-formatted': { description: 'Pass over directories that are formatted already, instead of failing.' },
  standalone: { description: 'Has no effect: there is no quorum to begin.' },
  'no-initial-controllers': { description: 'Has no effect.' },
  'initial-controllers': { description: 'Has no effect.', argument: 'required', shown: 'INITIAL_CONTROLLERS' },
  'release-version': { description: 'Has no effect.', argument: 'required', shown: 'RELEASE_VERSION' },
  feature: { description: 'Has no effect.', argument: 'required', shown: 'FEATURE' },
});

const SHORT: Readonly<Record<string, string>> = {
  '-c': '--config',
  '-t': '--cluster-id',
  '-g': '--ignore-formatted',
  '-s': '--standalone',
  '-N': '--no-initial-controllers',
  '-I': '--initial-controllers',
  '-r': '--release-version',
  '-f': '--feature',
};

const USAGE = 'usage: kafka-storage [-h] {info,format,random-uuid} ...\n';
const META_PROPERTIES = 'meta.properties';
const ID_BYTES = 16;

export const storage: Tool = {
  name: 'kafka-storage',
  purpose: 'This tool prepares and shows the directories of a broker.',
  run: async (args, terminal) => {
    const [command = '', ...rest] = args;
    const words = rest.map((word) => SHORT[word] ?? word);
    try {
      switch (command) {
        case 'random-uuid':
          terminal.out(`${freshId()}\n`);
          return 0;
        case 'format':
          return await format(words, terminal);
        case 'info':
          return await info(words, terminal);
        case '--version':
          terminal.out(`${VERSION}\n`);
          return 0;
        default:
          terminal.err(`${USAGE}${command === '' ? '' : `kafka-storage: error: invalid choice: '${command}'\n`}`);
          return 1;
      }
    } catch (error) {
      if (!(error instanceof CommandLineError)) throw error;
      const table: OptionTable = command === 'format' ? FORMAT : CONFIG;
      const usage = error.usage ? usageLine(`kafka-storage ${command}`, table) : '';
      terminal.err(`${usage}kafka-storage: error: ${error.message}\n`);
      return error.exitStatus;
    }
  },
};

/** 22 characters; Kafka draws again when the first would be a dash, which looks like an option when typed. */
function freshId(): string {
  for (;;) {
    const id = randomBytes(ID_BYTES).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

async function format(words: readonly string[], terminal: Terminal): Promise<number> {
  const options = parseArguments(FORMAT, words);
  if (options.has('help')) {
    terminal.out(argumentHelp('kafka-storage format', 'Marks the directories of a broker with its cluster.', FORMAT));
    return 1;
  }
  const clusterId = options.value('cluster-id')!;
  if (Buffer.from(clusterId, 'base64url').length !== ID_BYTES || clusterId.length !== freshId().length) {
    throw refused(
      `Cluster ID string ${clusterId} does not appear to be a valid UUID: it needs 22 characters, as 'random-uuid' prints them`,
    );
  }
  const { logDirs, nodeId } = await brokerDirectories(options.value('config')!);
  const unmarked: string[] = [];
  for (const directory of logDirs) {
    const path = join(directory, META_PROPERTIES);
    if (!existsSync(path)) {
      unmarked.push(directory);
      continue;
    }
    const found = parseMetaProperties(readFileSync(path, 'utf8')).clusterId;
    if (found !== clusterId) throw refused(`Invalid cluster.id in: ${path}. Expected ${clusterId}, but read ${found}`);
    if (!options.has('ignore-formatted')) {
      throw refused(
        `Log directory ${directory} is already formatted. Use --ignore-formatted to ignore this directory and format the others.`,
      );
    }
  }
  if (unmarked.length === 0) terminal.out('All of the log directories are already formatted.\n');
  for (const directory of unmarked) {
    terminal.out(`Formatting ${directory} with cluster id ${clusterId}.\n`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, META_PROPERTIES),
      formatMetaProperties({ clusterId, nodeId, directoryId: freshId() }),
    );
  }
  return 0;
}

async function info(words: readonly string[], terminal: Terminal): Promise<number> {
  const options = parseArguments(CONFIG, words);
  if (options.has('help')) {
    terminal.out(argumentHelp('kafka-storage info', 'Shows the directories of a broker.', CONFIG));
    return 1;
  }
  const { logDirs } = await brokerDirectories(options.value('config')!);
  const problems = logDirs
    .filter((directory) => !existsSync(directory))
    .map((directory) => `${directory} does not exist`);
  const there = logDirs.filter((directory) => existsSync(directory));
  const s = (list: readonly string[], one: string, many: string) => (list.length === 1 ? one : many);
  if (there.length > 0) {
    terminal.out(
      `Found log ${s(there, 'directory', 'directories')}:\n${there.map((directory) => `  ${directory}\n`).join('')}\n`,
    );
    const marked = there.find((directory) => existsSync(join(directory, META_PROPERTIES)));
    if (marked === undefined) problems.push('No meta.properties found: the broker will make it on its first start');
    else {
      const { clusterId, nodeId, directoryId, version } = parseMetaProperties(
        readFileSync(join(marked, META_PROPERTIES), 'utf8'),
      );
      terminal.out(
        `Found metadata: {cluster.id=${clusterId}, directory.id=${directoryId}, node.id=${nodeId}, version=${version}}\n\n`,
      );
    }
  }
  if (problems.length === 0) return 0;
  terminal.out(
    `Found ${s(problems, 'problem', 'problems')}:\n${problems.map((problem) => `  ${problem}\n`).join('')}\n`,
  );
  return 1;
}

async function brokerDirectories(file: string): Promise<{ logDirs: readonly string[]; nodeId: number }> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refused(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const { readBrokerConfig } = await import('@moldau/broker/config/read-config');
  try {
    const { config } = readBrokerConfig({ file: { name: file, text } });
    return { logDirs: config.logDirs, nodeId: config.nodeId };
  } catch (error) {
    throw refused((error as Error).message);
  }
}

const refused = (message: string) => new CommandLineError(message, { usage: false });

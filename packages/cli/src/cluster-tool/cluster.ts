// kafka-cluster: the id of a cluster, its brokers, and forgetting one that is gone.
import { Admin } from '@moldau/client/admin/admin';
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { Node } from '@moldau/client/admin/admin-model';
import { KafkaError } from '@moldau/client/errors';
import { adminSettings } from '../cluster/client-settings.ts';
import { shownException } from '../cluster/java-names.ts';
import { CommandLineError, defineOptions, type OptionTable } from '../command-line/option.ts';
import { parseArguments } from '../command-line/parse.ts';
import { argumentHelp, usageLine } from '../command-line/usage.ts';
import { loadProperties, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import type { Tool } from '../tool.ts';
import { VERSION } from '../version.ts';

const CONNECTION = defineOptions({
  help: { description: 'Print this text.' },
  'bootstrap-server': { description: 'A broker to connect to, or several.', argument: 'required' },
  'bootstrap-controller': { description: 'The same: controllers are brokers here.', argument: 'required' },
  config: { description: 'The older name of --command-config.', argument: 'required' },
  'command-config': { description: 'File with settings of the connection.', argument: 'required' },
});

const COMMANDS = {
  'cluster-id': { help: 'Get information about the ID of a cluster.', options: CONNECTION },
  unregister: {
    help: 'Unregister a broker.',
    options: defineOptions({
      ...CONNECTION,
      id: { description: 'The broker to forget.', argument: 'required', kind: 'integer', required: true },
    }),
  },
  'list-endpoints': {
    help: 'List endpoints',
    options: defineOptions({
      ...CONNECTION,
      'include-fenced-brokers': { description: 'Show brokers too that are registered and not in service.' },
    }),
  },
} as const satisfies Record<string, { help: string; options: OptionTable }>;
type CommandName = keyof typeof COMMANDS;

const SHORT: Readonly<Record<string, string>> = {
  '-b': '--bootstrap-server',
  '-C': '--bootstrap-controller',
  '-c': '--command-config',
  '-i': '--id',
};
const NAMES = Object.keys(COMMANDS);
const USAGE = `usage: kafka-cluster [-h] {${NAMES.join(',')}} ...\n`;

export const cluster: Tool = {
  name: 'kafka-cluster',
  purpose: 'The Kafka cluster tool.',
  run: async (args, terminal) => {
    const [command = '', ...rest] = args;
    if (command === '--version') {
      terminal.out(`${VERSION}\n`);
      return 0;
    }
    if (command === '-h' || command === '--help') {
      const lines = Object.entries(COMMANDS).map(([name, { help }]) => `    ${name.padEnd(21)}${help}\n`);
      terminal.out(
        `${USAGE}\nThe Kafka cluster tool.\n\npositional arguments:\n  {${NAMES.join(',')}}\n${lines.join('')}\n` +
          'optional arguments:\n  -h, --help             show this help message and exit\n',
      );
      return 1;
    }
    if (!Object.hasOwn(COMMANDS, command)) {
      const choices = NAMES.map((name) => `'${name}'`).join(', ');
      const why = command === '' ? 'too few arguments' : `invalid choice: '${command}' (choose from ${choices})`;
      terminal.err(`${USAGE}kafka-cluster: error: ${why}\n`);
      return 1;
    }
    return await run(
      command as CommandName,
      rest.map((word) => SHORT[word] ?? word),
      terminal,
    );
  },
};

async function run(command: CommandName, words: readonly string[], terminal: Terminal): Promise<number> {
  const { help, options: table } = COMMANDS[command];
  try {
    const options = parseArguments<OptionTable>(table, words);
    if (options.has('help')) {
      terminal.out(argumentHelp(`kafka-cluster ${command}`, help, table));
      return 1;
    }
    const servers = ['bootstrap-server', 'bootstrap-controller'].filter((name) => options.has(name));
    if (servers.length !== 1) {
      throw new CommandLineError(
        servers.length === 0
          ? 'one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required'
          : 'argument --bootstrap-controller/-C: not allowed with argument --bootstrap-server/-b',
      );
    }
    const file = options.value('command-config') ?? options.value('config');
    const properties: Properties = file === undefined ? new Map() : await loadProperties(file);
    properties.set('bootstrap.servers', options.value(servers[0]!)!);
    const admin = new Admin(adminSettings(properties, terminal));
    try {
      terminal.out(await answer(admin, command, options.number('id'), options.has('include-fenced-brokers')));
      return 0;
    } finally {
      await admin.close();
    }
  } catch (error) {
    if (error instanceof CommandLineError) {
      const usage = error.usage ? usageLine(`kafka-cluster ${command}`, table) : '';
      terminal.err(`${usage}kafka-cluster: error: ${error.message}\n`);
      return error.exitStatus;
    }
    terminal.err(`${shownException(error)}\n`);
    return 1;
  }
}

async function answer(admin: AdminApi, command: CommandName, id: number | undefined, fenced: boolean): Promise<string> {
  if (command === 'unregister') {
    try {
      await admin.unregisterBroker(id!);
      return `Broker ${id} is no longer registered.\n`;
    } catch (error) {
      if (!(error instanceof KafkaError) || error.error !== 'UNSUPPORTED_VERSION') throw error;
      return 'The target cluster does not support the broker unregistration API.\n';
    }
  }
  const { clusterId, nodes } = await admin.describeCluster({ includeFencedBrokers: fenced });
  if (command === 'list-endpoints') return endpointsText(nodes);
  return clusterId === null
    ? 'No cluster ID found. The Kafka version is probably too old.\n'
    : `Cluster ID: ${clusterId}\n`;
}

/** The table of --list-endpoints. */
export function endpointsText(nodes: readonly Node[]): string {
  const widest = (texts: readonly string[], least: number) => Math.max(least, ...texts.map(({ length }) => length));
  const host = widest(
    nodes.map((node) => node.host),
    9,
  );
  const rack = widest(
    nodes.map((node) => node.rack ?? 'null'),
    6,
  );
  const row = (id: string, at: string, port: string, where: string, state: string, type: string) =>
    `${id.padEnd(10)} ${at.padEnd(host)} ${port.padEnd(10)} ${where.padEnd(rack)} ${state.padEnd(10)} ${type.padEnd(15)}\n`;
  return (
    row('ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE') +
    nodes
      .map((node) =>
        row(
          String(node.id),
          node.host,
          String(node.port),
          node.rack ?? 'null',
          node.fenced ? 'fenced' : 'unfenced',
          'broker',
        ),
      )
      .join('')
  );
}

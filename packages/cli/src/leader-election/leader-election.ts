// kafka-leader-election: elects leaders of partitions, preferred or unclean.
import { readFileSync } from 'node:fs';
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { ElectionType } from '@moldau/client/admin/admin-model';
import { partitionText, type TopicPartition } from '@moldau/client/topic-partition';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { nowOrBefore } from '../command-line/deprecated.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { loadProperties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';

const OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'REQUIRED: a broker to connect to, or several.',
    argument: 'required',
    shown: 'host:port',
  },
  'command-config': {
    description: 'File with settings of the connection.',
    argument: 'required',
    shown: 'Config file',
  },
  'admin.config': { description: 'The older name of --command-config.', argument: 'required', shown: 'config file' },
  'election-type': {
    description:
      'REQUIRED: "preferred" makes the first replica of a partition its leader again; "unclean" gives a partition without ' +
      'a leader one that may lack records, which are then lost.',
    argument: 'required',
    shown: 'election type',
  },
  topic: { description: 'The topic; with --partition.', argument: 'required', shown: 'topic name' },
  partition: {
    description: 'The partition; with --topic.',
    argument: 'required',
    shown: 'partition id',
    kind: 'integer',
  },
  'path-to-json-file': {
    description: 'A JSON file with the partitions: {"partitions": [{"topic": "foo", "partition": 1}]}',
    argument: 'required',
    shown: 'Path to JSON file',
  },
  'all-topic-partitions': { description: 'All partitions that need it.' },
});
type Options = ParsedOptions<typeof OPTIONS>;

/** Kafka's tool waits half as long as others. */
const TIMEOUT_MS = 30_000;

export const leaderElection = defineTool({
  name: 'kafka-leader-election',
  purpose:
    'This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are preferred replicas and unclean replicas.',
  options: OPTIONS,
  run: async (options, terminal) => {
    try {
      const { type, partitions } = asked(options);
      const config = options.value(nowOrBefore(options, 'command-config', 'admin.config'));
      const settings = config === undefined ? new Map<string, string>() : await loadProperties(config);
      if (!settings.has('default.api.timeout.ms')) settings.set('default.api.timeout.ms', String(TIMEOUT_MS));
      await withAdmin(options, terminal, (admin) => elect(admin, type, partitions, terminal), settings);
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError && error.usage) throw error;
      terminal.err(`${shownException(error)}\n`);
      return 1;
    }
  },
});

function asked(options: Options): { type: ElectionType; partitions: readonly TopicPartition[] | undefined } {
  const refuse = (message: string) => new CommandLineError(message, { usage: false });
  const missing = (['bootstrap-server', 'election-type'] as const).filter((name) => !options.has(name));
  if (missing.length > 0) throw refuse(`Missing required option(s): ${missing.join(', ')}`);
  const word = options.value('election-type')!.toLowerCase();
  if (word !== 'preferred' && word !== 'unclean') {
    throw refuse(`Cannot parse argument '${options.value('election-type')}' of option election-type`);
  }
  const ways = ['topic', 'all-topic-partitions', 'path-to-json-file'] as const;
  if (ways.filter((name) => options.has(name)).length !== 1) {
    throw refuse(`One and only one of the following options is required: ${ways.join(', ')}`);
  }
  if (options.has('topic') !== options.has('partition')) {
    throw refuse(
      options.has('topic')
        ? 'Missing required option(s): partition'
        : 'Option partition is only allowed if topic is used',
    );
  }
  if (options.has('topic')) {
    return { type: word, partitions: [{ topic: options.value('topic')!, partition: options.number('partition')! }] };
  }
  const path = options.value('path-to-json-file');
  return { type: word, partitions: path === undefined ? undefined : parsePartitions(readFileSync(path, 'utf8')) };
}

/** Reads --path-to-json-file. Throws with what is wrong in it. */
export function parsePartitions(text: string): TopicPartition[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('Replica election data is empty');
  }
  const { partitions } = (json ?? {}) as { partitions?: unknown };
  if (!Array.isArray(partitions)) throw new Error('Replica election data is missing "partitions" field');
  const read = partitions.map((entry: unknown, i): TopicPartition => {
    const { topic, partition } = (entry ?? {}) as Record<string, unknown>;
    if (typeof topic !== 'string' || !Number.isSafeInteger(partition)) {
      throw new Error(`partitions[${i}] needs a "topic" in quotes and a whole number as "partition"`);
    }
    return { topic, partition: partition as number };
  });
  const texts = read.map(partitionText);
  const twice = [...new Set(texts.filter((name, i) => texts.indexOf(name) !== i))];
  if (twice.length > 0) throw new Error(`Replica election data contains duplicate partitions: [${twice.join(', ')}]`);
  return read;
}

async function elect(
  admin: AdminApi,
  type: ElectionType,
  partitions: readonly TopicPartition[] | undefined,
  terminal: Terminal,
): Promise<void> {
  const outcomes = await admin.electLeaders(type, partitions);
  const kind = type.toUpperCase();
  const told = (some: readonly TopicPartition[]) => some.map(partitionText).join(', ');
  const done = outcomes.filter(({ error }) => error === undefined);
  const needless = outcomes.filter(({ error }) => error?.error === 'ELECTION_NOT_NEEDED');
  const failed = outcomes.filter(({ error }) => error !== undefined && error.error !== 'ELECTION_NOT_NEEDED');
  if (done.length > 0) {
    terminal.out(`Successfully completed leader election (${kind}) for partitions ${told(done)}\n`);
  }
  if (needless.length > 0) terminal.out(`Valid replica already elected for partitions ${told(needless)}\n`);
  for (const one of failed) {
    terminal.out(
      `Error completing leader election (${kind}) for partition: ${partitionText(one)}: ${shownException(one.error)}\n`,
    );
  }
  if (failed.length > 0) throw new Error(`${failed.length} replica(s) could not be elected`);
}

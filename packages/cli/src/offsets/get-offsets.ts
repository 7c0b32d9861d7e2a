// kafka-get-offsets: `topic:partition:offset`, a line for each partition.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { OffsetSpec } from '@moldau/client/admin/admin-model';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { checkBootstrapServer, requireOptions } from '../command-line/checks.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { isInternalTopic } from '../topics/topic-filter.ts';
import { type PartitionFilter, ruleFilter, simpleFilter } from './partition-filter.ts';

const OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'REQUIRED: a broker to connect to, or several.',
    argument: 'required',
    shown: 'HOST1:PORT1,...,HOST3:PORT3',
  },
  'command-config': {
    description: 'File with settings of the connection.',
    argument: 'required',
    shown: 'config file',
  },
  topic: { description: 'Only topics that match this regular expression.', argument: 'required', shown: 'topic' },
  partitions: { description: 'Only these partitions.', argument: 'required', shown: 'partition ids' },
  'topic-partitions': {
    description:
      'Rules in place of --topic and --partitions, with commas between: a regular expression for topics, then ' +
      "':' and a partition (1), a range without its upper end (0-3), or one that is open (5-, -3). Either half may be missing.",
    argument: 'required',
    shown: 'topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3',
  },
  time: {
    description: 'Which offset: that of the first record at or after a time in milliseconds, or a special one.',
    argument: 'required',
    shown:
      '<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload',
    default: 'latest',
  },
  'exclude-internal-topics': { description: 'Leave out internal topics.' },
});

const PLACES: Readonly<Record<string, OffsetSpec>> = {
  latest: 'latest',
  '-1': 'latest',
  earliest: 'earliest',
  '-2': 'earliest',
  'max-timestamp': 'max-timestamp',
  '-3': 'max-timestamp',
  'earliest-local': 'earliest-local',
  '-4': 'earliest-local',
  'latest-tiered': 'latest-tiered',
  '-5': 'latest-tiered',
  'earliest-pending-upload': 'earliest-pending-upload',
  '-6': 'earliest-pending-upload',
};

export const getOffsets = defineTool({
  name: 'kafka-get-offsets',
  purpose: 'This tool prints offsets of partitions.',
  options: OPTIONS,
  run: async (options, terminal) => {
    requireOptions(options, 'bootstrap-server');
    checkBootstrapServer(options.value('bootstrap-server'));
    try {
      const filter = readFilter(options);
      const place = parseTime(options.value('time')!);
      await withAdmin(options, terminal, (admin) => printOffsets(admin, filter, place, options, terminal));
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError && error.usage) throw error;
      terminal.err(`Error occurred: ${(error as Error).message}\n`);
      return 1;
    }
  },
});

function readFilter(options: ParsedOptions<typeof OPTIONS>): PartitionFilter {
  const rules = options.value('topic-partitions');
  if (rules === undefined) return simpleFilter(options.value('topic'), options.value('partitions'));
  if (options.has('topic') || options.has('partitions')) {
    throw new Error('--topic-partitions cannot be used with --topic or --partitions');
  }
  return ruleFilter(rules);
}

/** Throws on what is neither a time nor a place. */
export function parseTime(text: string): OffsetSpec {
  const place = Object.hasOwn(PLACES, text) ? PLACES[text] : undefined;
  if (place !== undefined) return place;
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw new Error(
      `Malformed time argument ${text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / ` +
        '-5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp',
    );
  }
  return Number(text);
}

async function printOffsets(
  admin: AdminApi,
  filter: PartitionFilter,
  place: OffsetSpec,
  options: ParsedOptions<typeof OPTIONS>,
  terminal: Terminal,
): Promise<void> {
  const excludeInternal = options.has('exclude-internal-topics');
  const topics = (await admin.listTopics({ internal: true }))
    .map(({ name }) => name)
    .filter((name) => filter.topic(name) && !(excludeInternal && isInternalTopic(name)));
  const partitions: { topic: string; partition: number; timestamp: OffsetSpec }[] = [];
  const described = topics.length === 0 ? [] : await admin.describeTopics(topics);
  for (const [topic, result] of described) {
    if (result instanceof Error) throw result;
    for (const { partition } of result.partitions) {
      if (filter.partition(topic, partition)) partitions.push({ topic, partition, timestamp: place });
    }
  }
  if (partitions.length === 0) throw new Error('Could not match any topic-partitions with the specified filters');
  const lines: [key: string, line: string][] = [];
  for (const { topic, partition, offset, error } of await admin.listOffsets(partitions)) {
    const key = `${topic}-${partition}`;
    if (error) {
      terminal.err(`Skip getting offsets for topic-partition ${key} due to error: ${shownException(error)}\n`);
    } else if (offset >= 0) {
      lines.push([key, `${topic}:${partition}:${offset}\n`]);
    }
  }
  // Sorted as text, like Kafka's: partition 10 comes before 2.
  terminal.out(
    lines
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, line]) => line)
      .join(''),
  );
}

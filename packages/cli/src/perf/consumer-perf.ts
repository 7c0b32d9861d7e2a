// kafka-consumer-perf-test: reads records as fast as they come and says how fast that was.
import type { ConsumerApi } from '@moldau/client/consumer/consumer-api';
import { consumerSettings } from '../cluster/client-settings.ts';
import { shownException } from '../cluster/java-names.ts';
import { refuseTogether, requireOneOf, requireOptions } from '../command-line/checks.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { keyValueArguments, loadProperties, merged, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { type Consumed, headerLine, intervalLine, totalLine } from './consumer-lines.ts';
import { metricsTable } from './metrics-table.ts';

const POLL_MS = 100;
const GROUPS_MAX = 100_000;

const OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'REQUIRED: brokers to connect to.',
    argument: 'required',
    shown: 'server to connect to',
  },
  topic: { description: 'The topic to read.', argument: 'required', shown: 'topic' },
  include: {
    description: 'A regular expression for the topics to read.',
    argument: 'required',
    shown: 'Java regex (String)',
  },
  group: { description: 'The group to read in; a new one when left out.', argument: 'required', shown: 'gid' },
  'num-records': {
    description: 'REQUIRED: how many records to read.',
    argument: 'required',
    shown: 'count',
    kind: 'long',
  },
  messages: {
    description: '(Deprecated: --num-records) The same.',
    argument: 'required',
    shown: 'count',
    kind: 'long',
  },
  'fetch-size': {
    description: 'Most bytes of a partition in one answer.',
    argument: 'required',
    shown: 'size',
    kind: 'integer',
    default: 1_048_576,
  },
  'from-latest': { description: 'Begin at the end when the group has no offset, instead of at the beginning.' },
  'socket-buffer-size': {
    description: 'Has no effect: the system chooses.',
    argument: 'required',
    shown: 'size',
    kind: 'integer',
    default: 2_097_152,
  },
  'command-property': {
    description: 'A setting of the consumer, key=value.',
    argument: 'required',
    shown: 'prop1=val1',
  },
  'command-config': { description: 'File with settings of the consumer.', argument: 'required', shown: 'config file' },
  'consumer.config': {
    description: '(Deprecated: --command-config) The same.',
    argument: 'required',
    shown: 'config file',
  },
  'print-metrics': { description: 'Print figures of the consumer at the end.' },
  'show-detailed-stats': { description: 'A line for each interval instead of one at the end.' },
  timeout: {
    description: 'Most milliseconds between two records.',
    argument: 'optional',
    shown: 'milliseconds',
    kind: 'long',
    default: 10_000,
  },
  threads: { description: 'Has no effect.', argument: 'required', hidden: true },
  'num-fetch-threads': { description: 'Has no effect.', argument: 'required', hidden: true },
  'reporting-interval': {
    description: 'Milliseconds between lines.',
    argument: 'required',
    shown: 'interval_ms',
    kind: 'long',
    default: 5000,
  },
  'date-format': {
    description: 'How to show times, a pattern of java.text.SimpleDateFormat.',
    argument: 'required',
    shown: 'date format',
    default: 'yyyy-MM-dd HH:mm:ss:SSS',
  },
  'hide-header': { description: 'Leave out the first line.' },
});

type Options = ParsedOptions<typeof OPTIONS>;

export const consumerPerf = defineTool({
  name: 'kafka-consumer-perf-test',
  purpose: 'This tool measures consuming.',
  options: OPTIONS,
  run: async (options, terminal) => {
    requireOptions(options, 'bootstrap-server');
    requireOneOf(options, 'topic', 'include');
    requireOneOf(options, 'messages', 'num-records');
    refuseTogether(options, 'consumer.config', ['command-config']);
    if (options.has('messages')) terminal.out('Warning: --messages is deprecated. Use --num-records instead.\n');
    if (options.has('consumer.config'))
      terminal.out('Warning: --consumer.config is deprecated. Use --command-config instead.\n');
    if (options.numberOr('reporting-interval', 5000) <= 0) {
      throw new CommandLineError('Reporting interval must be greater than 0.', { usage: false });
    }
    const settings = await consumerProperties(options);
    if (!options.has('hide-header')) terminal.out(headerLine(options.has('show-detailed-stats')));
    const { Consumer } = await import('@moldau/client/consumer/consumer');
    const consumer = new Consumer(consumerSettings(settings, terminal));
    try {
      await measure(consumer, options, terminal);
      return 0;
    } catch (error) {
      terminal.err(`${shownException(error)}\n`);
      return 1;
    } finally {
      await consumer.close();
    }
  },
});

async function consumerProperties(options: Options): Promise<Properties> {
  const file = options.value('consumer.config') ?? options.value('command-config');
  const properties = merged(
    file === undefined ? new Map() : await loadProperties(file),
    keyValueArguments(options.values('command-property')),
  );
  properties.set('bootstrap.servers', options.value('bootstrap-server')!);
  properties.set('group.id', options.value('group') ?? `perf-consumer-${Math.floor(Math.random() * GROUPS_MAX)}`);
  properties.set('max.partition.fetch.bytes', options.value('fetch-size')!);
  properties.set('auto.offset.reset', options.has('from-latest') ? 'latest' : 'earliest');
  properties.set('check.crcs', 'false');
  if (!properties.has('client.id')) properties.set('client.id', 'perf-consumer-client');
  return properties;
}

async function measure(consumer: ConsumerApi, options: Options, terminal: Terminal): Promise<void> {
  const wanted = options.number('num-records') ?? options.number('messages')!;
  const timeoutMs = options.numberOr('timeout', 10_000);
  const intervalMs = options.numberOr('reporting-interval', 5000);
  const detailed = options.has('show-detailed-stats');
  const dateFormat = options.value('date-format')!;
  const startedAt = terminal.now();
  const rebalances = new RebalanceTime(startedAt, () => terminal.now());
  const include = options.value('include');
  consumer.subscribe(include === undefined ? options.value('topic')! : new RegExp(`^(?:${include})$`), rebalances);
  let stopped = false;
  terminal.onInterrupt(() => {
    stopped = true;
  });
  let [bytes, records] = [0, 0];
  let before: Consumed = { bytes, records };
  let [reportedAt, lastRecordAt, now] = [startedAt, startedAt, startedAt];
  while (!stopped && records < wanted && now - lastRecordAt <= timeoutMs) {
    const polled = await consumer.poll(POLL_MS);
    now = terminal.now();
    if (polled.length > 0) lastRecordAt = now;
    for (const record of polled) {
      records++;
      bytes += record.payloadBytes;
      if (now - reportedAt < intervalMs) continue;
      const total = { bytes, records };
      const inRebalance = rebalances.takeRound();
      if (detailed) terminal.out(intervalLine(total, before, reportedAt, now, inRebalance, dateFormat));
      before = total;
      reportedAt = now;
    }
  }
  if (records < wanted && !stopped) {
    terminal.out(
      `WARNING: Exiting before consuming the expected number of records: timeout (${timeoutMs} ms) exceeded. ` +
        'You can use the --timeout option to increase the timeout.\n',
    );
  }
  const endedAt = terminal.now();
  if (!detailed) terminal.out(totalLine({ bytes, records }, startedAt, endedAt, rebalances.totalMs, dateFormat));
  if (options.has('print-metrics')) {
    const seconds = (endedAt - startedAt) / 1000;
    terminal.out(
      metricsTable({
        'consumer-fetch-manager-metrics:records-consumed-total': records,
        'consumer-fetch-manager-metrics:records-consumed-rate': records / seconds,
        'consumer-fetch-manager-metrics:bytes-consumed-total': bytes,
      }),
    );
  }
}

/** How long the consumer was without partitions: from the start, or from losing all of them, until it has some. */
class RebalanceTime {
  readonly #now: () => number;
  readonly #assigned = new Set<string>();
  #withoutSince: number;
  #roundMs = 0;
  totalMs = 0;

  constructor(startedAt: number, now: () => number) {
    this.#withoutSince = startedAt;
    this.#now = now;
  }

  onPartitionsRevoked(partitions: readonly { topic: string; partition: number }[]): void {
    for (const { topic, partition } of partitions) this.#assigned.delete(`${topic}-${partition}`);
    if (this.#assigned.size === 0) this.#withoutSince = this.#now();
  }

  onPartitionsAssigned(partitions: readonly { topic: string; partition: number }[]): void {
    if (this.#assigned.size === 0) {
      const elapsedMs = this.#now() - this.#withoutSince;
      this.totalMs += elapsedMs;
      this.#roundMs += elapsedMs;
    }
    for (const { topic, partition } of partitions) this.#assigned.add(`${topic}-${partition}`);
  }

  /** Of the interval that ends now. */
  takeRound(): number {
    const ms = this.#roundMs;
    this.#roundMs = 0;
    return ms;
  }
}

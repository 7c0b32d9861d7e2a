// kafka-verifiable-consumer: reads a topic in a group and prints every event as a JSON line: partitions that come and go,
// records, commits.
import type { ConsumerApi } from '@moldau/client/consumer/consumer-api';
import type { ConsumerRecord } from '@moldau/client/consumer/consumer-model';
import { KafkaError } from '@moldau/client/errors';
import { consumerSettings } from '../cluster/client-settings.ts';
import { shownException } from '../cluster/java-names.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { loadProperties, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';
import { defineTool } from '../tool.ts';
import { eventLine } from './events.ts';

const POLL_MS = 60_000;

const OPTIONS = defineOptions({
  topic: { description: 'The topic to read.', argument: 'required', shown: 'TOPIC', required: true },
  'group-protocol': {
    description: 'classic; consumer (KIP-848) is not served.',
    argument: 'required',
    shown: 'GROUP-PROTOCOL',
    default: 'classic',
  },
  'group-remote-assignor': {
    description: 'Only with the consumer protocol.',
    argument: 'required',
    shown: 'GROUP-REMOTE-ASSIGNOR',
  },
  'group-id': { description: 'The group to read in.', argument: 'required', shown: 'GROUP-ID', required: true },
  'group-instance-id': {
    description: 'A lasting name of this member.',
    argument: 'required',
    shown: 'GROUP-INSTANCE-ID',
  },
  'max-messages': {
    description: 'How many records to read; -1: until it is stopped.',
    argument: 'required',
    shown: 'MAX-MESSAGES',
    kind: 'integer',
    default: -1,
  },
  'session-timeout': {
    description: 'session.timeout.ms of the member.',
    argument: 'required',
    shown: 'TIMEOUT-MS',
    kind: 'integer',
  },
  verbose: { description: 'A line for every record.' },
  'enable-autocommit': { description: 'Commit from time to time instead of after every poll.' },
  'reset-policy': {
    description: "Where to begin without an offset: 'earliest', 'latest' or 'none'.",
    argument: 'required',
    shown: 'RESET-POLICY',
    default: 'earliest',
  },
  'assignment-strategy': {
    description: 'How members share partitions: the class of an assignor of Kafka.',
    argument: 'required',
    shown: 'ASSIGNMENT-STRATEGY',
    default: 'org.apache.kafka.clients.consumer.RangeAssignor',
  },
  'consumer.config': {
    description: '(Deprecated: --command-config) The same.',
    argument: 'required',
    shown: 'CONFIG-FILE',
  },
  'command-config': { description: 'File with settings of the consumer.', argument: 'required', shown: 'CONFIG-FILE' },
  'bootstrap-server': {
    description: 'REQUIRED: brokers to connect to, HOST1:PORT1,HOST2:PORT2 …',
    argument: 'required',
    shown: 'HOST1:PORT1[,HOST2:PORT2[...]]',
    required: true,
  },
});

type Options = ParsedOptions<typeof OPTIONS>;

export const verifiableConsumer = defineTool({
  name: 'verifiable-consumer',
  manner: 'argparse',
  purpose: 'This tool reads a topic in a group and prints what happens as JSON.',
  options: OPTIONS,
  run: async (options, terminal) => {
    const settings = await consumerProperties(options, terminal);
    const { Consumer } = await import('@moldau/client/consumer/consumer');
    const consumer = new Consumer(consumerSettings(settings, terminal));
    const run = new VerifiableRun(consumer, options, terminal);
    let stopped = false;
    terminal.onInterrupt(() => {
      stopped = true;
      terminal.out(eventLine(terminal.now(), 'shutdown_requested'));
      consumer.wakeup();
    });
    await run.consume();
    // Kafka's tool says this last when it ends by itself, because it closes itself once more on the way out.
    if (!stopped) terminal.out(eventLine(terminal.now(), 'shutdown_requested'));
    return 0;
  },
});

async function consumerProperties(options: Options, terminal: Terminal): Promise<Properties> {
  if (options.has('consumer.config') && options.has('command-config')) {
    throw new CommandLineError('Options --consumer.config and --command-config are mutually exclusive.');
  }
  if (options.has('consumer.config')) {
    terminal.out(
      'Option --consumer.config has been deprecated and will be removed in a future version. Use --command-config instead.\n',
    );
  }
  if (options.value('group-protocol')!.toLowerCase() !== 'classic') {
    throw new CommandLineError(`--group-protocol ${options.value('group-protocol')}: only classic is served.`);
  }
  const file = options.value('command-config') ?? options.value('consumer.config');
  const properties: Properties = file === undefined ? new Map() : await loadProperties(file);
  const set = (key: string, value: string | undefined) => {
    if (value !== undefined) properties.set(key, value);
  };
  set('partition.assignment.strategy', options.value('assignment-strategy'));
  set('session.timeout.ms', options.value('session-timeout'));
  set('group.id', options.value('group-id'));
  set('group.instance.id', options.value('group-instance-id'));
  set('bootstrap.servers', options.value('bootstrap-server'));
  set('enable.auto.commit', String(options.has('enable-autocommit')));
  set('auto.offset.reset', options.value('reset-policy'));
  return properties;
}

interface PartitionSummary {
  readonly topic: string;
  readonly partition: number;
  count: number;
  readonly minOffset: number;
  maxOffset: number;
}

class VerifiableRun {
  readonly #consumer: ConsumerApi;
  readonly #options: Options;
  readonly #terminal: Terminal;
  readonly #max: number;
  #consumed = 0;

  constructor(consumer: ConsumerApi, options: Options, terminal: Terminal) {
    this.#consumer = consumer;
    this.#options = options;
    this.#terminal = terminal;
    this.#max = options.number('max-messages')!;
  }

  async consume(): Promise<void> {
    try {
      this.#print('startup_complete');
      this.#consumer.subscribe(this.#options.value('topic')!, {
        onPartitionsAssigned: (partitions) => this.#print('partitions_assigned', { partitions }),
        onPartitionsRevoked: (partitions) => this.#print('partitions_revoked', { partitions }),
      });
      while ((this.#max < 0 || this.#consumed < this.#max) && this.#terminal.outputIsOpen) {
        const records = await this.#consumer.poll(POLL_MS);
        const summaries = this.#received(records);
        if (!this.#options.has('enable-autocommit')) await this.#commit(summaries);
      }
    } catch (error) {
      if (!(error instanceof KafkaError && error.error === 'WAKEUP')) {
        const text = `Error during processing, terminating consumer process:  ${shownException(error)}`;
        this.#terminal.err(logLine(this.#terminal.now(), 'ERROR', text, 'org.apache.kafka.tools.VerifiableConsumer'));
      }
    } finally {
      await this.#consumer.close();
      this.#print('shutdown_complete');
    }
  }

  #received(records: readonly ConsumerRecord[]): PartitionSummary[] {
    const summaries = new Map<string, PartitionSummary>();
    for (const { topic, partition, offset, key, value } of records) {
      if (this.#max >= 0 && this.#consumed >= this.#max) break;
      const summary = summaries.get(`${topic}-${partition}`);
      if (summary) {
        summary.count++;
        summary.maxOffset = offset;
      } else {
        summaries.set(`${topic}-${partition}`, { topic, partition, count: 1, minOffset: offset, maxOffset: offset });
      }
      this.#consumed++;
      if (!this.#options.has('verbose')) continue;
      this.#print('record_data', { key: text(key), value: text(value), topic, partition, offset });
    }
    const partitions = [...summaries.values()];
    this.#print('records_consumed', { count: records.length, partitions });
    return partitions;
  }

  async #commit(summaries: readonly PartitionSummary[]): Promise<void> {
    const offsets = summaries.map(({ topic, partition, maxOffset }) => ({ topic, partition, offset: maxOffset + 1 }));
    try {
      if (offsets.length > 0) await this.#consumer.commitSync(offsets);
      this.#print('offsets_committed', { offsets, success: true });
    } catch (error) {
      if (error instanceof KafkaError && ['WAKEUP', 'FENCED_INSTANCE_ID'].includes(error.error)) throw error;
      this.#print('offsets_committed', { offsets, error: (error as Error).message, success: false });
    }
  }

  #print(name: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#terminal.out(eventLine(this.#terminal.now(), name, fields));
  }
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

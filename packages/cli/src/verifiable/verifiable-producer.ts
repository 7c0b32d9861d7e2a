// kafka-verifiable-producer: sends 0, 1, 2 … and prints a JSON line for each that was acknowledged or not, so that a test
// outside can hold them against what consumers saw.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { KafkaError } from '@moldau/client/errors';
import type { ProducerApi } from '@moldau/client/producer/producer-api';
import { producerSettings } from '../cluster/client-settings.ts';
import { exceptionClass } from '../cluster/java-names.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { Throttle } from '../perf/throttle.ts';
import { loadProperties, merged } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { javaDouble } from '../text/java-text.ts';
import { defineTool } from '../tool.ts';
import { eventLine } from './events.ts';

const RECORDS_PER_TURN = 50;

const OPTIONS = defineOptions({
  topic: { description: 'The topic to write to.', argument: 'required', shown: 'TOPIC', required: true },
  'max-messages': {
    description: 'How many to send; -1: until it is stopped.',
    argument: 'required',
    shown: 'MAX-MESSAGES',
    kind: 'integer',
    default: -1,
  },
  throughput: {
    description: 'How many a second at most; -1 for no limit.',
    argument: 'required',
    shown: 'THROUGHPUT',
    kind: 'integer',
    default: -1,
  },
  acks: {
    description: 'Which acknowledgements to wait for.',
    argument: 'required',
    shown: 'ACKS',
    kind: 'integer',
    choices: [0, 1, -1],
    default: -1,
  },
  'producer.config': {
    description: '(Deprecated: --command-config) The same.',
    argument: 'required',
    shown: 'CONFIG-FILE',
  },
  'message-create-time': {
    description: 'Timestamp of the first record, in milliseconds since the epoch; later ones follow the clock.',
    argument: 'required',
    shown: 'CREATE-TIME',
    kind: 'long',
    default: -1,
  },
  'value-prefix': {
    description: 'A number to put before each value, with a dot.',
    argument: 'required',
    shown: 'VALUE-PREFIX',
    kind: 'integer',
  },
  'repeating-keys': {
    description: 'Give records the keys 0, 1 … up to this number, and again from 0.',
    argument: 'required',
    shown: 'REPEATING-KEYS',
    kind: 'integer',
  },
  'command-config': { description: 'File with settings of the producer.', argument: 'required', shown: 'CONFIG-FILE' },
  'bootstrap-server': {
    description: 'REQUIRED: brokers to connect to, HOST1:PORT1,HOST2:PORT2 …',
    argument: 'required',
    shown: 'HOST1:PORT1[,HOST2:PORT2[...]]',
    required: true,
  },
});

export const verifiableProducer = defineTool({
  name: 'verifiable-producer',
  manner: 'argparse',
  purpose: 'This tool sends increasing numbers to a topic and prints what became of each as JSON.',
  options: OPTIONS,
  run: async (options, terminal) => {
    if (options.has('producer.config') && options.has('command-config')) {
      throw new CommandLineError('Options --producer.config and --command-config are mutually exclusive.');
    }
    if (options.has('producer.config')) {
      terminal.out(
        'Option --producer.config has been deprecated and will be removed in a future version. Use --command-config instead.\n',
      );
    }
    const file = options.value('command-config') ?? options.value('producer.config');
    const properties = merged(
      new Map([
        ['bootstrap.servers', options.value('bootstrap-server')!],
        ['acks', String(options.number('acks'))],
        ['retries', '0'],
      ]),
      file === undefined ? new Map() : await loadProperties(file),
    );
    const { Producer } = await import('@moldau/client/producer/producer');
    const producer = new Producer(producerSettings(properties, terminal));
    const run = new VerifiableRun(producer, options, terminal);
    await run.send();
    await producer.close();
    run.finish();
    return 0;
  },
});

class VerifiableRun {
  readonly #producer: ProducerApi;
  readonly #options: ParsedOptions<typeof OPTIONS>;
  readonly #terminal: Terminal;
  readonly #startedAt: number;
  #sent = 0;
  #acked = 0;
  #stopped = false;

  constructor(producer: ProducerApi, options: ParsedOptions<typeof OPTIONS>, terminal: Terminal) {
    this.#producer = producer;
    this.#options = options;
    this.#terminal = terminal;
    this.#startedAt = terminal.now();
    terminal.onInterrupt(() => {
      this.#stopped = true;
    });
  }

  async send(): Promise<void> {
    const max = this.#options.number('max-messages')!;
    const throttle = new Throttle(this.#options.number('throughput')!, this.#startedAt);
    const keys = this.#options.number('repeating-keys');
    const prefix = this.#options.number('value-prefix');
    this.#print('startup_complete');
    for (let i = 0; (max < 0 || i < max) && !this.#stopped && this.#terminal.outputIsOpen; i++) {
      const key = keys === undefined ? null : String(i % keys);
      const value = prefix === undefined ? String(i) : `${prefix}.${i}`;
      if (!this.#push(key, value)) await this.#producer.whenWritable();
      const delayMs = throttle.delayMs(i + 1, this.#terminal.now());
      // In short steps, so that a stop is heard.
      if (delayMs > 0) await this.#wait(delayMs);
      else if (i % RECORDS_PER_TURN === 0) await turn();
    }
  }

  async #wait(delayMs: number): Promise<void> {
    const until = this.#terminal.now() + delayMs;
    for (let left = delayMs; left > 0 && !this.#stopped; left = until - this.#terminal.now()) {
      await sleep(Math.min(left, 100));
    }
  }

  #push(key: string | null, value: string): boolean {
    const topic = this.#options.value('topic')!;
    const createTime = this.#options.number('message-create-time')!;
    const timestamp = createTime < 0 ? undefined : createTime + this.#terminal.now() - this.#startedAt;
    this.#sent++;
    return this.#producer.push({ topic, key, value, timestamp }, (error, metadata) => {
      if (metadata) {
        this.#acked++;
        const { offset, partition } = metadata;
        this.#print('producer_send_success', { key, value, offset, topic, partition });
      } else {
        const exception =
          error instanceof KafkaError ? `class ${exceptionClass(error.error)}` : 'class java.lang.Exception';
        this.#print('producer_send_error', { key, value, topic, exception, message: error?.message ?? '' });
      }
    });
  }

  /** The last two lines. */
  finish(): void {
    this.#print('shutdown_complete');
    const seconds = (this.#terminal.now() - this.#startedAt) / 1000;
    const average = javaDouble(this.#acked / seconds);
    const line = eventLine(this.#terminal.now(), 'tool_data', {
      sent: this.#sent,
      acked: this.#acked,
      target_throughput: this.#options.number('throughput'),
      avg_throughput: 0,
    });
    // Java writes a whole double with its point, which JSON.stringify would drop.
    this.#terminal.out(line.replace('"avg_throughput":0', `"avg_throughput":${average}`));
  }

  #print(name: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#terminal.out(eventLine(this.#terminal.now(), name, fields));
  }
}

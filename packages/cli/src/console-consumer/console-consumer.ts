// kafka-console-consumer: prints records as they come.
import type { ConsumerApi } from '@moldau/client/consumer/consumer-api';
import type { ConsumerRecord } from '@moldau/client/consumer/consumer-model';
import { KafkaError } from '@moldau/client/errors';
import { consumerSettings } from '../cluster/client-settings.ts';
import { shownException } from '../cluster/java-names.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';
import { defineTool } from '../tool.ts';
import { chooseFormatter } from './choose-formatter.ts';
import { consumerSetup } from './consumer-setup.ts';
import type { Formatter } from './formatter.ts';
import { CONSOLE_CONSUMER_OPTIONS } from './options.ts';
import { OutputBuffer } from './output-buffer.ts';

const LOGGER = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
/** Longest single wait; a poll that ends empty is followed by the next. */
const POLL_MS_MAX = 60_000;

export const consoleConsumer = defineTool({
  name: 'kafka-console-consumer',
  purpose: 'This tool reads records from topics and prints them.',
  options: CONSOLE_CONSUMER_OPTIONS,
  run: async (options, terminal) => {
    const setup = await consumerSetup(options, terminal, Math.random());
    const log = (line: string) => terminal.err(logLine(terminal.now(), 'INFO', line, LOGGER));
    let formatter: Formatter;
    try {
      formatter = await chooseFormatter(options.value('formatter')!, setup.formatter, log);
    } catch (error) {
      throw new CommandLineError((error as Error).message);
    }
    const include = options.value('include');
    const topics = include === undefined ? options.value('topic')! : new RegExp(`^(?:${include})$`);
    const partition = options.number('partition');
    const timeout = options.number('timeout-ms');
    const { Consumer } = await import('@moldau/client/consumer/consumer');
    const consumer = new Consumer(consumerSettings(setup.consumer, terminal));
    if (partition === undefined) consumer.subscribe(topics);
    else {
      const only = { topic: options.value('topic')!, partition };
      consumer.assign([only]);
      if (setup.start === 'earliest') consumer.seekToBeginning([only]);
      else if (setup.start === 'latest') consumer.seekToEnd([only]);
      else consumer.seek(only, setup.start);
    }
    terminal.onInterrupt(() => consumer.wakeup());
    const printer = new Printer(consumer, formatter, terminal, {
      recordsMax: options.number('max-messages') ?? -1,
      timeoutMs: timeout !== undefined && timeout >= 0 ? timeout : Number.POSITIVE_INFINITY,
      skipErrors: options.has('skip-message-on-error'),
    });
    const status = await printer.run();
    if (options.has('enable-systest-events')) terminal.out('shutdown_complete\n');
    return status;
  },
});

interface Limits {
  /** -1 for no limit. */
  readonly recordsMax: number;
  readonly timeoutMs: number;
  readonly skipErrors: boolean;
}

class Printer {
  readonly #consumer: ConsumerApi;
  readonly #formatter: Formatter;
  readonly #terminal: Terminal;
  readonly #limits: Limits;
  readonly #output: OutputBuffer;
  #count = 0;

  constructor(consumer: ConsumerApi, formatter: Formatter, terminal: Terminal, limits: Limits) {
    this.#consumer = consumer;
    this.#formatter = formatter;
    this.#terminal = terminal;
    this.#limits = limits;
    this.#output = new OutputBuffer((bytes) => terminal.out(bytes));
  }

  /** Until a limit, a stop or an error; answers the exit status. Leaves the group in order whatever happens. */
  async run(): Promise<number> {
    let status = 0;
    try {
      await this.#print();
    } catch (error) {
      if (!isWakeup(error)) {
        const what =
          error instanceof FormatError
            ? 'Unknown error when running consumer: '
            : 'Error processing message, terminating consumer process: ';
        this.#terminal.err(logLine(this.#terminal.now(), 'ERROR', `${what} ${shownException(error)}`, LOGGER));
        if (error instanceof FormatError) status = 1;
      }
    } finally {
      this.#output.flush();
      await this.#consumer.close();
      this.#terminal.err(`Processed a total of ${this.#count} messages\n`);
    }
    return status;
  }

  async #print(): Promise<void> {
    const { recordsMax, timeoutMs } = this.#limits;
    let lastRecordAt = this.#terminal.now();
    while (recordsMax < 0 || this.#count < recordsMax) {
      const left = lastRecordAt + timeoutMs - this.#terminal.now();
      const records = await this.#consumer.poll(Math.max(0, Math.min(left, POLL_MS_MAX)));
      if (records.length === 0) {
        if (this.#terminal.now() - lastRecordAt > timeoutMs) {
          throw new KafkaError('REQUEST_TIMED_OUT', { message: `no record came for ${timeoutMs} ms` });
        }
        continue;
      }
      const printed = this.#printAll(records);
      if (printed < records.length) this.#giveBack(records.slice(printed));
      this.#output.flush();
      if (!this.#terminal.outputIsOpen) {
        this.#terminal.err('Unable to write to standard out, closing consumer.\n');
        return;
      }
      lastRecordAt = this.#terminal.now();
    }
  }

  /** Answers how many were printed: all, unless the limit came first. */
  #printAll(records: readonly ConsumerRecord[]): number {
    const { recordsMax, skipErrors } = this.#limits;
    let done = 0;
    for (const record of records) {
      if (recordsMax >= 0 && this.#count >= recordsMax) break;
      this.#count++;
      done++;
      try {
        this.#formatter(record, this.#output.write);
      } catch (error) {
        if (!skipErrors) {
          this.#giveBack(records.slice(done));
          throw new FormatError((error as Error).message);
        }
        const text = `Error processing message, skipping this message: ${shownException(error)}`;
        this.#terminal.err(logLine(this.#terminal.now(), 'ERROR', text, LOGGER));
      }
    }
    return done;
  }

  /** Records that were fetched and not shown must not count as read when the offsets are committed. */
  #giveBack(records: readonly ConsumerRecord[]): void {
    const seen = new Set<string>();
    for (const { topic, partition, offset } of records) {
      const key = `${topic}-${partition}`;
      if (seen.has(key)) continue;
      seen.add(key);
      this.#consumer.seek({ topic, partition }, offset);
    }
  }
}

class FormatError extends Error {}

function isWakeup(error: unknown): boolean {
  return error instanceof KafkaError && error.error === 'WAKEUP';
}

// kafka-console-producer: every line of standard input becomes a record.

import type { KafkaError } from '@moldau/client/errors';
import type { ProducerApi } from '@moldau/client/producer/producer-api';
import { producerSettings } from '../cluster/client-settings.ts';
import { shownException } from '../cluster/java-names.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { logLine } from '../text/log-line.ts';
import { defineTool } from '../tool.ts';
import { type LineReader, type LineRecord, lineReader } from './line-reader.ts';
import { LineCutter } from './lines.ts';
import { CONSOLE_PRODUCER_OPTIONS } from './options.ts';
import { producerSetup } from './producer-properties.ts';

export const consoleProducer = defineTool({
  name: 'kafka-console-producer',
  purpose: 'This tool reads lines from standard input and writes them to a topic.',
  options: CONSOLE_PRODUCER_OPTIONS,
  run: async (options, terminal) => {
    const setup = await producerSetup(options, terminal);
    let read: LineReader;
    try {
      read = lineReader(setup.reader);
    } catch (error) {
      throw new CommandLineError((error as Error).message, { usage: false });
    }
    const { Producer } = await import('@moldau/client/producer/producer');
    const producer = new Producer(producerSettings(setup.producer, terminal));
    const stopped = new AbortController();
    terminal.onInterrupt(() => stopped.abort());
    const sender = new Sender(producer, options.value('topic')!, options.has('sync'), terminal);
    try {
      await produceLines(sender, read, terminal, stopped.signal);
      return 0;
    } catch (error) {
      terminal.err(`${shownException(error)}\n`);
      return 1;
    } finally {
      await producer.close();
    }
  },
});

/** Until the end of the input, or a stop. Throws on a line that cannot be read and, with --sync, on one that was not taken. */
async function produceLines(sender: Sender, read: LineReader, terminal: Terminal, stop: AbortSignal): Promise<void> {
  const cutter = new LineCutter();
  let lineNumber = 0;
  const prompt = () => {
    if (terminal.inputIsTerminal) terminal.out('>');
  };
  const aborted = new Promise<undefined>((resolve) => {
    stop.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const produce = async (lines: readonly string[]) => {
    for (const line of lines) {
      if (stop.aborted) return;
      const pending = sender.send(read(line, ++lineNumber));
      if (pending !== undefined) await Promise.race([pending, aborted]);
      prompt();
    }
  };
  prompt();
  const input = terminal.input[Symbol.asyncIterator]();
  for (;;) {
    const chunk = await Promise.race([input.next(), aborted]);
    if (chunk === undefined) return;
    if (chunk.done) break;
    await produce(cutter.feed(chunk.value));
  }
  await produce(cutter.end());
}

/** Sends records; answers a promise only when the caller has to wait. */
class Sender {
  readonly #producer: ProducerApi;
  readonly #topic: string;
  readonly #sync: boolean;
  readonly #terminal: Terminal;

  constructor(producer: ProducerApi, topic: string, sync: boolean, terminal: Terminal) {
    this.#producer = producer;
    this.#topic = topic;
    this.#sync = sync;
    this.#terminal = terminal;
  }

  send({ key, value, headers }: LineRecord): Promise<unknown> | undefined {
    const record = { topic: this.#topic, key, value, ...(headers.length > 0 && { headers }) };
    if (this.#sync) return this.#producer.send(record);
    const room = this.#producer.push(record, (error) => {
      if (error) this.#report(error, key, value);
    });
    return room ? undefined : this.#producer.whenWritable();
  }

  #report(error: KafkaError, key: Buffer | null, value: Buffer | null): void {
    const size = (bytes: Buffer | null) => (bytes === null ? 'null' : `${bytes.length} bytes`);
    this.#terminal.err(
      logLine(
        this.#terminal.now(),
        'ERROR',
        `Error when sending message to topic ${this.#topic} with key: ${size(key)}, value: ${size(value)} with error: ${shownException(error)}`,
        'org.apache.kafka.clients.producer.internals.ErrorLoggingCallback',
      ),
    );
  }
}

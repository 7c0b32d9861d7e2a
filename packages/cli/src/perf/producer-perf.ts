// kafka-producer-perf-test: sends records as fast as they go, or at a rate, and says how fast they were acknowledged.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { ProducerApi } from '@moldau/client/producer/producer-api';
import { producerSettings } from '../cluster/client-settings.ts';
import { shownException } from '../cluster/java-names.ts';
import { CommandLineError, defineOptions } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { keyValueArguments, loadProperties, merged, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { LatencyStats } from './latency-stats.ts';
import { metricsTable } from './metrics-table.ts';
import { countedPayloads, filePayloads, type Payloads, randomPayloads } from './payloads.ts';
import { Throttle } from './throttle.ts';

/** Records between two looks at the network, so that acknowledgements are measured when they come. */
const RECORDS_PER_TURN = 200;

const OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'Brokers to connect to; stronger than bootstrap.servers elsewhere.',
    argument: 'required',
    shown: 'BOOTSTRAP-SERVER',
  },
  topic: { description: 'The topic to write to.', argument: 'required', shown: 'TOPIC', required: true },
  'num-records': {
    description: 'How many records to send.',
    argument: 'required',
    shown: 'NUM-RECORDS',
    kind: 'long',
    required: true,
  },
  'payload-delimiter': {
    description: 'What stands between payloads in --payload-file, a regular expression.',
    argument: 'required',
    shown: 'PAYLOAD-DELIMITER',
    default: '\\n',
  },
  throughput: {
    description: 'How many records a second to send at most; -1 for no limit.',
    argument: 'required',
    shown: 'THROUGHPUT',
    kind: 'double',
    required: true,
  },
  'producer-props': {
    description: '(Deprecated: --command-property) The same.',
    argument: 'several',
    shown: 'PROP-NAME=PROP-VALUE',
  },
  'command-property': {
    description: 'Settings of the producer, for example linger.ms=10 batch.size=32768.',
    argument: 'several',
    shown: 'PROP-NAME=PROP-VALUE',
  },
  'producer.config': {
    description: '(Deprecated: --command-config) The same.',
    argument: 'required',
    shown: 'CONFIG-FILE',
  },
  'command-config': { description: 'File with settings of the producer.', argument: 'required', shown: 'CONFIG-FILE' },
  'print-metrics': { description: 'Print figures of the producer at the end.' },
  'transactional-id': {
    description: 'Not served: the producer here has no transactions yet.',
    argument: 'required',
    shown: 'TRANSACTIONAL-ID',
  },
  'transaction-duration-ms': {
    description: 'Not served: the producer here has no transactions yet.',
    argument: 'required',
    shown: 'TRANSACTION-DURATION',
    kind: 'long',
  },
  'warmup-records': {
    description: 'How many records to leave out of the second summary.',
    argument: 'required',
    shown: 'WARMUP-RECORDS',
    kind: 'long',
    default: 0,
  },
  'reporting-interval': {
    description: 'Milliseconds between lines.',
    argument: 'required',
    shown: 'INTERVAL-MS',
    kind: 'long',
    default: 5000,
  },
  'record-size': { description: 'Bytes of a record.', argument: 'required', shown: 'RECORD-SIZE', kind: 'integer' },
  'payload-file': {
    description: 'Text file to take records from, at random.',
    argument: 'required',
    shown: 'PAYLOAD-FILE',
  },
  'payload-monotonic': { description: 'Send 0, 1, 2 …' },
});

type Options = ParsedOptions<typeof OPTIONS>;

export const producerPerf = defineTool({
  name: 'kafka-producer-perf-test',
  manner: 'argparse',
  purpose: 'This tool measures producing.',
  options: OPTIONS,
  run: async (options, terminal) => {
    checkOptions(options);
    const properties = await producerProperties(options, terminal);
    const { Producer } = await import('@moldau/client/producer/producer');
    const payloads = choosePayloads(options, terminal);
    const producer = new Producer(producerSettings(properties, terminal));
    try {
      await send(producer, payloads, options, terminal, properties.get('client.id')!);
      return 0;
    } catch (error) {
      terminal.err(`${shownException(error)}\n`);
      return 1;
    } finally {
      await producer.close();
    }
  },
});

function checkOptions(options: Options): void {
  const sources = (['record-size', 'payload-file', 'payload-monotonic'] as const).filter((one) => options.has(one));
  if (sources.length !== 1) {
    throw new CommandLineError('one of the arguments --record-size --payload-file --payload-monotonic is required');
  }
  const records = options.number('num-records')!;
  if (records <= 0) throw new CommandLineError('--num-records should be greater than zero.');
  if (options.numberOr('warmup-records', 0) >= records) {
    throw new CommandLineError(
      'The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.',
    );
  }
  if (options.has('record-size') && options.number('record-size')! <= 0) {
    throw new CommandLineError('--record-size should be greater than zero.');
  }
  for (const option of ['transactional-id', 'transaction-duration-ms'] as const) {
    if (options.has(option)) throw new CommandLineError(`--${option}: the producer here has no transactions yet.`);
  }
}

async function producerProperties(options: Options, terminal: Terminal): Promise<Properties> {
  for (const [now, before] of [
    ['command-property', 'producer-props'],
    ['command-config', 'producer.config'],
  ] as const) {
    if (options.has(now) && options.has(before)) {
      throw new CommandLineError(`--${before} and --${now} cannot be specified together.`);
    }
    if (options.has(before)) {
      terminal.out(
        `Option --${before} has been deprecated and will be removed in a future version. Use --${now} instead.\n`,
      );
    }
  }
  const file = options.value('command-config') ?? options.value('producer.config');
  const words = [...options.values('command-property'), ...options.values('producer-props')];
  for (const word of words) {
    if (word.split('=').length !== 2) throw new CommandLineError(`Invalid property: ${word}`);
  }
  const properties = merged(file === undefined ? new Map() : await loadProperties(file), keyValueArguments(words));
  const servers = options.value('bootstrap-server');
  if (servers !== undefined) properties.set('bootstrap.servers', servers);
  if (!properties.has('bootstrap.servers')) {
    throw new CommandLineError(
      'At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config must be specified with bootstrap.servers.',
    );
  }
  if (!properties.has('client.id')) properties.set('client.id', 'perf-producer-client');
  return properties;
}

function choosePayloads(options: Options, terminal: Terminal): Payloads {
  const file = options.value('payload-file');
  if (file !== undefined) {
    return filePayloads(file, options.value('payload-delimiter')!, Math.random, (text) => terminal.out(text));
  }
  const recordBytes = options.number('record-size');
  return recordBytes === undefined ? countedPayloads : randomPayloads(recordBytes, Math.random);
}

async function send(
  producer: ProducerApi,
  payloads: Payloads,
  options: Options,
  terminal: Terminal,
  clientId: string,
): Promise<void> {
  const records = options.number('num-records')!;
  const topic = options.value('topic')!;
  const warmup = Math.max(0, options.numberOr('warmup-records', 0));
  const intervalMs = options.numberOr('reporting-interval', 5000);
  const print = (line: string) => terminal.out(line);
  if (warmup > 0) {
    print(`Warmup first ${warmup} records. Steady state results will print after the complete test summary.\n`);
  }
  const startedAt = terminal.now();
  const stats = new LatencyStats({ records, intervalMs, now: startedAt, print });
  let steady: LatencyStats | undefined;
  let [sent, bytes, failed] = [0, 0, 0];
  const throttle = new Throttle(options.number('throughput')!, startedAt);
  for (let i = 0; i < records; i++) {
    const value = payloads(i);
    const now = terminal.now();
    if (warmup > 0 && i === warmup) {
      steady = new LatencyStats({ records: records - warmup, intervalMs, now, steady: true, print });
      stats.silence();
    }
    const counting = steady;
    const room = producer.push({ topic, value }, (error) => {
      if (error) {
        failed++;
        terminal.err(`${shownException(error)}\n`);
        return;
      }
      const at = terminal.now();
      sent++;
      bytes += value.length;
      stats.record(at - now, value.length, at);
      counting?.record(at - now, value.length, at);
    });
    if (!room) await producer.whenWritable();
    const delayMs = throttle.delayMs(i + 1, now);
    if (delayMs > 0) await (Number.isFinite(delayMs) ? sleep(delayMs) : new Promise(() => {}));
    else if (i % RECORDS_PER_TURN === 0) await turn();
  }
  await producer.flush();
  print(stats.totalLine(terminal.now()));
  if (steady) print(steady.totalLine(terminal.now()));
  if (options.has('print-metrics')) {
    const of = (name: string) => `producer-metrics:${name}:{client-id=${clientId}}`;
    const seconds = (terminal.now() - startedAt) / 1000;
    print(
      metricsTable({
        [of('record-send-total')]: sent,
        [of('record-send-rate')]: sent / seconds,
        [of('record-error-total')]: failed,
        [of('record-size-avg')]: sent === 0 ? Number.NaN : bytes / sent,
        [of('outgoing-payload-total')]: bytes,
      }),
    );
  }
}

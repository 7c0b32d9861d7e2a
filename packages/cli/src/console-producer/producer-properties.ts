// Settings of the producer and of the line reader, from the options of kafka-console-producer.
import { checkBootstrapServer, requireOptions } from '../command-line/checks.ts';
import { nowOrBefore } from '../command-line/deprecated.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { mergeOption } from '../settings/merged-options.ts';
import { keyValueArguments, loadProperties, merged, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import type { CONSOLE_PRODUCER_OPTIONS } from './options.ts';

type Options = ParsedOptions<typeof CONSOLE_PRODUCER_OPTIONS>;

export interface ProducerSetup {
  readonly producer: Properties;
  readonly reader: Properties;
}

const MERGED = [
  ['linger.ms', 'timeout'],
  ['acks', 'request-required-acks'],
  ['request.timeout.ms', 'request-timeout-ms'],
  ['retries', 'message-send-max-retries'],
  ['retry.backoff.ms', 'retry-backoff-ms'],
  ['buffer.memory', 'max-memory-bytes'],
  ['batch.size', 'batch-size'],
  ['batch.size', 'max-partition-memory-bytes'],
  ['metadata.max.age.ms', 'metadata-expiry-ms'],
  ['max.block.ms', 'max-block-ms'],
] as const;

/** Throws CommandLineError on options that contradict each other or cannot be read. */
export async function producerSetup(options: Options, terminal: Terminal): Promise<ProducerSetup> {
  requireOptions(options, 'topic');
  const config = nowOrBefore(options, 'command-config', 'producer.config');
  const property = nowOrBefore(options, 'command-property', 'producer-property');
  const readerProperty = nowOrBefore(options, 'reader-property', 'property');
  for (const [used, instead] of [
    [property, 'command-property'],
    [config, 'command-config'],
    [readerProperty, 'reader-property'],
  ] as const) {
    if (used !== instead) {
      terminal.out(
        `Warning: --${used} is deprecated and will be removed in a future version. Use --${instead} instead.\n`,
      );
    }
  }
  if (options.has('max-partition-memory-bytes')) {
    terminal.out(
      'Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.\n',
    );
  }
  checkBootstrapServer(options.value('bootstrap-server'));
  if (!/(^|\.)LineMessageReader$/.test(options.value('line-reader')!)) {
    throw new CommandLineError(
      `--line-reader ${options.value('line-reader')}: classes of one's own cannot be loaded here.`,
    );
  }
  const file = options.value(config);
  const producer = merged(
    file === undefined ? new Map() : await loadProperties(file),
    keyValueArguments(options.values(property)),
  );
  producer.set('bootstrap.servers', options.value('bootstrap-server')!);
  producer.set('compression.type', compressionType(options));
  if (!producer.has('client.id')) producer.set('client.id', 'console-producer');
  for (const [key, option] of MERGED) mergeOption(producer, key, options, option);
  const readerFile = options.value('reader-config');
  const reader = merged(
    readerFile === undefined ? new Map() : await loadProperties(readerFile),
    keyValueArguments(options.values(readerProperty)),
  );
  return { producer, reader };
}

function compressionType(options: Options): string {
  if (!options.has('compression-codec')) return 'none';
  return options.value('compression-codec') || 'gzip';
}

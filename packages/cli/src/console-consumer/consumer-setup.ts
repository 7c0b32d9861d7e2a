// Settings of the consumer and of the formatter, from the options of kafka-console-consumer.
import { requireOneOf, requireOptions } from '../command-line/checks.ts';
import { nowOrBefore } from '../command-line/deprecated.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { mergeOption } from '../settings/merged-options.ts';
import { keyValueArguments, loadProperties, merged, type Properties } from '../settings/properties.ts';
import type { Terminal } from '../terminal.ts';
import type { CONSOLE_CONSUMER_OPTIONS } from './options.ts';

type Options = ParsedOptions<typeof CONSOLE_CONSUMER_OPTIONS>;

export interface ConsumerSetup {
  readonly consumer: Properties;
  readonly formatter: Properties;
  /** A number, or a place. Only with --partition. */
  readonly start: number | 'earliest' | 'latest';
}

const GROUPS_MAX = 100_000;

/** Throws CommandLineError on options that contradict each other or cannot be read. `random` is in [0, 1). */
export async function consumerSetup(options: Options, terminal: Terminal, random: number): Promise<ConsumerSetup> {
  checkPartition(options);
  requireOptions(options, 'bootstrap-server');
  const property = nowOrBefore(options, 'command-property', 'consumer-property');
  const config = nowOrBefore(options, 'command-config', 'consumer.config');
  for (const [used, instead] of [
    [property, 'command-property'],
    [config, 'command-config'],
  ] as const) {
    if (used !== instead) deprecated(terminal, used, instead);
  }
  const file = options.value(config);
  const fromFile: Properties = file === undefined ? new Map() : await loadProperties(file);
  const fromLine = keyValueArguments(options.values(property));
  const groups = new Set(
    [options.value('group'), fromFile.get('group.id'), fromLine.get('group.id')].filter((id) => id !== undefined),
  );
  const consumer = merged(fromFile, fromLine);
  setGroup(consumer, groups, options, random);
  setOffsetReset(consumer, options);
  consumer.set('bootstrap.servers', options.value('bootstrap-server')!);
  if (!consumer.has('client.id')) consumer.set('client.id', 'console-consumer');
  mergeOption(consumer, 'isolation.level', options, 'isolation-level');
  const start = startOf(options);
  return { consumer, formatter: await formatterProperties(options, terminal), start };
}

function checkPartition(options: Options): void {
  requireOneOf(options, 'topic', 'include');
  if (options.has('partition')) {
    if (!options.has('topic')) throw new CommandLineError('The topic is required when partition is specified.');
    if (options.has('from-beginning') && options.has('offset')) {
      throw new CommandLineError('Options from-beginning and offset cannot be specified together.');
    }
  } else if (options.has('offset')) {
    throw new CommandLineError('The partition is required when offset is specified.');
  }
}

function setGroup(consumer: Properties, groups: ReadonlySet<string>, options: Options, random: number): void {
  if (groups.size > 1) {
    throw new CommandLineError(
      "The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') " +
        `do not match. Detected group ids: ${[...groups].map((id) => `'${id}'`).join(', ')}`,
    );
  }
  const [group] = groups;
  if (group !== undefined) {
    if (options.has('partition'))
      throw new CommandLineError('Options group and partition cannot be specified together.');
    consumer.set('group.id', group);
    return;
  }
  consumer.set('group.id', `console-consumer-${Math.floor(random * GROUPS_MAX)}`);
  // Nobody comes back to a group that was made up: its offsets would only take room.
  if (!consumer.has('enable.auto.commit')) consumer.set('enable.auto.commit', 'false');
}

function setOffsetReset(consumer: Properties, options: Options): void {
  const given = consumer.get('auto.offset.reset');
  if (given === undefined) consumer.set('auto.offset.reset', options.has('from-beginning') ? 'earliest' : 'latest');
  else if (options.has('from-beginning') && given !== 'earliest') {
    throw new CommandLineError(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${given}', please remove one option`,
      { usage: false },
    );
  }
}

function startOf(options: Options): number | 'earliest' | 'latest' {
  if (!options.has('offset')) return options.has('from-beginning') ? 'earliest' : 'latest';
  const text = options.value('offset')!;
  const word = text.toLowerCase();
  if (word === 'earliest' || word === 'latest') return word;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new CommandLineError(
    `The provided offset value '${text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  );
}

async function formatterProperties(options: Options, terminal: Terminal): Promise<Properties> {
  const property = nowOrBefore(options, 'formatter-property', 'property');
  if (property === 'property') deprecated(terminal, 'property', 'formatter-property');
  const file = options.value('formatter-config');
  const properties: Properties = file === undefined ? new Map() : await loadProperties(file);
  for (const part of ['key', 'value'] as const) {
    const deserializer = options.value(`${part}-deserializer`);
    if (deserializer) properties.set(`${part}.deserializer`, deserializer);
  }
  return merged(properties, keyValueArguments(options.values(property)));
}

function deprecated(terminal: Terminal, used: string, instead: string): void {
  terminal.out(`Option --${used} is deprecated and will be removed in a future version. Use --${instead} instead.\n`);
}

// Which options of kafka-topics go together.
import { refuseTogether, requireOptions } from '../command-line/checks.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { TOPICS_OPTIONS } from './options.ts';

type Options = ParsedOptions<typeof TOPICS_OPTIONS>;
export type Action = 'create' | 'list' | 'alter' | 'describe' | 'delete';

const ACTIONS = ['alter', 'create', 'describe', 'list', 'delete'] as const;
const REPORTS = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
] as const;
const TO_KAFKA_CONFIGS = ' (To alter topic configurations, the kafka-configs tool can be used.)';

/** The one action asked for. Throws CommandLineError where the options contradict each other. */
export function checkTopicOptions(options: Options): Action {
  const actions = ACTIONS.filter((action) => options.has(action));
  const action = actions[0];
  if (action === undefined || actions.length > 1) {
    throw new CommandLineError(
      'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
    );
  }
  if (!options.has('bootstrap-server'))
    throw new CommandLineError('--bootstrap-server must be specified', { usage: false });
  if (action === 'describe' && options.has('if-exists') && !options.has('topic') && !options.has('topic-id')) {
    throw new CommandLineError('--topic or --topic-id is required to describe a topic');
  }
  if (action !== 'list' && action !== 'describe') requireOptions(options, 'topic');
  if (action === 'alter') {
    if (options.has('config')) {
      throw new CommandLineError(
        `Option combination "[[bootstrap-server], [config]]" can't be used with option "[alter]"${TO_KAFKA_CONFIGS}`,
      );
    }
    requireOptions(options, 'partitions');
  }
  const onlyWith = (option: keyof typeof TOPICS_OPTIONS, ...allowed: Action[]) =>
    refuseTogether(
      options,
      option,
      ACTIONS.filter((other) => !allowed.includes(other)),
    );
  onlyWith('config', 'alter', 'create');
  onlyWith('partitions', 'alter', 'create');
  onlyWith('replication-factor', 'create');
  onlyWith('replica-assignment', 'alter', 'create');
  if (action === 'create') refuseTogether(options, 'replica-assignment', ['partitions', 'replication-factor']);
  for (const report of REPORTS) {
    onlyWith(report, 'describe');
    refuseTogether(options, report, ['topics-with-overrides']);
  }
  onlyWith('topics-with-overrides', 'describe');
  onlyWith('if-exists', 'alter', 'delete', 'describe');
  onlyWith('if-not-exists', 'create');
  onlyWith('exclude-internal', 'list', 'describe');
  return action;
}

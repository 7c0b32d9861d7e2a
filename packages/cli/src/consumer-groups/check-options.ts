// Which options of kafka-consumer-groups go together.
import { refuseTogether, requireOptions, shownOption } from '../command-line/checks.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { Terminal } from '../terminal.ts';
import type { CONSUMER_GROUPS_OPTIONS } from './options.ts';

export type GroupOptions = ParsedOptions<typeof CONSUMER_GROUPS_OPTIONS>;

const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets', 'validate-regex'] as const;
export type Action = (typeof ACTIONS)[number];

const SCENARIOS = [
  'to-offset',
  'shift-by',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'from-file',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

const list = (...names: string[]) => names.map(shownOption).join(', ');

/** The one action asked for. Throws CommandLineError where the options contradict each other. */
export function checkGroupOptions(options: GroupOptions, terminal: Terminal): Action {
  if (!options.has('validate-regex')) requireOptions(options, 'bootstrap-server');
  const grouped = options.has('group') || options.has('all-groups');
  const needsGroup = (action: Action) => {
    if (!grouped) {
      throw new CommandLineError(
        `Option ${shownOption(action)} takes one of these options: ${list('group', 'all-groups')}`,
      );
    }
  };
  if (options.has('describe')) {
    needsGroup('describe');
    const views = (['members', 'offsets', 'state'] as const).filter((view) => options.has(view));
    if (views.length > 1) {
      throw new CommandLineError(
        `Option ${shownOption('describe')} takes at most one of these options: ${list('members', 'offsets', 'state')}`,
      );
    }
    if (options.value('state') !== undefined) {
      throw new CommandLineError(`Option ${shownOption('describe')} does not take a value for ${shownOption('state')}`);
    }
  }
  if (options.has('delete')) {
    needsGroup('delete');
    if (options.has('topic')) {
      throw new CommandLineError('The consumer does not support topic-specific offset deletion from a consumer group.');
    }
  }
  if (options.has('delete-offsets') && !(options.has('group') && options.has('topic'))) {
    throw new CommandLineError(
      `Option ${shownOption('delete-offsets')} takes the following options: ${list('group', 'topic')}`,
    );
  }
  if (options.has('reset-offsets')) checkReset(options, terminal, needsGroup);
  refuseTogether(options, 'group', ['all-groups']);
  refuseTogether(options, 'group', ['list']);
  refuseTogether(options, 'topic', ['list', 'describe']);
  const actions = ACTIONS.filter((action) => options.has(action));
  if (actions.length !== 1) {
    throw new CommandLineError(
      `Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(', ')}`,
    );
  }
  return actions[0]!;
}

function checkReset(options: GroupOptions, terminal: Terminal, needsGroup: (action: Action) => void): void {
  if (options.has('dry-run') && options.has('execute')) {
    throw new CommandLineError(
      `Option ${shownOption('reset-offsets')} only accepts one of ${shownOption('execute')} and ${shownOption('dry-run')}`,
    );
  }
  if (!options.has('dry-run') && !options.has('execute')) {
    terminal.err(
      'WARN: No action will be performed as the --execute option is missing. Add --execute to set the offsets.\n',
    );
  }
  needsGroup('reset-offsets');
  for (const scenario of SCENARIOS) refuseTogether(options, scenario, SCENARIOS);
}

/** The scenario of --reset-offsets. Throws CommandLineError when scope or scenario is missing. */
export function resetScenario(options: GroupOptions): Scenario {
  if (!options.has('all-topics') && !options.has('topic') && !options.has('from-file')) {
    throw new CommandLineError('One of the reset scopes should be defined: --all-topics, --topic.');
  }
  const scenario = SCENARIOS.find((one) => options.has(one));
  if (scenario === undefined) {
    throw new CommandLineError(
      `Option '${shownOption('reset-offsets')}' requires one of the following scenarios: [${list(...SCENARIOS)}]`,
    );
  }
  return scenario;
}

const STATES = ['PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead', 'Empty', 'Assigning', 'Reconciling'];
const TYPES = ['Classic', 'Consumer'];

/** `stable,empty` to [Stable, Empty]. Throws CommandLineError on others. */
export const parseStates = (text: string) => parseNames(text, STATES, 'state list', 'states');
export const parseTypes = (text: string) => parseNames(text, TYPES, 'types list', 'types');

function parseNames(text: string, known: readonly string[], what: string, plural: string): string[] {
  return text.split(',').map((word) => {
    const found = known.find((name) => name.toLowerCase() === word.trim().toLowerCase());
    if (!found) throw new CommandLineError(`Invalid ${what} '${text}'. Valid ${plural} are: ${known.join(', ')}`);
    return found;
  });
}

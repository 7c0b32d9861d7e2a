// Which options of kafka-reassign-partitions go together.
import { requireOptions, shownOption } from '../command-line/checks.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { REASSIGN_OPTIONS } from './options.ts';

export type Options = ParsedOptions<typeof REASSIGN_OPTIONS>;
type Name = keyof typeof REASSIGN_OPTIONS;

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const;
export type Action = (typeof ACTIONS)[number];

const NEEDED: Record<Action, readonly Name[]> = {
  generate: ['topics-to-move-json-file', 'broker-list'],
  execute: ['reassignment-json-file'],
  verify: ['reassignment-json-file'],
  cancel: ['reassignment-json-file'],
  list: [],
};

const ALLOWED: Record<Action, readonly Name[]> = {
  generate: ['disable-rack-aware'],
  execute: [
    'additional',
    'throttle',
    'replica-alter-log-dirs-throttle',
    'timeout',
    'disallow-replication-factor-change',
  ],
  verify: ['preserve-throttles'],
  cancel: ['bootstrap-controller', 'preserve-throttles', 'timeout'],
  list: ['bootstrap-controller'],
};

const ALWAYS: readonly Name[] = ['bootstrap-server', 'command-config'];

/** The one action asked for. Throws CommandLineError where the options contradict each other. */
export function checkReassignOptions(options: Options): Action {
  const actions = ACTIONS.filter((action) => options.has(action));
  const action = actions[0];
  if (action === undefined || actions.length > 1) {
    throw new CommandLineError(
      `Command must include exactly one action: ${ACTIONS.map((name) => `--${name}`).join(', ')}`,
    );
  }
  if (options.has('bootstrap-server') && options.has('bootstrap-controller')) {
    throw new CommandLineError("Please don't specify both --bootstrap-server and --bootstrap-controller");
  }
  if (!options.has('bootstrap-server') && !options.has('bootstrap-controller')) {
    throw new CommandLineError('Please specify either --bootstrap-server or --bootstrap-controller');
  }
  requireOptions(options, ...NEEDED[action]);
  const fitting: readonly string[] = [action, ...NEEDED[action], ...ALLOWED[action], ...ALWAYS];
  for (const name of options.order) {
    if (!fitting.includes(name)) {
      throw new CommandLineError(`Option "${shownOption(name)}" can't be used with action "${shownOption(action)}"`);
    }
  }
  return action;
}

// Whose settings kafka-configs is about: from --entity-type/-name/-default or from the short forms (--topic, --broker …),
// with every combination that makes no sense refused before anything is sent.
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import type { CONFIGS_OPTIONS } from './options.ts';

export type EntityType =
  | 'topics'
  | 'clients'
  | 'users'
  | 'brokers'
  | 'broker-loggers'
  | 'ips'
  | 'client-metrics'
  | 'groups';

const ENTITY_TYPES: readonly string[] = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
  'broker-loggers',
];

const NAME_FLAGS = [
  ['topic', 'topics'],
  ['client', 'clients'],
  ['user', 'users'],
  ['broker', 'brokers'],
  ['broker-logger', 'broker-loggers'],
  ['ip', 'ips'],
  ['client-metrics', 'client-metrics'],
  ['group', 'groups'],
] as const;

const DEFAULT_FLAGS = [
  ['client-defaults', 'clients'],
  ['user-defaults', 'users'],
  ['broker-defaults', 'brokers'],
  ['ip-defaults', 'ips'],
] as const;

export interface Entities {
  readonly types: readonly EntityType[];
  /** In the order of `types`; '' is the default entity. Fewer than types when all entities of a type are meant. */
  readonly names: readonly string[];
}

type Options = ParsedOptions<typeof CONFIGS_OPTIONS>;

const refuse = (message: string): never => {
  throw new CommandLineError(message, { usage: false });
};

/** Reads the entities. Throws CommandLineError on a combination that has no meaning. */
export function readEntities(options: Options, action: 'alter' | 'describe'): Entities {
  const flags = [...NAME_FLAGS, ...DEFAULT_FLAGS].filter(([flag]) => options.has(flag));
  const types = [...options.values('entity-type'), ...flags.map(([, type]) => type)];
  if (new Set(types).size !== types.length) {
    const twice = types.filter((type, i) => types.indexOf(type) !== i);
    refuse(`Duplicate entity type(s) specified: ${twice.join(',')}`);
  }
  for (const type of types) {
    if (!ENTITY_TYPES.includes(type)) {
      refuse(
        `Invalid entity type ${type}, the entity type must be one of ${ENTITY_TYPES.join(', ')} with a --bootstrap-server or --bootstrap-controller argument`,
      );
    }
  }
  if (types.length === 0) refuse('At least one entity type must be specified');
  if (types.length > 1 && !(types.length === 2 && types.includes('users') && types.includes('clients'))) {
    refuse("Only 'users' and 'clients' entity types may be specified together");
  }
  const long = options.has('entity-name') || options.has('entity-type') || options.has('entity-default');
  if (long && flags.length > 0) {
    refuse('--entity-{type,name,default} should not be used in conjunction with specific entity flags');
  }
  const entities = { types: types as EntityType[], names: entityNames(options) };
  checkNames(options, entities, action);
  return entities;
}

/** Names and defaults in the order they were typed, because they pair with the types by position. */
function entityNames(options: Options): string[] {
  const given = [...options.values('entity-name')];
  const names = options.order
    .filter((name) => name === 'entity-name' || name === 'entity-default')
    .map((name) => (name === 'entity-name' ? given.shift()! : ''));
  for (const [flag] of NAME_FLAGS) {
    if (options.has(flag)) names.push(options.value(flag)!);
  }
  for (const [flag] of DEFAULT_FLAGS) {
    if (options.has(flag)) names.push('');
  }
  return names;
}

function checkNames(options: Options, { types, names }: Entities, action: 'alter' | 'describe'): void {
  const first = types[0]!;
  const named = names.some((name) => name !== '');
  const byDefault = names.some((name) => name === '');
  if (named && (first === 'brokers' || first === 'broker-loggers')) {
    for (const name of names) {
      if (name !== '' && !/^[+-]?\d+$/.test(name)) {
        refuse(`The entity name for ${first} must be a valid integer broker id, but it is: ${name}`);
      }
    }
  }
  const quotas = types.some((type) => type === 'users' || type === 'clients' || type === 'brokers' || type === 'ips');
  if (action === 'describe') {
    if (!quotas && options.has('entity-default')) {
      refuse(`--entity-default must not be specified with --describe of ${types.join(',')}`);
    }
    if (first === 'broker-loggers' && !named) {
      refuse(`An entity name must be specified with --describe of ${types.join(',')}`);
    }
    return;
  }
  if (quotas && !named && !byDefault) {
    refuse('An entity-name or default entity must be specified with --alter of users, clients, brokers or ips');
  }
  if (!quotas && !named) refuse(`An entity name must be specified with --alter of ${types.join(',')}`);
  if (options.has('add-config') && options.has('add-config-file')) {
    refuse('Only one of --add-config or --add-config-file must be specified');
  }
  if (!options.has('add-config') && !options.has('add-config-file') && !options.has('delete-config')) {
    refuse('At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter');
  }
  if (types.length !== names.length) refuse('An entity name must be specified for every entity type');
}

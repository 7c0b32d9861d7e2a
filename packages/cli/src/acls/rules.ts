// What the words of kafka-acls ask for: patterns of resources, and the entries on each. Pure; throws CommandLineError with
// Kafka's words for what does not go together (Kafka: AclCommand).
import type {
  AclBinding,
  AclOperation,
  AclPatternType,
  AclPermissionType,
  AclResourceType,
} from '@moldau/client/admin/security-model';
import { refuseTogether } from '../command-line/checks.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { ParsedOptions } from '../command-line/parsed-options.ts';
import { type ACLS_OPTIONS, OPERATION_WORDS } from './options.ts';

export type Options = ParsedOptions<typeof ACLS_OPTIONS>;

export interface Pattern {
  readonly resourceType: AclResourceType;
  readonly resourceName: string;
  readonly patternType: AclPatternType;
}

export type Entry = Pick<AclBinding, 'principal' | 'host' | 'operation' | 'permissionType'>;

export interface PatternEntries {
  readonly pattern: Pattern;
  readonly entries: readonly Entry[];
}

export type Action = 'add' | 'remove' | 'list';

/** Options that name a resource, and its type. */
const RESOURCE_OPTIONS = [
  ['topic', 'TOPIC'],
  ['group', 'GROUP'],
  ['transactional-id', 'TRANSACTIONAL_ID'],
  ['delegation-token', 'DELEGATION_TOKEN'],
  ['user-principal', 'USER'],
] as const;
const CLUSTER: Pattern = { resourceType: 'CLUSTER', resourceName: 'kafka-cluster', patternType: 'LITERAL' };

/** What AclEntry.supportedOperations has of each, besides ALL. */
const SUPPORTED: Partial<Record<AclResourceType, readonly AclOperation[]>> = {
  TOPIC: ['READ', 'WRITE', 'CREATE', 'DESCRIBE', 'DELETE', 'ALTER', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  GROUP: ['READ', 'DESCRIBE', 'DELETE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  CLUSTER: ['CREATE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE', 'ALTER', 'DESCRIBE'],
  TRANSACTIONAL_ID: ['DESCRIBE', 'WRITE', 'TWO_PHASE_COMMIT'],
  DELEGATION_TOKEN: ['DESCRIBE'],
  USER: ['CREATE_TOKENS', 'DESCRIBE_TOKENS'],
};

/** The one action, once the options go together. */
export function checkAction(options: Options): Action {
  if (options.has('bootstrap-server') && options.has('bootstrap-controller')) {
    throw new CommandLineError('Only one of --bootstrap-server or --bootstrap-controller must be specified');
  }
  if (options.has('bootstrap-controller')) {
    throw new CommandLineError(
      '--bootstrap-controller: there are no controllers of their own here; give --bootstrap-server.',
      { usage: false },
    );
  }
  if (!options.has('bootstrap-server')) {
    throw new CommandLineError('One of --bootstrap-server or --bootstrap-controller must be specified');
  }
  const actions = (['add', 'remove', 'list'] as const).filter((action) => options.has(action));
  const [action] = actions;
  if (action === undefined || actions.length > 1) {
    throw new CommandLineError('Command must include exactly one action: --list, --add, --remove. ');
  }
  const who = ['allow-host', 'allow-principal', 'deny-host', 'deny-principal'] as const;
  refuseTogether(options, 'list', ['producer', 'consumer', ...who]);
  for (const role of ['producer', 'consumer'] as const) {
    refuseTogether(options, role, ['operation', 'deny-principal', 'deny-host']);
  }
  if (options.has('principal') && action !== 'list') {
    throw new CommandLineError('The --principal option is only available if --list is set');
  }
  if (options.has('producer') && !options.has('topic')) {
    throw new CommandLineError('With --producer you must specify a --topic');
  }
  if (options.has('idempotent') && !options.has('producer')) {
    throw new CommandLineError('The --idempotent option is only available if --producer is set');
  }
  const others = !options.has('producer') && (options.has('cluster') || options.has('transactional-id'));
  if (options.has('consumer') && (!options.has('topic') || !options.has('group') || others)) {
    throw new CommandLineError(
      'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.',
    );
  }
  return action;
}

/** The patterns that are named. Empty: none is. */
export function patternsOf(options: Options): Pattern[] {
  const patternType = patternTypeOf(options);
  const patterns: Pattern[] = [];
  for (const [option, resourceType] of RESOURCE_OPTIONS) {
    if (!options.has(option)) continue;
    for (const name of options.values(option)) {
      patterns.push({ resourceType, resourceName: name.trim(), patternType });
    }
  }
  if (patternType === 'LITERAL' && (options.has('cluster') || options.has('idempotent'))) patterns.push(CLUSTER);
  return distinct(patterns);
}

/** Entries to add, on patterns that can have some. */
export function entriesToAdd(options: Options): PatternEntries[] {
  const patternType = patternTypeOf(options);
  if (patternType !== 'LITERAL' && patternType !== 'PREFIXED') {
    throw new CommandLineError(`A '--resource-pattern-type' value of '${patternType}' is not valid when adding acls.`);
  }
  const wanted = entriesOf(options);
  if (wanted.some(({ entries }) => entries.length === 0)) {
    throw new CommandLineError('You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.');
  }
  return wanted;
}

/** Patterns with the entries on them that are meant; a pattern without any means all that are on it. */
export function entriesOf(options: Options): PatternEntries[] {
  const patterns = patternsOf(options);
  if (patterns.length === 0) {
    throw new CommandLineError(
      'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>',
    );
  }
  const wanted = new Map<Pattern, Entry[]>();
  const add = (pattern: Pattern, operations: readonly AclOperation[]) => {
    wanted.set(pattern, distinct([...(wanted.get(pattern) ?? []), ...entriesFor(options, operations)]));
  };
  const ofType = (type: AclResourceType) => patterns.filter(({ resourceType }) => resourceType === type);
  if (options.has('producer')) {
    for (const pattern of ofType('TOPIC')) add(pattern, ['WRITE', 'DESCRIBE', 'CREATE']);
    for (const pattern of ofType('TRANSACTIONAL_ID')) add(pattern, ['WRITE', 'DESCRIBE']);
    if (options.has('idempotent')) for (const pattern of ofType('CLUSTER')) add(pattern, ['IDEMPOTENT_WRITE']);
  }
  if (options.has('consumer')) {
    for (const pattern of ofType('TOPIC')) add(pattern, ['READ', 'DESCRIBE']);
    for (const pattern of ofType('GROUP')) add(pattern, ['READ']);
  }
  if (!options.has('producer') && !options.has('consumer')) {
    const operations = options.values('operation').map(operationOf);
    for (const pattern of patterns) add(pattern, operations);
  }
  for (const [{ resourceType }, entries] of wanted) {
    const supported = SUPPORTED[resourceType] ?? [];
    if (entries.every(({ operation }) => operation === 'ALL' || supported.includes(operation))) continue;
    const words = [...supported, 'ALL' as const].map(wordOf).join(', ');
    throw new CommandLineError(`ResourceType ${resourceType} only supports operations ${words}`);
  }
  return [...wanted].map(([pattern, entries]) => ({ pattern, entries }));
}

export function principalsOf(options: Options, name: 'allow-principal' | 'deny-principal' | 'principal'): string[] {
  if (!options.has(name)) return [];
  return distinct(
    options.values(name).map((value) => {
      const principal = value.trim();
      if (/^[^:]*:/.test(principal)) return principal;
      throw new CommandLineError(`expected a string in format principalType:principalName but got ${principal}`, {
        usage: false,
      });
    }),
  );
}

function entriesFor(options: Options, operations: readonly AclOperation[]): Entry[] {
  const of = (permissionType: AclPermissionType, principals: readonly string[], hosts: readonly string[]) =>
    principals.flatMap((principal) =>
      operations.flatMap((operation) => hosts.map((host): Entry => ({ principal, host, operation, permissionType }))),
    );
  const hosts = (name: 'allow-host' | 'deny-host') =>
    options.has(name) ? distinct(options.values(name).map((host) => host.trim())) : ['*'];
  return [
    ...of('ALLOW', principalsOf(options, 'allow-principal'), hosts('allow-host')),
    ...of('DENY', principalsOf(options, 'deny-principal'), hosts('deny-host')),
  ];
}

function patternTypeOf(options: Options): AclPatternType {
  const word = options.value('resource-pattern-type')!;
  const known = (['ANY', 'MATCH', 'LITERAL', 'PREFIXED'] as const).find((one) => one === word.toUpperCase());
  if (known) return known;
  throw new CommandLineError(`Cannot parse argument '${word}' of option resource-pattern-type`);
}

/** `DescribeConfigs`, in whatever case, or as the enum has it. What it does not know is UNKNOWN, which no resource supports. */
function operationOf(word: string): AclOperation {
  const plain = word.trim().toUpperCase();
  const known = OPERATION_WORDS.find((one) => one.toUpperCase() === plain);
  return known ? (known.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase() as AclOperation) : 'UNKNOWN';
}

/** `DESCRIBE_CONFIGS` to `DescribeConfigs`. */
function wordOf(operation: AclOperation): string {
  return operation
    .split('_')
    .map((part) => part[0] + part.slice(1).toLowerCase())
    .join('');
}

function distinct<T>(items: readonly T[]): T[] {
  const seen = new Map<string, T>();
  for (const item of items) {
    const key = JSON.stringify(item);
    if (!seen.has(key)) seen.set(key, item);
  }
  return [...seen.values()];
}

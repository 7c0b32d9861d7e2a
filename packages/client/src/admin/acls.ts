// ACLs: create, describe, delete.
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions, Outcome, WithAuthorizedOperations } from './admin-model.ts';
import type {
  AclBinding,
  AclFilter,
  AclOperation,
  AclPatternType,
  AclPermissionType,
  AclResourceType,
  DeletedAcl,
} from './security-model.ts';

// The place of a word is its number on the wire.
export const RESOURCE_TYPES: readonly AclResourceType[] = [
  ...(['UNKNOWN', 'ANY', 'TOPIC', 'GROUP', 'CLUSTER', 'TRANSACTIONAL_ID', 'DELEGATION_TOKEN', 'USER'] as const),
];
export const PATTERN_TYPES: readonly AclPatternType[] = ['UNKNOWN', 'ANY', 'MATCH', 'LITERAL', 'PREFIXED'];
export const OPERATIONS: readonly AclOperation[] = [
  ...(['UNKNOWN', 'ANY', 'ALL', 'READ', 'WRITE', 'CREATE', 'DELETE', 'ALTER', 'DESCRIBE', 'CLUSTER_ACTION'] as const),
  ...(['DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE', 'CREATE_TOKENS', 'DESCRIBE_TOKENS'] as const),
  'TWO_PHASE_COMMIT',
];
export const PERMISSION_TYPES: readonly AclPermissionType[] = ['UNKNOWN', 'ANY', 'DENY', 'ALLOW'];

/** What a description says of them: nothing, unless they were asked for and the broker knows (it answers -2^31 if not). */
export function authorized(
  asked: WithAuthorizedOperations,
  bits: number,
): { readonly authorizedOperations?: readonly AclOperation[] } {
  if (!asked.includeAuthorizedOperations || bits === -2_147_483_648) return {};
  return { authorizedOperations: OPERATIONS.filter((_, code) => code > 2 && (bits & (1 << code)) !== 0) };
}

function codeOf<T extends string>(words: readonly T[], word: T, what: string): number {
  const code = words.indexOf(word);
  if (code > 0) return code;
  throw new KafkaError('INVALID_ARGUMENT', {
    message: `${what} is ${word}; it must be one of ${words.slice(1).join(', ')}.`,
  });
}

interface WireBinding {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

function bindingOf(wire: WireBinding): AclBinding {
  return {
    resourceType: RESOURCE_TYPES[wire.resourceType] ?? 'UNKNOWN',
    resourceName: wire.resourceName,
    patternType: PATTERN_TYPES[wire.patternType] ?? 'UNKNOWN',
    principal: wire.principal,
    host: wire.host,
    operation: OPERATIONS[wire.operation] ?? 'UNKNOWN',
    permissionType: PERMISSION_TYPES[wire.permissionType] ?? 'UNKNOWN',
  };
}

function filterOf(filter: AclFilter) {
  return {
    resourceTypeFilter: codeOf(RESOURCE_TYPES, filter.resourceType ?? 'ANY', 'resourceType'),
    resourceNameFilter: filter.resourceName ?? null,
    patternTypeFilter: codeOf(PATTERN_TYPES, filter.patternType ?? 'ANY', 'patternType'),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: codeOf(OPERATIONS, filter.operation ?? 'ANY', 'operation'),
    permissionType: codeOf(PERMISSION_TYPES, filter.permissionType ?? 'ANY', 'permissionType'),
  };
}

/** Positions are the keys of items that have no name. */
function numbered<T>(items: readonly T[]): { readonly index: number; readonly item: T }[] {
  return items.map((item, index) => ({ index, item }));
}

export async function createAcls(
  calls: AdminCalls,
  acls: readonly AclBinding[],
  options: CallOptions = {},
): Promise<Outcome<true>[]> {
  const creations = acls.map((acl) => ({
    resourceType: codeOf(RESOURCE_TYPES, acl.resourceType, 'resourceType'),
    resourceName: acl.resourceName,
    resourcePatternType: codeOf(PATTERN_TYPES, acl.patternType, 'patternType'),
    principal: acl.principal,
    host: acl.host,
    operation: codeOf(OPERATIONS, acl.operation, 'operation'),
    permissionType: codeOf(PERMISSION_TYPES, acl.permissionType, 'permissionType'),
  }));
  const outcomes = await calls.each<ReturnType<typeof numbered<(typeof creations)[number]>>[number], true>(
    'Creating ACLs',
    options,
    numbered(creations),
    ({ index }) => String(index),
    async (items) => {
      const answer = await calls.cluster.send('controller', 'CreateAcls', { creations: items.map(({ item }) => item) });
      return new Map(
        answer.results.map(({ errorCode, errorMessage }, place) => [
          String(items[place]?.index),
          errorOfCode(errorCode, { message: errorMessage }) ?? (true as const),
        ]),
      );
    },
  );
  return acls.map((_, index) => outcomes.get(String(index))!);
}

export function describeAcls(
  calls: AdminCalls,
  filter: AclFilter = {},
  options: CallOptions = {},
): Promise<AclBinding[]> {
  const wanted = filterOf(filter);
  return calls.run('Describing ACLs', options, async () => {
    const answer = await calls.cluster.send('any', 'DescribeAcls', wanted);
    throwOnCode(answer.errorCode, { message: answer.errorMessage });
    return answer.resources.flatMap(({ acls, ...resource }) => acls.map((acl) => bindingOf({ ...resource, ...acl })));
  });
}

export async function deleteAcls(
  calls: AdminCalls,
  filters: readonly AclFilter[],
  options: CallOptions = {},
): Promise<Outcome<readonly DeletedAcl[]>[]> {
  const wanted = filters.map(filterOf);
  const outcomes = await calls.each<{ index: number; item: (typeof wanted)[number] }, readonly DeletedAcl[]>(
    'Deleting ACLs',
    options,
    numbered(wanted),
    ({ index }) => String(index),
    async (items) => {
      const answer = await calls.cluster.send('controller', 'DeleteAcls', { filters: items.map(({ item }) => item) });
      return new Map(
        answer.filterResults.map(({ errorCode, errorMessage, matchingAcls }, place) => [
          String(items[place]?.index),
          errorOfCode(errorCode, { message: errorMessage }) ??
            matchingAcls.map((acl) => ({
              binding: bindingOf(acl),
              error: errorOfCode(acl.errorCode, { message: acl.errorMessage }),
            })),
        ]),
      );
    },
  );
  return filters.map((_, index) => outcomes.get(String(index))!);
}

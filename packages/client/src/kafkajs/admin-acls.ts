// ACLs as KafkaJS has them: by numbers, where the native client has Kafka's words.
import { OPERATIONS, PATTERN_TYPES, PERMISSION_TYPES, RESOURCE_TYPES } from '../admin/acls.ts';
import type { AdminApi } from '../admin/admin-api.ts';
import type { AclBinding, AclFilter as NativeFilter } from '../admin/security-model.ts';
import { KafkaError } from '../errors.ts';
import { KafkaJSNonRetriableError } from './errors.ts';
import type { AclEntry, AclFilter, DeleteAclResponse, DescribeAclResponse } from './model.ts';

function wordOf<T>(words: readonly T[], code: number, what: string): T {
  const word = words[code];
  if (word === undefined || code === 0) throw new KafkaJSNonRetriableError(`Invalid ${what} ${code}`);
  return word;
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new KafkaJSNonRetriableError(`Invalid ACL: ${what} has to be a valid string`);
  return value;
}

function listOf<T>(value: readonly T[] | undefined, what: string): readonly T[] {
  if (!Array.isArray(value)) throw new KafkaJSNonRetriableError(`Invalid ${what} array ${String(value)}`);
  if (value.length === 0) throw new KafkaJSNonRetriableError(`Empty ${what} array`);
  return value;
}

function wordsOf(acl: AclFilter) {
  return {
    resourceType: wordOf(RESOURCE_TYPES, acl.resourceType, 'resource type'),
    patternType: wordOf(PATTERN_TYPES, acl.resourcePatternType, 'resource pattern type'),
    operation: wordOf(OPERATIONS, acl.operation, 'operation type'),
    permissionType: wordOf(PERMISSION_TYPES, acl.permissionType, 'permission type'),
  };
}

function bindingOf(acl: AclEntry): AclBinding {
  return {
    ...wordsOf(acl),
    resourceName: textOf(acl.resourceName, 'resourceName'),
    principal: textOf(acl.principal, 'principal'),
    host: textOf(acl.host, 'host'),
  };
}

function filterOf({ resourceName, principal, host, ...acl }: AclFilter): NativeFilter {
  return {
    ...wordsOf(acl),
    ...(resourceName === undefined ? {} : { resourceName: textOf(resourceName, 'resourceName') }),
    ...(principal === undefined ? {} : { principal: textOf(principal, 'principal') }),
    ...(host === undefined ? {} : { host: textOf(host, 'host') }),
  };
}

function entryOf(acl: AclBinding): AclEntry {
  return {
    resourceType: RESOURCE_TYPES.indexOf(acl.resourceType),
    resourceName: acl.resourceName,
    resourcePatternType: PATTERN_TYPES.indexOf(acl.patternType),
    principal: acl.principal,
    host: acl.host,
    operation: OPERATIONS.indexOf(acl.operation),
    permissionType: PERMISSION_TYPES.indexOf(acl.permissionType),
  };
}

/** Throws the first error, as KafkaJS does; the other ACLs are there all the same. */
export async function createAcls(native: AdminApi, { acl }: { readonly acl: readonly AclEntry[] }): Promise<boolean> {
  const outcomes = await native.createAcls(listOf(acl, 'ACL').map(bindingOf));
  const failed = outcomes.find((outcome) => outcome instanceof KafkaError);
  if (failed) throw failed;
  return true;
}

export async function describeAcls(native: AdminApi, filter: AclFilter): Promise<DescribeAclResponse> {
  const resources = new Map<string, DescribeAclResponse['resources'][number]>();
  for (const binding of await native.describeAcls(filterOf(filter))) {
    const { resourceType, resourceName, resourcePatternType, ...acl } = entryOf(binding);
    const key = `${resourceType} ${resourcePatternType} ${resourceName}`;
    const resource = resources.get(key) ?? { resourceType, resourceName, resourcePatternType, acls: [] };
    resources.set(key, { ...resource, acls: [...resource.acls, acl] });
  }
  return { throttleTime: 0, errorCode: 0, resources: [...resources.values()] };
}

export async function deleteAcls(
  native: AdminApi,
  { filters }: { readonly filters: readonly AclFilter[] },
): Promise<DeleteAclResponse> {
  const outcomes = await native.deleteAcls(listOf(filters, 'ACL Filter').map(filterOf));
  return {
    throttleTime: 0,
    filterResponses: outcomes.map((outcome) => {
      if (outcome instanceof KafkaError) throw outcome;
      return {
        errorCode: 0,
        matchingAcls: outcome.map(({ binding, error }) => ({
          ...entryOf(binding),
          errorCode: error?.code ?? 0,
          ...(error ? { errorMessage: error.message } : {}),
        })),
      };
    }),
  };
}

// Which rules a filter means (Kafka: AclBindingFilter, ResourcePatternFilter, AccessControlEntryFilter). Pure.
import type { AclBinding } from '@moldau/metadata';
import { ANY, DENY, LITERAL, MATCH, OPERATIONS, PREFIXED, RESOURCES, WILDCARD } from './operations.ts';

/** By Kafka's codes; null and ANY mean all. */
export interface AclFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  /** MATCH: every pattern that the name falls under. */
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

export function isResourceType(code: number): boolean {
  return code >= RESOURCES.topic && code <= RESOURCES.user;
}

export function isOperation(code: number): boolean {
  return code >= OPERATIONS.ALL && code <= OPERATIONS.TWO_PHASE_COMMIT;
}

export function isPatternType(code: number): boolean {
  return code === LITERAL || code === PREFIXED;
}

export function isPermissionType(code: number): boolean {
  return code === DENY || code === DENY + 1;
}

/** What is wrong with a filter, in Kafka's words. */
export function filterRefusal(filter: AclFilter): string | undefined {
  const { resourceTypeFilter: type, patternTypeFilter: pattern, operation, permissionType } = filter;
  const knownPattern = isPatternType(pattern) || pattern === ANY || pattern === MATCH;
  if (!knownPattern || !(isResourceType(type) || type === ANY)) return 'Unknown patternFilter.';
  const knownEntry =
    (isOperation(operation) || operation === ANY) && (isPermissionType(permissionType) || permissionType === ANY);
  return knownEntry ? undefined : 'Unknown entryFilter.';
}

export function matches(filter: AclFilter, acl: AclBinding): boolean {
  const { principalFilter: principal, hostFilter: host, operation, permissionType } = filter;
  return (
    matchesPattern(filter, acl) &&
    (principal === null || principal === acl.principal) &&
    (host === null || host === acl.host) &&
    (operation === ANY || operation === acl.operation) &&
    (permissionType === ANY || permissionType === acl.permissionType)
  );
}

function matchesPattern(filter: AclFilter, acl: AclBinding): boolean {
  const { resourceTypeFilter: type, resourceNameFilter: name, patternTypeFilter: pattern } = filter;
  if (type !== ANY && type !== acl.resourceType) return false;
  if (pattern !== ANY && pattern !== MATCH && pattern !== acl.patternType) return false;
  if (name === null) return true;
  if (pattern !== MATCH) return name === acl.resourceName;
  if (acl.patternType === PREFIXED) return name.startsWith(acl.resourceName);
  return name === acl.resourceName || acl.resourceName === WILDCARD;
}

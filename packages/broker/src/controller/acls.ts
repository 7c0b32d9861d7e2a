// Decides changes of access rules, and finds them (Kafka: AclControlManager, AclApis). A rule that is there already is no
// error and no second rule; each rule of a request, and each filter, succeeds or is refused by itself. Pure.
import type { AclBinding, ClusterImage, MetadataRecord } from '@moldau/metadata';
import {
  type AclFilter,
  filterRefusal,
  isOperation,
  isPatternType,
  isPermissionType,
  isResourceType,
  matches,
} from '../authorizer/acl-filter.ts';
import { CLUSTER_NAME, RESOURCES } from '../authorizer/operations.ts';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';

/** A rule as somebody wishes it: its id is drawn when it is new. */
export type AclWish = Omit<AclBinding, 'id'>;

export interface AclsDeleted extends Outcome {
  readonly deleted: readonly AclBinding[];
}

/** Rules in the cluster: each broker keeps all of them in memory. */
const ACLS_MAX = 100_000;
/** Changes in one request (Kafka's MAX_RECORDS_PER_USER_OP). */
const CHANGES_MAX = 10_000;
/** Characters of a resource's name, a principal or a host. */
const TEXT_MAX = 1_000;

export function decideCreateAcls(
  image: ClusterImage,
  wishes: readonly AclWish[],
  newId: () => string,
): Decision<Outcome[]> {
  if (wishes.length > CHANGES_MAX) {
    const tooMany = refused('POLICY_VIOLATION', `${wishes.length} rules in one request; ${CHANGES_MAX} are allowed.`);
    return { records: [], result: wishes.map(() => tooMany) };
  }
  // Only rules on the same names can be the same: the text of a hundred thousand others would hold up the event loop.
  const names = new Set(wishes.map(({ resourceName }) => resourceName));
  const known = new Set<string>();
  let count = 0;
  for (const acl of image.acls()) {
    count++;
    if (names.has(acl.resourceName)) known.add(keyOf(acl));
  }
  const records: MetadataRecord[] = [];
  const result = wishes.map((wish): Outcome => {
    const bad = refusalOf(wish);
    if (bad !== undefined) return refused('INVALID_REQUEST', bad);
    const key = keyOf(wish);
    if (known.has(key)) return DONE;
    if (count >= ACLS_MAX) {
      return refused('POLICY_VIOLATION', `There are ${count} access rules; ${ACLS_MAX} are allowed.`);
    }
    count++;
    known.add(key);
    const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = wish;
    const pattern = { resourceType, resourceName, patternType };
    records.push({ kind: 'aclSet', acl: { id: newId(), ...pattern, principal, host, operation, permissionType } });
    return DONE;
  });
  return { records, result };
}

function refusalOf(wish: AclWish): string | undefined {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = wish;
  if (resourceType === RESOURCES.cluster && resourceName !== CLUSTER_NAME) {
    return `The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`;
  }
  if (resourceName === '') return 'Invalid empty resource name';
  if (!isResourceType(resourceType)) return `Invalid resourceType ${resourceType === 1 ? 'ANY' : 'UNKNOWN'}`;
  if (!isPatternType(patternType)) return `Invalid patternType ${PATTERN_WORDS[patternType] ?? 'UNKNOWN'}`;
  if (!isOperation(operation)) return `Invalid operation ${operation === 1 ? 'ANY' : 'UNKNOWN'}`;
  if (!isPermissionType(permissionType)) return `Invalid permissionType ${permissionType === 1 ? 'ANY' : 'UNKNOWN'}`;
  // Kafka's SecurityUtils.parseKafkaPrincipal.
  if (!/^[^:]+:/.test(principal)) {
    return `expected a string in format principalType:principalName but got ${principal.slice(0, TEXT_MAX)}`;
  }
  for (const text of [resourceName, principal, host]) {
    if (text.length > TEXT_MAX) return `A text of ${text.length} characters in a rule; ${TEXT_MAX} are allowed.`;
  }
  return undefined;
}

const PATTERN_WORDS: readonly string[] = ['UNKNOWN', 'ANY', 'MATCH'];

function keyOf(acl: AclWish): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  return JSON.stringify([resourceType, resourceName, patternType, principal, host, operation, permissionType]);
}

export function decideDeleteAcls(image: ClusterImage, filters: readonly AclFilter[]): Decision<AclsDeleted[]> {
  const doomed = new Set<string>();
  const result = filters.map((filter): AclsDeleted => {
    const bad = filterRefusal(filter);
    if (bad !== undefined) return { ...refused('INVALID_REQUEST', bad), deleted: [] };
    const deleted = findAcls(image, filter);
    const more = deleted.filter(({ id }) => !doomed.has(id));
    if (doomed.size + more.length > CHANGES_MAX) {
      const why = `Cannot remove more than ${CHANGES_MAX} acls in a single delete operation.`;
      return { ...refused('POLICY_VIOLATION', why), deleted: [] };
    }
    for (const { id } of more) doomed.add(id);
    return { ...DONE, deleted };
  });
  return { records: [...doomed].map((id) => ({ kind: 'aclRemoved', id })), result };
}

/** The rules that a valid filter means, those of one resource beside each other. */
export function findAcls(image: ClusterImage, filter: AclFilter): AclBinding[] {
  const found = [...image.acls()].filter((acl) => matches(filter, acl));
  return found
    .map((acl) => ({ acl, key: keyOf(acl) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ acl }) => acl);
}

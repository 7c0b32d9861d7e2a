// What may be done with what, by Kafka's codes on the wire (org.apache.kafka.common.acl.AclOperation, resource.ResourceType,
// resource.PatternType, acl.AclPermissionType).

export const OPERATIONS = {
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const;
export type Operation = keyof typeof OPERATIONS;

/** With the names that Kafka's audit log has for them (`Cluster:LITERAL:kafka-cluster`). */
export const RESOURCES = {
  topic: 2,
  group: 3,
  cluster: 4,
  transactionalId: 5,
  delegationToken: 6,
  user: 7,
} as const;
export type Resource = keyof typeof RESOURCES;

export const RESOURCE_NAMES: Readonly<Record<Resource, string>> = {
  topic: 'Topic',
  group: 'Group',
  cluster: 'Cluster',
  transactionalId: 'TransactionalId',
  delegationToken: 'DelegationToken',
  user: 'User',
};

/** The one name of the cluster as a resource. */
export const CLUSTER_NAME = 'kafka-cluster';
/** A literal name that stands for every name; also every host. */
export const WILDCARD = '*';
export const EVERY_USER = 'User:*';

export const LITERAL = 3;
export const PREFIXED = 4;
export const DENY = 2;
export const ALLOW = 3;

/** Codes of filters. */
export const ANY = 1;
export const MATCH = 2;

/** What an `ALLOW` of an operation allows besides (never a DENY: StandardAuthorizerData.findResult). */
const describe: ReadonlySet<number> = new Set([
  OPERATIONS.DESCRIBE,
  OPERATIONS.READ,
  OPERATIONS.WRITE,
  OPERATIONS.DELETE,
  OPERATIONS.ALTER,
]);
const describeConfigs: ReadonlySet<number> = new Set([OPERATIONS.DESCRIBE_CONFIGS, OPERATIONS.ALTER_CONFIGS]);

/** Whether a rule that allows `granted` allows `wanted`. */
export function allowsOperation(granted: number, wanted: number): boolean {
  if (granted === OPERATIONS.ALL) return true;
  if (wanted === OPERATIONS.DESCRIBE) return describe.has(granted);
  if (wanted === OPERATIONS.DESCRIBE_CONFIGS) return describeConfigs.has(granted);
  return granted === wanted;
}

/** Whether a rule that denies `refused` denies `wanted`. */
export function deniesOperation(refused: number, wanted: number): boolean {
  return refused === OPERATIONS.ALL || refused === wanted;
}

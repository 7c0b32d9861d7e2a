// What a client may do with a resource, as the bit field that Metadata and the Describe APIs answer when asked (KIP-430).
// Bit n stands for operation n of org.apache.kafka.common.acl.AclOperation. Without an authorizer everything is allowed.

/** Operations by their codes. */
const OPERATIONS = {
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
} as const;
type Operation = keyof typeof OPERATIONS;

/** Not asked for. */
export const OPERATIONS_NOT_ASKED = -2_147_483_648;

const supported = {
  topic: ['READ', 'WRITE', 'CREATE', 'DESCRIBE', 'DELETE', 'ALTER', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  group: ['READ', 'DESCRIBE', 'DELETE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  cluster: ['CREATE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE', 'ALTER', 'DESCRIBE'],
} as const satisfies Record<string, readonly Operation[]>;

/** Everything that can be done with a resource of this kind; OPERATIONS_NOT_ASKED when `asked` is false. */
export function allOperations(kind: keyof typeof supported, asked: boolean): number {
  if (!asked) return OPERATIONS_NOT_ASKED;
  return supported[kind].reduce((bits, operation) => bits | (1 << OPERATIONS[operation]), 0);
}

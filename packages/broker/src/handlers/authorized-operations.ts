// What a client may do with a resource, as the bit field that Metadata and the Describe APIs answer when asked (KIP-430).
// Bit n stands for operation n of org.apache.kafka.common.acl.AclOperation. Without an authorizer everything is allowed.
import { CLUSTER_NAME, OPERATIONS, type Operation } from '../authorizer/operations.ts';
import type { BrokerContext, Call } from '../context.ts';
import { couldDo, mayInCluster } from './access.ts';

/** Not asked for. */
export const OPERATIONS_NOT_ASKED = -2_147_483_648;

/** AclEntry.supportedOperations. */
const supported = {
  topic: ['READ', 'WRITE', 'CREATE', 'DESCRIBE', 'DELETE', 'ALTER', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  group: ['READ', 'DESCRIBE', 'DELETE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS'],
  cluster: ['CREATE', 'CLUSTER_ACTION', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS', 'IDEMPOTENT_WRITE', 'ALTER', 'DESCRIBE'],
} as const satisfies Record<string, readonly Operation[]>;

/** What the asker may do with the resource of this kind and name. */
export function authorizedOperations(
  broker: BrokerContext,
  call: Call,
  kind: keyof typeof supported,
  name: string,
): number {
  return supported[kind].reduce(
    (bits, operation) => (couldDo(broker, call, operation, kind, name) ? bits | (1 << OPERATIONS[operation]) : bits),
    0,
  );
}

/** As `authorizedOperations` of the cluster, for who may describe it; else none. OPERATIONS_NOT_ASKED when `asked` is false. */
export function clusterOperations(broker: BrokerContext, call: Call, asked: boolean): number {
  if (!asked) return OPERATIONS_NOT_ASKED;
  return mayInCluster(broker, call, 'DESCRIBE') ? authorizedOperations(broker, call, 'cluster', CLUSTER_NAME) : 0;
}

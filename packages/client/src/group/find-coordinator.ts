// Which broker coordinates a group, or a transactional id (FindCoordinator). One question, not retried: the callers' loops
// do that.

import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/metadata.ts';
import { KafkaError, throwOnCode } from '../errors.ts';

const KEY_TYPES = { group: 0, transaction: 1 } as const;

/** Rejects with a retriable KafkaError while there is no coordinator. */
export async function findCoordinator(
  cluster: Cluster,
  key: string,
  of: keyof typeof KEY_TYPES = 'group',
): Promise<BrokerNode> {
  const keyType = KEY_TYPES[of];
  const answer = await cluster.send('any', 'FindCoordinator', (version) =>
    version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key },
  );
  // v4 answers a list, one for each key; before it the answer itself is the one.
  const found = answer.coordinators.find((entry) => entry.key === key) ?? answer;
  throwOnCode(found.errorCode, { message: found.errorMessage || null });
  if (found.nodeId < 0) throw new KafkaError('COORDINATOR_NOT_AVAILABLE');
  const node = { id: found.nodeId, host: found.host, port: found.port, rack: null };
  cluster.metadata.learnBroker(node);
  return node;
}

// Which broker coordinates a group (FindCoordinator). One question, not retried: the callers' loops do that.

import type { Cluster } from '../cluster/cluster.ts';
import type { BrokerNode } from '../cluster/metadata.ts';
import { KafkaError, throwOnCode } from '../errors.ts';

/** Rejects with a retriable KafkaError while the group has no coordinator. */
export async function findCoordinator(cluster: Cluster, groupId: string): Promise<BrokerNode> {
  const answer = await cluster.send('any', 'FindCoordinator', (version) =>
    version >= 4 ? { keyType: 0, coordinatorKeys: [groupId] } : { keyType: 0, key: groupId },
  );
  // v4 answers a list, one for each key; before it the answer itself is the one.
  const found = answer.coordinators.find(({ key }) => key === groupId) ?? answer;
  throwOnCode(found.errorCode, { message: found.errorMessage });
  if (found.nodeId < 0) throw new KafkaError('COORDINATOR_NOT_AVAILABLE');
  const node = { id: found.nodeId, host: found.host, port: found.port, rack: null };
  cluster.metadata.learnBroker(node);
  return node;
}

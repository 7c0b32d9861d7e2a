// Whether a healed cluster is whole: every broker serves, every partition has a leader and all its replicas in sync, what is
// known to be damaged is mended, and nothing is under way for ever (invariant 27 seen from outside).
import type { SimCluster } from '../cluster/sim-cluster.ts';

/** What is still missing, in words; undefined when the cluster is whole. */
export function whatIsMissing(cluster: SimCluster): string | undefined {
  const { nodes, ensemble, image } = cluster;
  for (const { id, broker, startError } of nodes) {
    if (!broker) return `broker ${id} does not serve${startError ? `: ${(startError as Error).message}` : ''}`;
  }
  if (cluster.shape.engine === 'model' && !ensemble.hasLeader) return 'nobody is controller';
  for (const { id } of nodes) {
    const registered = image.broker(id);
    if (!registered || registered.fenced) return `broker ${id} is not registered`;
  }
  for (const topic of image.topics()) {
    for (const state of topic.partitions) {
      const name = `${topic.name}-${state.partition}`;
      if (state.leader < 0) return `${name} has no leader`;
      const { replicas, isr } = state;
      if (state.addingReplicas.length || state.removingReplicas.length) return `${name} is still being moved`;
      if (isr.length < replicas.length) return `${name} has ${isr.join(', ')} in sync, not ${replicas.join(', ')}`;
      for (const id of replicas) {
        const { broker } = nodes[id - 1]!;
        const replica = broker?.context.partitions.get(topic.name, state.partition);
        if (!replica) return `${name} is not on broker ${id}`;
        if (replica.log.damage.isThere) return `${name} on broker ${id} is damaged`;
        if (replica.leaderEpoch !== state.leaderEpoch) return `${name} on broker ${id} is behind the metadata`;
      }
    }
  }
  for (const { id, broker } of nodes) {
    if (broker && broker.context.image().offset !== image.offset) return `broker ${id} is behind the metadata log`;
  }
  return undefined;
}

// What clients are told of a partition, by Metadata and DescribeTopicPartitions alike.
import type { PartitionState } from '@moldau/metadata';
import type { WireError } from '@moldau/protocol';
import type { BrokerContext } from '../context.ts';
import type { ClusterNode } from './cluster-nodes.ts';

export interface PartitionAnswer {
  readonly error: WireError;
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: number[];
  readonly isrNodes: number[];
  readonly offlineReplicas: number[];
}

/** `listenerError`: what a leader without the client's listener is (Metadata before v6 does not know LISTENER_NOT_FOUND). */
export function partitionAnswer(
  broker: BrokerContext,
  topic: string,
  state: PartitionState,
  nodes: ReadonlyMap<number, ClusterNode>,
  listenerError: WireError,
): PartitionAnswer {
  const { partition, leader, leaderEpoch, replicas, isr } = state;
  // A log directory of this broker that failed takes its partitions offline before the cluster hears of it.
  const brokenHere = replicas.includes(broker.nodeId) && broker.partitions.get(topic, partition)?.offline === true;
  const offline = (id: number) => nodes.get(id)?.fenced !== false || (brokenHere && id === broker.nodeId);
  const led = nodes.has(leader) && !(brokenHere && leader === broker.nodeId);
  const registered = broker.image().broker(leader) !== undefined;
  return {
    error: led ? 'NONE' : registered && !brokenHere ? listenerError : 'LEADER_NOT_AVAILABLE',
    partitionIndex: partition,
    leaderId: led ? leader : -1,
    leaderEpoch,
    replicaNodes: [...replicas],
    isrNodes: [...isr],
    offlineReplicas: replicas.filter(offline),
  };
}

// Which brokers are in the cluster and who leads what, worked out anew whenever brokers come or go. Pure.
// Always: a leader is in the ISR and alive; every change of leader, and every restart of one, raises the leader epoch, so
// that clients and replicas can tell what was written before from what was written after.
import {
  type AliveBroker,
  type ClusterImage,
  type MetadataRecord,
  NO_LEADER,
  type PartitionState,
} from '@moldau/metadata';

/** What has to be recorded so that the image agrees with the brokers that are alive. Empty when it does. */
export function reconcileBrokers(image: ClusterImage, alive: readonly AliveBroker[]): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  const restarted = new Set<number>();
  for (const { brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch } of alive) {
    if (image.broker(brokerId)?.brokerEpoch === brokerEpoch) continue;
    restarted.add(brokerId);
    records.push({
      ...{ kind: 'brokerRegistered', brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch },
    });
  }
  const living = new Set(alive.map((broker) => broker.brokerId));
  const gone = image.liveBrokers().filter((broker) => !living.has(broker.brokerId));
  for (const { brokerId, brokerEpoch } of gone) records.push({ kind: 'brokerFenced', brokerId, brokerEpoch });
  if (restarted.size === 0 && gone.length === 0) return records;
  for (const topic of image.topics()) {
    const partitions = topic.partitions.flatMap((partition) => elect(partition, living, restarted) ?? []);
    if (partitions.length > 0) records.push({ kind: 'partitionsSet', topicId: topic.topicId, partitions });
  }
  return records;
}

/** The partition after brokers came or went; undefined when nothing changes for it. */
function elect(
  partition: PartitionState,
  living: ReadonlySet<number>,
  restarted: ReadonlySet<number>,
): PartitionState | undefined {
  const stays = living.has(partition.leader) && !restarted.has(partition.leader);
  // The last ones of an ISR stay in it when they die: only they can lead again without loss.
  const isr = partition.isr.some((id) => living.has(id)) ? partition.isr.filter((id) => living.has(id)) : partition.isr;
  const leader = stays
    ? partition.leader
    : (partition.replicas.find((id) => isr.includes(id) && living.has(id)) ?? NO_LEADER);
  const changed = leader !== partition.leader || (leader !== NO_LEADER && restarted.has(leader));
  if (!changed && isr.length === partition.isr.length) return undefined;
  return {
    ...partition,
    isr,
    leader,
    leaderEpoch: changed ? partition.leaderEpoch + 1 : partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch + 1,
  };
}

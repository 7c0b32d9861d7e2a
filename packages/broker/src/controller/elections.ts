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

/** A broker under one of its registrations. */
export interface BrokerRun {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

/**
 * What has to be recorded so that the image agrees with the brokers that are alive. Empty when it does. `gone`: a broker
 * that is taken for dead under this epoch although the engine still has it for alive.
 */
export function reconcileBrokers(
  image: ClusterImage,
  alive: readonly AliveBroker[],
  gone?: BrokerRun,
): MetadataRecord[] {
  const records: MetadataRecord[] = [];
  const restarted = new Set<number>();
  const living = new Set<number>();
  for (const { brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch } of alive) {
    const known = image.broker(brokerId);
    if (known?.brokerEpoch === brokerEpoch) {
      // Fenced under this epoch is fenced for good: it has to register again.
      const isGone = gone?.brokerId === brokerId && gone.brokerEpoch === brokerEpoch;
      if (!known.fenced && !isGone) living.add(brokerId);
      continue;
    }
    // A word of the engine that is older than what the log has of the broker.
    if (known && known.brokerEpoch > brokerEpoch) continue;
    living.add(brokerId);
    restarted.add(brokerId);
    records.push({
      ...{ kind: 'brokerRegistered', brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch },
    });
  }
  const fenced = image.liveBrokers().filter((broker) => !living.has(broker.brokerId));
  for (const { brokerId, brokerEpoch } of fenced) records.push({ kind: 'brokerFenced', brokerId, brokerEpoch });
  if (restarted.size === 0 && fenced.length === 0) return records;
  // Who is on its way out gets nothing new, and is the last to lose what it has.
  const staying = new Set([...living].filter((id) => restarted.has(id) || !image.broker(id)?.shuttingDown));
  for (const topic of image.topics()) {
    const partitions = topic.partitions.flatMap((partition) => elect(partition, { living, staying, restarted }) ?? []);
    if (partitions.length > 0) records.push({ kind: 'partitionsSet', topicId: topic.topicId, partitions });
  }
  return records;
}

/**
 * A broker asks to be let go (controlled shutdown): it gives its leaderships to others of the ISR and leaves every ISR that
 * has others, so that its end is no event for anybody. What only it can lead it keeps. Empty when all that was done.
 */
export function decideShutdown(image: ClusterImage, { brokerId, brokerEpoch }: BrokerRun): MetadataRecord[] {
  const broker = image.broker(brokerId);
  if (broker?.brokerEpoch !== brokerEpoch || broker.fenced) return [];
  const records: MetadataRecord[] = [];
  if (!broker.shuttingDown) records.push({ kind: 'brokerShuttingDown', brokerId, brokerEpoch });
  const mayLead = (id: number) => id !== brokerId && image.isActive(id);
  for (const topic of image.topics()) {
    const partitions = topic.partitions.flatMap((partition): PartitionState[] => {
      if (!partition.isr.includes(brokerId)) return [];
      const others = partition.isr.filter((id) => id !== brokerId);
      const leader =
        partition.leader === brokerId
          ? partition.replicas.find((id) => others.includes(id) && mayLead(id))
          : partition.leader;
      if (leader === undefined || leader === NO_LEADER || others.length === 0) return [];
      return [
        {
          ...partition,
          isr: others,
          leader,
          leaderEpoch: partition.leaderEpoch + 1,
          partitionEpoch: partition.partitionEpoch + 1,
        },
      ];
    });
    if (partitions.length > 0) records.push({ kind: 'partitionsSet', topicId: topic.topicId, partitions });
  }
  return records;
}

interface Brokers {
  readonly living: ReadonlySet<number>;
  /** Of the living, those that may be elected. */
  readonly staying: ReadonlySet<number>;
  readonly restarted: ReadonlySet<number>;
}

/** The partition after brokers came or went; undefined when nothing changes for it. */
function elect(partition: PartitionState, { living, staying, restarted }: Brokers): PartitionState | undefined {
  const stays = living.has(partition.leader) && !restarted.has(partition.leader);
  // The last ones of an ISR stay in it when they die: only they can lead again without loss.
  const isr = partition.isr.some((id) => living.has(id)) ? partition.isr.filter((id) => living.has(id)) : partition.isr;
  const among = (ids: ReadonlySet<number>) => partition.replicas.find((id) => isr.includes(id) && ids.has(id));
  const leader = stays ? partition.leader : (among(staying) ?? among(living) ?? NO_LEADER);
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

// Which brokers are in the cluster and who leads what, worked out anew whenever brokers come or go. Pure.
// Always: a leader is in the ISR and alive; every change of leader, and every restart of one, raises the leader epoch, so
// that clients and replicas can tell what was written before from what was written after.
import { type AliveBroker, type ClusterImage, type MetadataRecord, RECORDS_LOST } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { Decision } from './decision.ts';
import { PartitionChanges, type UncleanElection } from './partition-changes.ts';

/** A broker under one of its registrations. */
export interface BrokerRun {
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

export interface ReconcileFacts {
  readonly image: ClusterImage;
  readonly config: BrokerConfig;
  /** The engine's word. */
  readonly alive: readonly AliveBroker[];
  /** Taken for dead under this epoch although the engine still has it for alive. */
  readonly gone?: BrokerRun;
}

/**
 * What has to be recorded so that the image agrees with the brokers that are alive; no records when it does. Looks at every
 * partition each time, so that a decision of which only the beginning was kept is completed.
 */
export function reconcileBrokers({ image, config, alive, gone }: ReconcileFacts): Decision<readonly UncleanElection[]> {
  const records: MetadataRecord[] = [];
  const restarted = new Set<number>();
  const unclean = new Set<number>();
  const lost = new Set<number>();
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
    // Its logs were closed in order under the epoch that we knew it by, or not at all (KIP-966).
    if (known && known.brokerEpoch !== previousBrokerEpoch) unclean.add(brokerId);
    if (previousBrokerEpoch === RECORDS_LOST) lost.add(brokerId);
    records.push({
      ...{ kind: 'brokerRegistered', brokerId, brokerEpoch, incarnationId, endpoints, rack, previousBrokerEpoch },
      // Its next heartbeat says how it is now; until then nothing is placed where nothing was to be.
      ...(known?.cordoned && { cordoned: true }),
    });
  }
  const fenced = image.liveBrokers().filter((broker) => !living.has(broker.brokerId));
  for (const { brokerId, brokerEpoch } of fenced) records.push({ kind: 'brokerFenced', brokerId, brokerEpoch });
  const changes = new PartitionChanges(image, config, {
    lives: (id) => living.has(id),
    // Who is on its way out gets nothing new, and is the last to lose what it has.
    mayLead: (id) => living.has(id) && (restarted.has(id) || !image.broker(id)?.shuttingDown),
  });
  const none: ReadonlySet<number> = new Set();
  for (const topic of image.topics()) {
    // What is durable survives an unclean stop, unless the broker itself says that it did not.
    const suspects = unclean.size === 0 ? none : changes.isDurable(topic.name) ? lost : unclean;
    for (const { partition, isr, leader } of topic.partitions) {
      const staying = isr.filter((id) => living.has(id));
      changes.change(topic, partition, {
        // The last ones of an ISR stay in it when they die: only they can lead again without loss.
        isr: staying.length > 0 ? staying : isr,
        leaderRestarted: restarted.has(leader),
        uncleanlyRestarted: suspects,
      });
    }
  }
  // Brokers last: a decision that is cut into batches and broken off in the middle is taken up again by the next controller,
  // for which the broker is then still as it was.
  return { records: [...changes.records(), ...records], result: changes.unclean };
}

/**
 * A broker asks to be let go (controlled shutdown): it gives its leaderships to others of the ISR and leaves every ISR that
 * has others, so that its end is no event for anybody. What only it can lead it keeps; `waitsFor` counts those partitions
 * of which another replica is there and may come in sync, so that asking again may help.
 */
export function decideShutdown(
  image: ClusterImage,
  config: BrokerConfig,
  { brokerId, brokerEpoch }: BrokerRun,
): Decision<{ readonly waitsFor: number }> {
  const broker = image.broker(brokerId);
  if (broker?.brokerEpoch !== brokerEpoch || broker.fenced) return { records: [], result: { waitsFor: 0 } };
  let waitsFor = 0;
  const records: MetadataRecord[] = [];
  if (!broker.shuttingDown) records.push({ kind: 'brokerShuttingDown', brokerId, brokerEpoch });
  const changes = new PartitionChanges(image, config, {
    lives: (id) => id !== brokerId && image.broker(id)?.fenced === false,
    mayLead: (id) => id !== brokerId && image.isActive(id),
  });
  for (const topic of image.topics()) {
    for (const { partition, isr, leader, replicas } of topic.partitions) {
      const others = isr.filter((id) => id !== brokerId);
      const heir = replicas.some((id) => others.includes(id) && image.isActive(id));
      if (leader === brokerId && !heir) {
        if (replicas.some((id) => id !== brokerId && image.isActive(id))) waitsFor++;
        continue;
      }
      if (others.length === isr.length || others.length === 0) continue;
      changes.change(topic, partition, { isr: others });
    }
  }
  return { records: [...records, ...changes.records()], result: { waitsFor } };
}

/** A broker tells whether all its log directories are closed to new replicas (`cordoned.log.dirs`, KIP-1066). */
export function decideCordon(
  image: ClusterImage,
  { brokerId, brokerEpoch }: BrokerRun,
  cordoned: boolean,
): MetadataRecord[] {
  const broker = image.broker(brokerId);
  if (broker?.brokerEpoch !== brokerEpoch || broker.cordoned === cordoned) return [];
  return [{ kind: 'brokerCordoned', brokerId, brokerEpoch, cordoned }];
}

/** Forgets a broker. One that still lives loses what it leads to others first, as if it were gone. */
export function decideUnregister(facts: Required<ReconcileFacts>): Decision<readonly UncleanElection[]> {
  const { records, result } = reconcileBrokers(facts);
  return { records: [...records, { kind: 'brokerUnregistered', brokerId: facts.gone.brokerId }], result };
}

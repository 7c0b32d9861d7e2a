// Decides elections that somebody asks for (ElectLeaders, KIP-460) and those that give leadership back to preferred leaders
// from time to time (auto.leader.rebalance.enable). Pure.
import { type ClusterImage, NO_LEADER, type PartitionState, type TopicImage } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';
import { PartitionChanges, type UncleanElection } from './partition-changes.ts';

export type ElectionType = 'preferred' | 'unclean';

export interface ElectionWish {
  readonly topic: string;
  readonly partition: number;
}

export function decideElections(
  image: ClusterImage,
  config: BrokerConfig,
  wishes: readonly ElectionWish[],
  election: ElectionType,
): Decision<{ readonly outcomes: Outcome[]; readonly unclean: readonly UncleanElection[] }> {
  const changes = new PartitionChanges(image, config);
  const outcomes = wishes.map(({ topic: name, partition }): Outcome => {
    const topic = image.topic(name);
    const state = topic && changes.stateOf(topic, partition);
    if (!topic) return refused('UNKNOWN_TOPIC_OR_PARTITION', `No such topic as ${name}`);
    if (!state) return refused('UNKNOWN_TOPIC_OR_PARTITION', `No such partition as ${name}-${partition}`);
    const settled = election === 'preferred' ? state.leader === state.replicas[0] : state.leader !== NO_LEADER;
    if (settled) return refused('ELECTION_NOT_NEEDED', null);
    const next = changes.change(topic, partition, { election });
    const reached =
      election === 'preferred' ? next?.leader === state.replicas[0] : (next?.leader ?? NO_LEADER) !== NO_LEADER;
    if (reached) return DONE;
    return refused(
      election === 'preferred' ? 'PREFERRED_LEADER_NOT_AVAILABLE' : 'ELIGIBLE_LEADERS_NOT_AVAILABLE',
      null,
    );
  });
  return { records: changes.records(), result: { outcomes, unclean: changes.unclean } };
}

/** Partitions that a preferred leader could take over now. */
export function imbalanced(image: ClusterImage): { topic: TopicImage; state: PartitionState }[] {
  const found: { topic: TopicImage; state: PartitionState }[] = [];
  for (const topic of image.topics()) {
    for (const state of topic.partitions) {
      const [preferred] = state.replicas;
      if (preferred === undefined || state.leader === preferred || state.leader === NO_LEADER) continue;
      if (state.isr.includes(preferred) && image.isActive(preferred)) found.push({ topic, state });
    }
  }
  return found;
}

/** At most so many leaders move at a time, so that clients and followers find their way (Kafka's MAX_ELECTIONS_PER_IMBALANCE). */
const REBALANCED_AT_ONCE = 1_000;

export function decideRebalance(image: ClusterImage, config: BrokerConfig): Decision<{ moved: number; more: boolean }> {
  const changes = new PartitionChanges(image, config);
  const all = imbalanced(image);
  for (const { topic, state } of all.slice(0, REBALANCED_AT_ONCE)) {
    changes.change(topic, state.partition, { election: 'preferred' });
  }
  const moved = Math.min(all.length, REBALANCED_AT_ONCE);
  return { records: changes.records(), result: { moved, more: all.length > moved } };
}

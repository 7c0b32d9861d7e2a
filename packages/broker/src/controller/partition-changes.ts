// Changes of partitions of many topics, gathered into records: what a decision about brokers, leaders or moves comes to.
import type { ClusterImage, MetadataRecord, PartitionState, TopicImage } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { topicSettings } from '../config/topic-settings.ts';
import { changePartition, type PartitionChange, type PartitionFacts } from './partition-change.ts';

/** Who lives and who stays, by the picture or as of a decision in the making. */
export type Liveness = Pick<PartitionFacts, 'mayLead' | 'lives'>;

/** As the picture has it. */
export function livenessOf(image: ClusterImage): Liveness {
  return {
    mayLead: (id) => image.isActive(id),
    lives: (id) => image.broker(id)?.fenced === false,
  };
}

export interface UncleanElection {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
}

export class PartitionChanges {
  readonly #image: ClusterImage;
  readonly #config: BrokerConfig;
  readonly #liveness: Liveness;
  readonly #changed = new Map<string, Map<number, PartitionState>>();
  /** Of each topic looked at: its settings are laid together once, not for each of its partitions. */
  readonly #facts = new Map<string, PartitionFacts>();
  /** Elections that may have lost records: always told (invariant 14). */
  readonly unclean: UncleanElection[] = [];

  constructor(image: ClusterImage, config: BrokerConfig, liveness: Liveness = livenessOf(image)) {
    this.#image = image;
    this.#config = config;
    this.#liveness = liveness;
  }

  facts(topic: string): PartitionFacts {
    const known = this.#facts.get(topic);
    if (known) return known;
    const { minInsyncReplicas, values } = topicSettings(this.#config, this.#image, topic);
    const facts: PartitionFacts = {
      ...this.#liveness,
      minInSync: minInsyncReplicas,
      uncleanAllowed: values.uncleanLeaderElectionEnable === true,
    };
    this.#facts.set(topic, facts);
    return facts;
  }

  /** Records of a replica's topic count only once they are on its disk: an unclean stop loses nothing of them. */
  isDurable(topic: string): boolean {
    return topicSettings(this.#config, this.#image, topic).log.durability === 'fsync';
  }

  /** The partition as this decision leaves it. */
  stateOf(topic: TopicImage, partition: number): PartitionState | undefined {
    return this.#changed.get(topic.topicId)?.get(partition) ?? topic.partitions[partition];
  }

  /** Works the change in. Answers the new state, or undefined when nothing changes. */
  change(topic: TopicImage, partition: number, change: PartitionChange): PartitionState | undefined {
    const before = this.stateOf(topic, partition);
    const changed = before && changePartition(before, change, this.facts(topic.name));
    if (!changed) return undefined;
    const { state } = changed;
    if (changed.unclean) {
      const { leader, leaderEpoch } = state;
      this.unclean.push({ topic: topic.name, partition, leader, leaderEpoch });
    }
    const states = this.#changed.get(topic.topicId) ?? new Map<number, PartitionState>();
    this.#changed.set(topic.topicId, states.set(partition, state));
    return state;
  }

  records(): MetadataRecord[] {
    return [...this.#changed].map(([topicId, states]) => ({
      kind: 'partitionsSet',
      topicId,
      partitions: [...states.values()],
    }));
  }
}

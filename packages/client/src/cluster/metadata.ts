// What the client knows of the cluster: brokers, and of each topic in use who leads its partitions. Pure; answers to
// Metadata requests come in through `apply`.
// Always: what is known of a partition never goes back to an older leader epoch, as long as the topic is the same one.
import { errorName, type WireError, ZERO_UUID } from '@moldau/protocol';
import type { MetadataResponse } from '@moldau/protocol/messages/metadata';

export interface BrokerNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** -1: none at the moment. */
  readonly leader: number;
  /** -1: the broker does not say. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  /** In the order of their numbers. */
  readonly partitions: readonly PartitionMetadata[];
  /** Numbers of those that have a leader. */
  readonly available: readonly number[];
}

export class ClusterMetadata {
  clusterId: string | null = null;
  /** -1: unknown. */
  controllerId = -1;
  brokers: ReadonlyMap<number, BrokerNode> = new Map();
  /** Grows with every change; for those who remember what they saw. */
  revision = 0;
  /** When the last answer came, on the monotonic clock; -Infinity before the first. */
  updatedAt = Number.NEGATIVE_INFINITY;
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #errors = new Map<string, WireError>();

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  topics(): Iterable<TopicMetadata> {
    return this.#topics.values();
  }

  /** Why the last answer had nothing of the topic; undefined when it had, or it was not asked for. */
  topicError(name: string): WireError | undefined {
    return this.#errors.get(name);
  }

  partition(topic: string, partition: number): PartitionMetadata | undefined {
    return this.#topics.get(topic)?.partitions[partition];
  }

  /** Node id of the leader; undefined when the partition is unknown or has none. */
  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.partition(topic, partition)?.leader;
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  /** Takes in an answer. `complete`: all topics were asked for, so those absent from it are gone. */
  apply(answer: MetadataResponse, now: number, complete: boolean): void {
    this.revision++;
    this.updatedAt = now;
    this.clusterId = answer.clusterId;
    this.controllerId = answer.controllerId;
    this.brokers = new Map(
      answer.brokers.map(({ nodeId, host, port, rack }) => [nodeId, { id: nodeId, host, port, rack }]),
    );
    if (complete) {
      const named = new Set(answer.topics.map(({ name }) => name));
      for (const known of this.#topics.keys()) if (!named.has(known)) this.#topics.delete(known);
      this.#errors.clear();
    }
    for (const topic of answer.topics) {
      if (topic.name === null) continue;
      if (topic.errorCode !== 0) {
        const error = errorName(topic.errorCode);
        this.#errors.set(topic.name, error);
        if (error === 'UNKNOWN_TOPIC_OR_PARTITION' || error === 'INVALID_TOPIC_EXCEPTION')
          this.#topics.delete(topic.name);
        continue;
      }
      this.#errors.delete(topic.name);
      this.#topics.set(topic.name, merge(this.#topics.get(topic.name), topic, topic.name));
    }
  }

  /** Follows a leader named in an answer to Produce or Fetch (KIP-951), if it is news. */
  learnLeader(topic: string, partition: number, leader: number, leaderEpoch: number): boolean {
    const known = this.#topics.get(topic);
    const before = known?.partitions[partition];
    if (!known || !before || leaderEpoch <= before.leaderEpoch || !this.brokers.has(leader)) return false;
    const partitions = known.partitions.map((entry) =>
      entry.partition === partition ? { ...entry, leader, leaderEpoch } : entry,
    );
    this.#topics.set(topic, { ...known, partitions, available: availableOf(partitions) });
    this.revision++;
    return true;
  }

  /** A broker named elsewhere (as coordinator, say) is one we can go to. */
  learnBroker(node: BrokerNode): void {
    const known = this.brokers.get(node.id);
    if (known && known.host === node.host && known.port === node.port) return;
    this.brokers = new Map(this.brokers).set(node.id, { ...node, rack: node.rack ?? known?.rack ?? null });
  }

  /** Where the leaders are that an answer to Produce or Fetch names (KIP-951): they may be new to us. */
  learnBrokers(endpoints: readonly { nodeId: number; host: string; port: number; rack: string | null }[]): void {
    for (const { nodeId: id, ...address } of endpoints) this.learnBroker({ id, ...address });
  }

  /** The brokers known may all be gone, or somebody else's by now. What is known of topics stays until it is known better. */
  forgetBrokers(): void {
    this.brokers = new Map();
    this.controllerId = -1;
    this.revision++;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
    this.#errors.delete(topic);
  }
}

function merge(
  before: TopicMetadata | undefined,
  topic: MetadataResponse['topics'][number],
  name: string,
): TopicMetadata {
  const same = before !== undefined && (before.id === topic.topicId || before.id === ZERO_UUID);
  const partitions: PartitionMetadata[] = [];
  for (const entry of topic.partitions) {
    const known = same ? before.partitions[entry.partitionIndex] : undefined;
    partitions[entry.partitionIndex] =
      known && entry.leaderEpoch >= 0 && known.leaderEpoch > entry.leaderEpoch
        ? known
        : {
            partition: entry.partitionIndex,
            leader: entry.leaderId,
            leaderEpoch: entry.leaderEpoch,
            replicas: entry.replicaNodes,
            isr: entry.isrNodes,
            offlineReplicas: entry.offlineReplicas,
          };
  }
  return {
    name,
    id: topic.topicId,
    internal: topic.isInternal,
    partitions,
    available: availableOf(partitions),
  };
}

function availableOf(partitions: readonly PartitionMetadata[]): number[] {
  return partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => partition);
}

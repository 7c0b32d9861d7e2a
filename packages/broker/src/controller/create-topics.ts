// Decides the creation of topics and of partitions (Kafka: ReplicationControlManager). Pure: ids and the start of the
// placement are handed in; the image is the one with all decisions that are under way.
import { CALM_PARTITION, type ClusterImage, type MetadataRecord, type PartitionState } from '@moldau/metadata';
import { ZERO_UUID } from '@moldau/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type Decision, DONE, type Outcome, refused } from './decision.ts';
import { placeReplicas } from './placement.ts';
import { checkTopicConfigs } from './topic-config-rules.ts';
import { topicNameRefusal } from './topic-name-rules.ts';

export interface TopicWish {
  readonly name: string;
  /** -1: the default of the cluster. */
  readonly numPartitions: number;
  /** -1: the default of the cluster. */
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreatedTopic extends Outcome {
  readonly name: string;
  readonly topicId: string;
  /** -1 when refused, as the next. */
  readonly numPartitions: number;
  readonly replicationFactor: number;
}

export interface PartitionsWish {
  readonly name: string;
  /** Partitions that the topic shall have in all. */
  readonly count: number;
  /** Replicas of each new partition; null: the controller chooses. */
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
}

/** What a decision draws from outside. */
export interface Draws {
  newTopicId(): string;
  placementStart(): number;
}

export interface TopicContext {
  readonly image: ClusterImage;
  readonly config: BrokerConfig;
  readonly draws: Draws;
}

/** Names are all different (the handler refuses repeated ones). */
export function decideCreateTopics(context: TopicContext, wishes: readonly TopicWish[]): Decision<CreatedTopic[]> {
  const { image, config } = context;
  const asked = wishes.reduce((sum, wish) => sum + partitionsAsked(wish, config), 0);
  const tooMany = partitionBound(config, image, asked);
  if (tooMany) return { records: [], result: wishes.map((wish) => failed(wish, tooMany)) };
  const records: MetadataRecord[] = [];
  const names = new Set<string>();
  const result = wishes.map((wish) => {
    const created = createOne(context, wish, names);
    if ('outcome' in created) return failed(wish, created.outcome);
    names.add(wish.name.replaceAll('.', '_'));
    records.push(...created.records);
    return created.topic;
  });
  return { records, result };
}

function partitionsAsked(wish: TopicWish, config: BrokerConfig): number {
  if (wish.assignments.length > 0) return wish.assignments.length;
  return wish.numPartitions === -1 ? config.numPartitions : Math.max(0, wish.numPartitions);
}

/** Refuses what would be a cluster's undoing before anything is laid out for it. */
function partitionBound(config: BrokerConfig, image: ClusterImage, added: number): Outcome | undefined {
  if (added > config.maxPartitionsPerRequest) {
    return refused(
      'POLICY_VIOLATION',
      `Excessively large number of partitions per request. It asks for ${added}, and max.partitions.per.request is ${config.maxPartitionsPerRequest}.`,
    );
  }
  if (image.partitionCount + added > config.maxPartitionsPerCluster) {
    return refused(
      'POLICY_VIOLATION',
      `The cluster has ${image.partitionCount} partitions; ${added} more would exceed max.partitions.per.cluster, which is ${config.maxPartitionsPerCluster}.`,
    );
  }
  return undefined;
}

function failed(wish: TopicWish, outcome: Outcome): CreatedTopic {
  return { ...outcome, name: wish.name, topicId: ZERO_UUID, numPartitions: -1, replicationFactor: -1 };
}

function createOne(
  { image, config, draws }: TopicContext,
  wish: TopicWish,
  alreadyHere: ReadonlySet<string>,
): { outcome: Outcome } | { topic: CreatedTopic; records: MetadataRecord[] } {
  const { name } = wish;
  if (image.topic(name)) return { outcome: refused('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`) };
  const badName = topicNameRefusal(name);
  if (badName) return { outcome: refused('INVALID_TOPIC_EXCEPTION', badName) };
  const twin =
    image.topicLike(name) ?? (alreadyHere.has(name.replaceAll('.', '_')) ? 'one of this request' : undefined);
  if (twin) {
    return { outcome: refused('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${twin}`) };
  }
  const nulls = wish.configs.filter((one) => one.value === null).map((one) => one.name);
  if (nulls.length > 0) {
    return { outcome: refused('INVALID_CONFIG', `Null value not supported for topic configs: ${nulls.join(',')}`) };
  }
  const overrides = new Map(wish.configs.map((one) => [one.name, one.value ?? '']));
  const badConfig = checkTopicConfigs(config, overrides);
  if (badConfig) return { outcome: refused('INVALID_CONFIG', badConfig) };

  const laid = layOut(image, wish, config, draws);
  if ('error' in laid) return { outcome: laid };
  const topicId = draws.newTopicId();
  const records: MetadataRecord[] = [{ kind: 'topicCreated', name, topicId }];
  for (const [key, value] of overrides) {
    records.push({ kind: 'configSet', resourceType: 'topic', resourceName: name, name: key, value });
  }
  records.push({ kind: 'partitionsSet', topicId, partitions: laid.partitions });
  const replicationFactor = laid.partitions[0]?.replicas.length ?? 0;
  const topic = { ...DONE, name, topicId, numPartitions: laid.partitions.length, replicationFactor };
  return { topic, records };
}

function layOut(
  image: ClusterImage,
  wish: TopicWish,
  config: BrokerConfig,
  draws: Draws,
): Outcome | { readonly partitions: readonly PartitionState[] } {
  if (wish.assignments.length > 0) return layOutManually(image, wish);
  if (wish.replicationFactor < -1 || wish.replicationFactor === 0) {
    return refused(
      'INVALID_REPLICATION_FACTOR',
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (wish.numPartitions < -1 || wish.numPartitions === 0) {
    return refused('INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.');
  }
  const count = wish.numPartitions === -1 ? config.numPartitions : wish.numPartitions;
  const replicationFactor = wish.replicationFactor === -1 ? config.defaultReplicationFactor : wish.replicationFactor;
  return placed(image, 0, count, replicationFactor, draws);
}

function placed(
  image: ClusterImage,
  from: number,
  count: number,
  replicationFactor: number,
  draws: Draws,
): Outcome | { readonly partitions: readonly PartitionState[] } {
  const placement = placeReplicas(image.brokers(), {
    partitions: count,
    replicationFactor,
    start: draws.placementStart(),
  });
  if (placement.kind === 'refused') {
    return refused(
      'INVALID_REPLICATION_FACTOR',
      `Unable to replicate the partition ${replicationFactor} time(s): ${placement.detail}`,
    );
  }
  // A partition that begins without anybody to lead it would have an empty ISR, from which nobody could ever be elected.
  if (!placement.replicas.every((replicas) => replicas.some((id) => image.isActive(id)))) {
    return refused(
      'INVALID_REPLICATION_FACTOR',
      `Unable to replicate the partition ${replicationFactor} time(s): All brokers are currently fenced or in controlled shutdown.`,
    );
  }
  return { partitions: placement.replicas.map((replicas, i) => newPartition(image, from + i, replicas)) };
}

function newPartition(image: ClusterImage, partition: number, replicas: readonly number[]): PartitionState {
  const isr = replicas.filter((id) => image.isActive(id));
  return { partition, replicas, isr, leader: isr[0]!, leaderEpoch: 0, partitionEpoch: 0, ...CALM_PARTITION };
}

function layOutManually(
  image: ClusterImage,
  wish: TopicWish,
): Outcome | { readonly partitions: readonly PartitionState[] } {
  if (wish.replicationFactor !== -1) {
    return refused(
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    );
  }
  if (wish.numPartitions !== -1) {
    return refused(
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    );
  }
  const partitions = new Map<number, PartitionState>();
  let replicationFactor: number | undefined;
  for (const { partitionIndex, brokerIds } of wish.assignments) {
    if (partitions.has(partitionIndex)) {
      return refused(
        'INVALID_REPLICA_ASSIGNMENT',
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      );
    }
    const bad = assignmentRefusal(image, partitionIndex, brokerIds, replicationFactor);
    if (bad) return refused('INVALID_REPLICA_ASSIGNMENT', bad);
    replicationFactor = brokerIds.length;
    partitions.set(partitionIndex, newPartition(image, partitionIndex, brokerIds));
  }
  const ordered = wish.assignments.map((_, index) => partitions.get(index));
  if (ordered.includes(undefined)) {
    return refused('INVALID_REPLICA_ASSIGNMENT', 'partitions should be a consecutive 0-based integer sequence');
  }
  return { partitions: ordered as PartitionState[] };
}

/** Why these brokers cannot be the replicas of a partition; undefined when they can. */
function assignmentRefusal(
  image: ClusterImage,
  partition: number,
  brokerIds: readonly number[],
  replicationFactor: number | undefined,
): string | undefined {
  const start = 'The manual partition assignment includes';
  if (brokerIds.length === 0) return `${start} an empty replica list.`;
  for (const [index, id] of [...brokerIds].sort((a, b) => a - b).entries()) {
    if (!image.broker(id)) return `${start} broker ${id}, but no such broker is registered.`;
    if (brokerIds.indexOf(id) !== brokerIds.lastIndexOf(id) && index > 0)
      return `${start} the broker ${id} more than once.`;
  }
  if (replicationFactor !== undefined && brokerIds.length !== replicationFactor) {
    return `${start} a partition with ${brokerIds.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`;
  }
  if (!brokerIds.some((id) => image.isActive(id))) {
    return `All brokers specified in the manual partition assignment for partition ${partition} are fenced or in controlled shutdown.`;
  }
  return undefined;
}

/** Decides to add partitions to topics; each topic by itself succeeds or is refused. */
export function decideCreatePartitions(context: TopicContext, wishes: readonly PartitionsWish[]): Decision<Outcome[]> {
  const { image, config } = context;
  const asked = wishes.reduce((sum, { name, count }) => {
    return sum + Math.max(0, count - (image.topic(name)?.partitions.length ?? count));
  }, 0);
  const tooMany = partitionBound(config, image, asked);
  if (tooMany) return { records: [], result: wishes.map(() => tooMany) };
  const records: MetadataRecord[] = [];
  const result = wishes.map((wish) => {
    const added = addPartitions(context, wish);
    if ('error' in added) return added;
    records.push(added.record);
    return DONE;
  });
  return { records, result };
}

function addPartitions({ image, draws }: TopicContext, wish: PartitionsWish): Outcome | { record: MetadataRecord } {
  const topic = image.topic(wish.name);
  if (!topic) return refused('UNKNOWN_TOPIC_OR_PARTITION');
  const there = topic.partitions.length;
  if (wish.count === there) return refused('INVALID_PARTITIONS', `Topic already has ${there} partition(s).`);
  if (wish.count < there) {
    return refused(
      'INVALID_PARTITIONS',
      `The topic ${wish.name} currently has ${there} partition(s); ${wish.count} would not be an increase.`,
    );
  }
  const added = wish.count - there;
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 1;
  if (wish.assignments === null) {
    const laid = placed(image, there, added, replicationFactor, draws);
    if ('error' in laid) return laid;
    return { record: { kind: 'partitionsSet', topicId: topic.topicId, partitions: laid.partitions } };
  }
  if (wish.assignments.length !== added) {
    return refused(
      'INVALID_REPLICA_ASSIGNMENT',
      `Attempted to add ${added} additional partition(s), but only ${wish.assignments.length} assignment(s) were specified.`,
    );
  }
  for (const [index, { brokerIds }] of wish.assignments.entries()) {
    const bad = assignmentRefusal(image, there + index, brokerIds, replicationFactor);
    if (bad) return refused('INVALID_REPLICA_ASSIGNMENT', bad);
  }
  const partitions = wish.assignments.map(({ brokerIds }, index) => newPartition(image, there + index, brokerIds));
  return { record: { kind: 'partitionsSet', topicId: topic.topicId, partitions } };
}

// Pictures of clusters for tests of pure decisions.
import { CALM_PARTITION, ClusterImage, type MetadataRecord, type PartitionState } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { readBrokerConfig } from '../config/read-config.ts';
import type { Draws } from '../controller/create-topics.ts';

export interface PictureParts {
  /** Broker ids, or ids with racks. Default: broker 1. */
  readonly brokers?: readonly (number | readonly [id: number, rack: string])[];
  readonly fenced?: readonly number[];
  /** Partition counts by topic name; every partition is on broker 1. */
  readonly topics?: Readonly<Record<string, number>>;
  readonly records?: readonly MetadataRecord[];
}

export function picture({ brokers = [1], fenced = [], topics = {}, records = [] }: PictureParts = {}): ClusterImage {
  const all: MetadataRecord[] = [{ kind: 'clusterFormed', clusterId: 'cluster' }];
  for (const broker of brokers) {
    const [brokerId, rack] = typeof broker === 'number' ? [broker, null] : broker;
    const endpoints = [{ listener: 'PLAINTEXT', host: `b${brokerId}`, port: 9092, protocol: 'PLAINTEXT' }];
    all.push({ kind: 'brokerRegistered', brokerId, brokerEpoch: 1, incarnationId: `i${brokerId}`, endpoints, rack });
    if (fenced.includes(brokerId)) all.push({ kind: 'brokerFenced', brokerId, brokerEpoch: 1 });
  }
  for (const [name, count] of Object.entries(topics)) {
    const topicId = topicIdOf(name);
    all.push({ kind: 'topicCreated', name, topicId });
    all.push({ kind: 'partitionsSet', topicId, partitions: Array.from({ length: count }, (_, i) => state(i)) });
  }
  return apply(ClusterImage.empty, [...all, ...records]);
}

export function topicIdOf(name: string): string {
  return `${name}______________________`.slice(0, 22);
}

export function state(partition: number, parts: Partial<PartitionState> = {}): PartitionState {
  return {
    partition,
    replicas: [1],
    isr: [1],
    leader: 1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    ...CALM_PARTITION,
    ...parts,
  };
}

export function apply(image: ClusterImage, records: readonly MetadataRecord[]): ClusterImage {
  return image.apply({ offset: image.offset + 1, epoch: 1, records });
}

export function configOf(values: Readonly<Record<string, string>> = {}): BrokerConfig {
  return readBrokerConfig({ values }).config;
}

/** Ids t1, t2, ...; placement begins at the first broker. */
export function steadyDraws(): Draws {
  let serial = 0;
  return { newTopicId: () => topicIdOf(`t${++serial}`), placementStart: () => 0 };
}

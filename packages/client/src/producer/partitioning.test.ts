// Where records go when the application or a setting has a say, and around brokers that do not take what is ready.
import { expect, test } from 'vitest';
import { ClusterMetadata, type TopicMetadata } from '../cluster/metadata.ts';
import { Producer } from '../index.ts';
import { Accumulator } from './accumulator.ts';
import { type Partitioner, type PartitionerArgs, Partitioning, RoundRobinPartitioner } from './partitioning.ts';
import { promptPartitions } from './slow-brokers.ts';
import { StickyPartitioner } from './sticky-partitioner.ts';

/** Partitions with leader -1 have none. */
function topicOf(leaders: readonly number[]): TopicMetadata {
  const partitions = leaders.map((leader, partition) => ({
    partition,
    leader,
    leaderEpoch: 0,
    replicas: [],
    isr: [],
    offlineReplicas: [],
  }));
  const available = partitions.filter(({ leader }) => leader >= 0).map(({ partition }) => partition);
  return { name: 't', id: '', internal: false, partitions, available };
}

function partitioningOf(own?: Partitioner<never, never>, ignoreKeys = false): Partitioning {
  const sticky = new StickyPartitioner({ batchSize: 100, adaptive: true, random: () => 0.5, waiting: () => 0 });
  return new Partitioning({ own, sticky, ignoreKeys });
}

const keyed = { key: Buffer.from('k'), value: null };
const keyless = { key: null, value: null };

test('a partition that is named wins over every partitioner', () => {
  const own = { partition: () => 2 };
  expect(partitioningOf(own).place(topicOf([1, 1, 1]), 0, keyed)).toEqual({ partition: 0, isSticky: false });
});

test('round robin: one after the other, keys or not, past those without a leader', () => {
  const partitioning = partitioningOf(new RoundRobinPartitioner());
  const topic = topicOf([1, -1, 1, 1]);
  const places = [keyed, keyless, keyed, keyless].map(
    (record) => partitioning.place(topic, undefined, record).partition,
  );
  expect(places).toEqual([0, 2, 3, 0]);
  expect(partitioning.place(topicOf([-1, -1]), undefined, keyless).partition).toBe(0);
});

test('an own partitioner sees record, bytes and metadata; undefined leaves it to the default', () => {
  const seen: PartitionerArgs<never, never>[] = [];
  const partitioning = partitioningOf({
    partition: (args) => {
      seen.push(args);
      return args.keyBytes === null ? 1 : undefined;
    },
  });
  const topic = topicOf([1, 2, 1]);
  const source = { topic: 't', value: 'v' };
  expect(partitioning.place(topic, undefined, { ...keyless, source }).partition).toBe(1);
  expect(seen[0]).toMatchObject({ topic: 't', available: [0, 1, 2], record: source, keyBytes: null });
  expect(seen[0]!.partitions.map(({ leader }) => leader)).toEqual([1, 2, 1]);
  expect(partitioning.place(topic, undefined, keyed)).toEqual(partitioningOf().place(topic, undefined, keyed));
});

test('a partitioner that fails, or names what is not there, is told by name', () => {
  const place = (partition: () => unknown) =>
    partitioningOf({ partition: partition as () => number }).place(topicOf([1, 1]), undefined, keyless);
  for (const answer of [2, -1, 0.5, '1', null]) {
    expect(() => place(() => answer)).toThrow(/partitions 0 to 1/);
  }
  expect(() =>
    place(() => {
      throw new Error('no idea');
    }),
  ).toThrow(/no idea/);
});

test('settings: by Kafka’s class name; what is no partitioner is refused', () => {
  const partitionerClass = 'org.apache.kafka.clients.producer.RoundRobinPartitioner' as 'roundRobin';
  expect(() => new Producer({ partitionerClass })).not.toThrow();
  expect(() => new Producer({ partitioner: {} as never })).toThrow(/partitioner must be/);
});

test('a broker that does not take what is ready is passed by, as long as there are others (KIP-794)', () => {
  const accumulator = new Accumulator({
    batchSize: 100,
    lingerMs: 5,
    deliveryTimeoutMs: 1e9,
    compressed: false,
    maxRequestSize: 1e6,
  });
  const metadata = new ClusterMetadata();
  const partitions = [1, 2, 1].map((leaderId, partitionIndex) => ({ partitionIndex, leaderId, leaderEpoch: 0 }));
  const topics = [{ name: 't', errorCode: 0, topicId: '', isInternal: false, partitions }];
  metadata.apply({ brokers: [], clusterId: null, controllerId: 1, topics } as never, 0, false);
  const record = { timestamp: 0, key: null, value: Buffer.from('v'), headers: undefined, delivery: undefined };
  accumulator.appendNew('t', 0, record, 1000, 0);
  const settings = { lingerMs: 5, partitionerAvailabilityTimeoutMs: 100 };
  const at = (now: number, available = [0, 1, 2]) =>
    promptPartitions({ accumulator, metadata }, settings, now, 't', available);
  expect(at(1105)).toEqual([0, 1, 2]);
  expect(at(1106)).toEqual([1]);
  expect(at(1106, [0, 2])).toEqual([0, 2]);
});

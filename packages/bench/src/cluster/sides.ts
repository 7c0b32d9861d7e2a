// Who is measured beside whom, three brokers each: Apache Kafka as shipped (page cache, 1 GB heaps), Moldau in the same
// durability, Moldau in its default. One cluster is up at a time: on two cores the idle ones would be in the figures.
import { type ApacheCluster, startApacheCluster } from '@moldau/conformance/peer/apache-cluster';
import { startMoldauCluster } from '@moldau/conformance/peer/moldau-cluster';

export interface ClusterSide {
  readonly key: string;
  readonly title: string;
  /** How long a silent broker is taken for alive, ms, as shipped. */
  readonly sessionMs: number;
  start(): Promise<ApacheCluster>;
}

const settings = { 'log.segment.delete.delay.ms': 0, 'num.partitions': 1, 'offsets.topic.num.partitions': 50 };

export const clusterSides: readonly ClusterSide[] = [
  {
    key: 'apache',
    title: 'Apache Kafka',
    sessionMs: 9_000,
    start: () => startApacheCluster({ heap: '1G', properties: settings }),
  },
  {
    key: 'moldau',
    title: 'Moldau',
    sessionMs: 6_000,
    start: () => startMoldauCluster({ durability: 'os', properties: { ...settings, ...SESSION } }),
  },
  {
    key: 'moldau-durable',
    title: 'Moldau durable',
    sessionMs: 6_000,
    start: () => startMoldauCluster({ durability: 'fsync', properties: { ...settings, ...SESSION } }),
  },
];

/** Of ZooKeeper; Kafka's default of old (18 s) was for garbage collectors of old. */
const SESSION = { 'zookeeper.session.timeout.ms': 6_000 };

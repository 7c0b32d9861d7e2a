// A cluster of real Apache Kafka brokers on one machine: every process is broker and controller, all of them voters of one
// KRaft quorum, internal topics on three replicas of which two must be in sync. Each broker has a rack of its own
// (`rack-1`, `rack-2`, ...), and with `rackAware` a consumer that names its rack is sent to the replica there (KIP-392).
import { apacheVersion } from './apache-jars.ts';
import { apacheProcess, newClusterId } from './apache-kafka.ts';
import type { Peer, Place } from './broker-process.ts';
import { freePorts } from './free-ports.ts';
import { whenServing } from './readiness.ts';

export interface ApacheClusterOptions {
  readonly version?: string;
  /** Default 3. */
  readonly brokers?: number;
  /** Settings of every server.properties. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  readonly rackAware?: boolean;
  /** Heap of each JVM; default 512M. Kafka's own script has 1G: say so where figures are measured. */
  readonly heap?: string;
  /** One for each broker; all on 127.0.0.1 when absent. */
  readonly places?: readonly Place[];
}

/** A cluster, whichever it is. */
export interface ApacheCluster {
  readonly name: string;
  /** In the order of their node ids, which begin at 1. */
  readonly brokers: readonly Peer[];
  /** All addresses, joined by commas. */
  readonly bootstrap: string;
  /** Throws for an id that is none. */
  broker(nodeId: number): Peer;
  /** Kills what runs and removes the data. */
  close(): Promise<void>;
}

/** Starts a fresh cluster and resolves when every broker serves and knows all the others. */
export async function startApacheCluster(o: ApacheClusterOptions = {}): Promise<ApacheCluster> {
  const version = o.version ?? apacheVersion;
  const count = o.brokers ?? 3;
  const ports = await freePorts(count * 2);
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const port = (id: number) => ports[id - 1]!;
  const controllerPort = (id: number) => ports[count + id - 1]!;
  const host = (id: number) => o.places?.[id - 1]?.host ?? '127.0.0.1';
  const clusterId = newClusterId();
  const replicas = Math.min(3, count);
  const inSync = Math.min(2, count);
  const brokers = ids.map((id) =>
    apacheProcess({
      version,
      port: port(id),
      clusterId,
      heap: o.heap ?? '512M',
      ...(o.places ? { place: o.places[id - 1]! } : {}),
      settings: {
        'node.id': id,
        'broker.rack': `rack-${id}`,
        'controller.quorum.voters': ids.map((voter) => `${voter}@${host(voter)}:${controllerPort(voter)}`).join(),
        listeners: `PLAINTEXT://${host(id)}:${port(id)},CONTROLLER://${host(id)}:${controllerPort(id)}`,
        'default.replication.factor': replicas,
        'min.insync.replicas': inSync,
        'offsets.topic.replication.factor': replicas,
        'offsets.topic.num.partitions': 5,
        'transaction.state.log.replication.factor': replicas,
        'transaction.state.log.min.isr': inSync,
        'transaction.state.log.num.partitions': 5,
        'share.coordinator.state.topic.replication.factor': replicas,
        'share.coordinator.state.topic.min.isr': inSync,
        ...(o.rackAware
          ? { 'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector' }
          : {}),
        ...o.properties,
      },
    }),
  );
  const close = async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
  };
  try {
    // A quorum needs a majority: none of them serves before others are there, so they start together.
    await Promise.all(brokers.map((broker) => broker.start()));
    for (const broker of brokers) {
      const { host, port } = broker;
      await whenServing(host, port, { timeoutMs: 60_000, alive: () => broker.running, brokers: count });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: `Apache Kafka ${version}, ${count} brokers`,
    brokers,
    bootstrap: brokers.map(({ bootstrap }) => bootstrap).join(),
    broker: (nodeId) => {
      const broker = brokers[nodeId - 1];
      if (!broker) throw new Error(`there is no broker ${nodeId} in a cluster of ${count}`);
      return broker;
    },
    close,
  };
}

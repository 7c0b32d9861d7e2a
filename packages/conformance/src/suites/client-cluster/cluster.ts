// Three brokers of the kind under test, each in a rack of its own, and what the tests of this suite do with them.
import { type Admin, KafkaError } from '@moldau/client';
import type { Connection, ConnectionEvents, Ports } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';
import { QUICK_GROUPS } from '../../contract/consumer-protocol.ts';
import { type ApacheCluster, startApacheCluster } from '../../peer/apache-cluster.ts';
import { startMoldauCluster } from '../../peer/moldau-cluster.ts';
import { eventually } from '../../suite/eventually.ts';
import { kafkaVersion, targetKind } from '../../suite/target.ts';

export function startCluster(): Promise<ApacheCluster> {
  const common = {
    'broker.session.timeout.ms': 6_000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
  };
  if (targetKind !== 'apache') {
    const selector = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';
    return startMoldauCluster({ properties: { ...common, 'replica.selector.class': selector } });
  }
  const properties = {
    ...common,
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 500,
    ...QUICK_GROUPS,
  };
  return startApacheCluster({ version: kafkaVersion, rackAware: true, heap: '384M', properties });
}

/** Replicas on all three brokers, the first of each partition by turns. */
export async function createTopic(admin: Admin, name: string, partitions: number): Promise<void> {
  const assignments = Array.from({ length: partitions }, (_, i) => [0, 1, 2].map((step) => ((i + step) % 3) + 1));
  const configs = { 'min.insync.replicas': '2' };
  const outcome = (await admin.createTopics([{ name, assignments, configs }])).get(name);
  if (outcome instanceof KafkaError) throw outcome;
}

export async function leaders(admin: Admin, topic: string): Promise<(number | undefined)[]> {
  const described = (await admin.describeTopics([topic])).get(topic);
  if (!described || described instanceof KafkaError) throw described ?? new Error(`${topic} is not there`);
  return described.partitions.map(({ leader }) => leader?.id);
}

/** Every partition of the topic has all three replicas in sync. */
export async function inSync(admin: Admin, topic: string): Promise<void> {
  await eventually(
    `all replicas of ${topic} in sync`,
    async () => {
      const described = (await admin.describeTopics([topic])).get(topic);
      if (!described || described instanceof KafkaError) return false;
      return described.partitions.every(({ isr }) => isr.length === 3);
    },
    60_000,
  );
}

/** Ports of this process that count what each remote port sends. */
export function countingPorts(): { ports: Ports; readonly received: ReadonlyMap<number, number> } {
  const received = new Map<number, number>();
  const counted = (connection: Connection): Connection => {
    const { port } = connection.remote;
    return new Proxy(connection, {
      get(target, name) {
        if (name === 'start') {
          return (events: ConnectionEvents) =>
            target.start({
              ...events,
              onDrain: () => events.onDrain?.(),
              onClose: (error) => events.onClose(error),
              onData(chunk) {
                received.set(port, (received.get(port) ?? 0) + chunk.length);
                events.onData(chunk);
              },
            });
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const network = Object.create(nodePorts.network) as typeof nodePorts.network;
  network.connect = async (options) => counted(await nodePorts.network.connect(options));
  return { ports: { ...nodePorts, network }, received };
}

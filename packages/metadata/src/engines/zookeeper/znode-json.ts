// The JSON in Kafka's znodes (kafka.zk.ZkData): what Kafka's own tools and courses read there. Pure. Fields that Kafka
// does not know are ours and stand behind its own.
import type { AliveBroker, BrokerRegistration } from '../../engine.ts';
import type { TopicImage } from '../../image.ts';
import type { BrokerEndpoint, PartitionState } from '../../records.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function parsed(data: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** BrokerIdZNode, version 5. */
export function encodeBroker(registration: BrokerRegistration, nowMs: number): Buffer {
  const { endpoints, rack, incarnationId, previousBrokerEpoch } = registration;
  const plain = endpoints.find((endpoint) => endpoint.protocol === 'PLAINTEXT');
  return json({
    features: {},
    listener_security_protocol_map: Object.fromEntries(endpoints.map((one) => [one.listener, one.protocol])),
    endpoints: endpoints.map(
      ({ listener, host, port }) => `${listener}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ),
    jmx_port: -1,
    port: plain?.port ?? -1,
    host: plain?.host ?? null,
    version: 5,
    timestamp: String(nowMs),
    ...(rack !== null && { rack }),
    incarnation_id: incarnationId,
    previous_broker_epoch: previousBrokerEpoch,
  });
}

/** Undefined when it is not a broker's. Kafka's own registrations, which lack our fields, are read too. */
export function decodeBroker(brokerId: number, brokerEpoch: number, data: Uint8Array): AliveBroker | undefined {
  const value = parsed(data);
  if (!value || !Array.isArray(value.endpoints)) return undefined;
  const protocols = (value.listener_security_protocol_map ?? {}) as Record<string, string>;
  const endpoints: BrokerEndpoint[] = [];
  for (const text of value.endpoints as unknown[]) {
    const match = /^([^:/]+):\/\/(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(String(text));
    if (!match) return undefined;
    const listener = match[1]!;
    endpoints.push({
      listener,
      host: match[2] ?? match[3]!,
      port: Number(match[4]),
      protocol: protocols[listener] ?? listener,
    });
  }
  return {
    brokerId,
    brokerEpoch,
    incarnationId: typeof value.incarnation_id === 'string' ? value.incarnation_id : `epoch-${brokerEpoch}`,
    endpoints,
    rack: typeof value.rack === 'string' ? value.rack : null,
    previousBrokerEpoch: typeof value.previous_broker_epoch === 'number' ? value.previous_broker_epoch : -1,
  };
}

/** ControllerZNode */
export function encodeController(brokerId: number, nowMs: number): Buffer {
  return json({ version: 1, brokerid: brokerId, timestamp: String(nowMs) });
}

export function decodeController(data: Uint8Array): number {
  return Number(parsed(data)?.brokerid ?? -1);
}

/** ClusterIdZNode */
export function encodeClusterId(clusterId: string): Buffer {
  return json({ version: '1', id: clusterId });
}

export function decodeClusterId(data: Uint8Array): string | undefined {
  const id = parsed(data)?.id;
  return typeof id === 'string' ? id : undefined;
}

/** TopicZNode, version 3. Ids are written as Kafka writes them: 22 characters of base64url. */
export function encodeTopic(topic: TopicImage): Buffer {
  const of = (pick: (partition: PartitionState) => readonly number[], all: boolean) =>
    Object.fromEntries(
      topic.partitions
        .map((one) => [String(one.partition), pick(one)] as const)
        .filter(([, ids]) => all || ids.length > 0),
    );
  return json({
    removing_replicas: of((one) => one.removingReplicas, false),
    partitions: of((one) => one.replicas, true),
    topic_id: topic.topicId,
    adding_replicas: of((one) => one.addingReplicas, false),
    version: 3,
  });
}

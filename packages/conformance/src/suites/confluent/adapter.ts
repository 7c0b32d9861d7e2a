// @confluentinc/kafka-javascript as a client of the contract: librdkafka of today under a promise interface. It is built
// from its sources by src/install.ts and loaded from there, so what is used of it is described here.
import {
  type ClientAdapter,
  type ConnectedClient,
  type Header,
  type JoinOptions,
  type Member,
  type ReceivedRecord,
  RefusedByBroker,
  type Sender,
  type SenderOptions,
} from '../../contract/client.ts';
import { confluentEntry } from '../../install.ts';

type Settings = Readonly<Record<string, unknown>>;
type Headers = Record<string, Buffer | string | (Buffer | string)[]>;

interface Lifecycle {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface ConfluentProducer extends Lifecycle {
  send(o: { topic: string; messages: readonly Settings[] }): Promise<unknown>;
}

interface ConfluentConsumer extends Lifecycle {
  subscribe(o: { topics: string[] }): Promise<void>;
  run(o: {
    eachMessage(payload: { topic: string; partition: number; message: ConfluentMessage }): Promise<void>;
  }): Promise<void>;
  assignment(): { topic: string; partition: number }[];
}

interface ConfluentMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Headers;
}

export interface ConfluentAdmin extends Lifecycle {
  createTopics(o: { topics: readonly Settings[] }): Promise<boolean>;
  deleteTopics(o: { topics: string[] }): Promise<void>;
  listTopics(): Promise<string[]>;
  listGroups(): Promise<{ groups: { groupId: string }[] }>;
  describeGroups(groups: string[]): Promise<{ groups: { groupId: string; state: number }[] }>;
  deleteGroups(groups: string[]): Promise<unknown>;
  fetchOffsets(o: {
    groupId: string;
    topics: string[];
  }): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
  deleteTopicRecords(o: { topic: string; partitions: { partition: number; offset: string }[] }): Promise<unknown>;
  fetchTopicOffsets(topic: string): Promise<{ partition: number; low: string; high: string }[]>;
  fetchTopicOffsetsByTimestamp(topic: string, timestamp: number): Promise<{ partition: number; offset: string }[]>;
  fetchTopicMetadata(o: {
    topics: string[];
  }): Promise<{ name: string; partitions: { partitionId: number; leader: number }[] }[]>;
}

interface ConfluentKafka {
  producer(settings: Settings): ConfluentProducer;
  consumer(settings: Settings): ConfluentConsumer;
  admin(): ConfluentAdmin;
}

interface ConfluentModule {
  readonly KafkaJS: { readonly Kafka: new (settings: Settings) => ConfluentKafka };
}

/** librdkafka's own codes are negative; those of the protocol are the broker's answer. */
function refusal(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  return error instanceof Error && typeof code === 'number' && code > 0
    ? new RefusedByBroker(code, error.message)
    : error;
}

function headersOf(headers: Headers = {}): Header[] {
  return Object.entries(headers).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ key, value: one === null ? null : Buffer.from(one) })),
  );
}

function headersObject(headers: readonly Header[]): Headers {
  const object: Record<string, Buffer[]> = {};
  for (const { key, value } of headers) object[key] = [...(object[key] ?? []), value ?? Buffer.alloc(0)];
  return Object.fromEntries(
    Object.entries(object).map(([key, all]) => [key, all.length === 1 ? (all[0] as Buffer) : all]),
  );
}

const ASSIGN_PARTITIONS = -175;

class ConfluentMember implements Member {
  readonly records: ReceivedRecord[] = [];
  #assignments = 0;
  #failure: Error | undefined;
  #consumer: ConfluentConsumer | undefined;
  #left = false;

  onRebalance(error: { code: number }): void {
    if (error.code === ASSIGN_PARTITIONS) this.#assignments++;
  }

  async run(consumer: ConfluentConsumer, topic: string): Promise<void> {
    this.#consumer = consumer;
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({
      eachMessage: async ({ topic: from, partition, message }) => {
        this.records.push({
          topic: from,
          partition,
          offset: Number(message.offset),
          timestamp: Number(message.timestamp),
          key: message.key,
          value: message.value,
          headers: headersOf(message.headers),
        });
      },
    });
  }

  assignment(): readonly number[] {
    if (this.#left || !this.#consumer) return [];
    return this.#consumer.assignment().map(({ partition }) => partition);
  }

  assignments(): number {
    return this.#assignments;
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  async leave(): Promise<void> {
    this.#left = true;
    await this.#consumer?.disconnect();
  }
}

class ConfluentClient implements ConnectedClient {
  readonly #kafka: ConfluentKafka;

  constructor(kafka: ConfluentKafka) {
    this.#kafka = kafka;
  }

  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
      await admin.createTopics({
        topics: [{ topic: name, numPartitions: partitions, replicationFactor: 1, configEntries }],
      });
    } finally {
      await admin.disconnect();
    }
  }

  async sender(o: SenderOptions = {}): Promise<Sender> {
    const producer = this.#kafka.producer({
      'enable.idempotence': o.idempotent ?? false,
      acks: o.acks ?? -1,
      'compression.type': o.codec ?? 'none',
      'message.max.bytes': 2_000_000,
      'message.timeout.ms': 60_000,
      'linger.ms': 2,
    });
    await producer.connect();
    return {
      async send(topic, records) {
        const messages = records.map(({ key, value, headers, partition, timestamp }) => ({
          key,
          value,
          ...(headers ? { headers: headersObject(headers) } : {}),
          ...(partition === undefined ? {} : { partition }),
          ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
        }));
        try {
          await producer.send({ topic, messages });
        } catch (error) {
          throw refusal(error);
        }
      },
      close: () => producer.disconnect(),
    };
  }

  async join(o: JoinOptions): Promise<Member> {
    const member = new ConfluentMember();
    const consumer = this.#kafka.consumer({
      'group.id': o.group,
      'auto.offset.reset': o.reset ?? 'earliest',
      'fetch.wait.max.ms': 100,
      'topic.metadata.refresh.interval.ms': 1_000,
      'auto.commit.interval.ms': 500,
      // By KIP-848 all of this is the broker's, and librdkafka refuses it.
      ...(o.protocol === 'consumer'
        ? { 'group.protocol': 'consumer' }
        : {
            'session.timeout.ms': o.sessionTimeoutMs ?? 6_000,
            'heartbeat.interval.ms': 300,
            'partition.assignment.strategy': o.assignor ?? 'range',
          }),
      ...(o.instanceId ? { 'group.instance.id': o.instanceId } : {}),
      rebalance_cb: (error: { code: number }) => member.onRebalance(error),
    });
    await member.run(consumer, o.topic);
    return member;
  }

  async close(): Promise<void> {}
}

/** The client itself, for what lies beyond the contract. */
export async function openConfluent(bootstrap: string): Promise<ConfluentKafka> {
  const { default: loaded } = (await import(confluentEntry)) as { default: ConfluentModule };
  const quiet = { log_level: 0, 'bootstrap.servers': bootstrap, 'client.id': 'conformance-confluent' };
  return new loaded.KafkaJS.Kafka({ ...quiet, 'reconnect.backoff.max.ms': 500, 'socket.nagle.disable': true });
}

export const confluent: ClientAdapter = {
  name: '@confluentinc/kafka-javascript',
  codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  can: {
    idempotence: true,
    staticMembers: true,
    nullHeaders: false,
    repeatedHeaders: true,
    acksZero: true,
    assignors: ['range', 'roundrobin', 'cooperative-sticky'],
    logAppendTime: true,
    redelivers: false,
    tellsFencing: false,
    consumerProtocol: true,
  },
  connect: async (bootstrap) => new ConfluentClient(await openConfluent(bootstrap)),
};

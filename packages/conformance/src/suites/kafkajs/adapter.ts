// KafkaJS 2.2.4 as a client of the contract: dormant, widespread, and the oldest protocol versions that any broker of
// today has to serve.
import { type Consumer, Kafka, KafkaJSProtocolError, logLevel, PartitionAssigners, Partitioners } from 'kafkajs';
import {
  type ClientAdapter,
  type Codec,
  type ConnectedClient,
  type Header,
  type JoinOptions,
  type Member,
  type ReceivedRecord,
  RefusedByBroker,
  type Sender,
  type SenderOptions,
} from '../../contract/client.ts';
import { installCodecs } from './codecs.ts';

const codecIds: Record<Codec, number> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

/** The broker's answer inside whatever KafkaJS wrapped it in. */
function refusal(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error) {
    if (cause instanceof KafkaJSProtocolError) return new RefusedByBroker(cause.code, cause.message);
    cause = cause.cause;
  }
  return error;
}

function headersOf(headers: Record<string, unknown> | undefined): Header[] {
  return Object.entries(headers ?? {}).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ key, value: one ? Buffer.from(one) : null })),
  );
}

function headersObject(headers: readonly Header[]): Record<string, Buffer | Buffer[]> {
  const object: Record<string, Buffer | Buffer[]> = {};
  for (const { key, value } of headers) {
    const held = object[key];
    const bytes = value ?? Buffer.alloc(0);
    object[key] = held === undefined ? bytes : [...(Array.isArray(held) ? held : [held]), bytes];
  }
  return object;
}

class KafkaJsMember implements Member {
  readonly records: ReceivedRecord[] = [];
  #held: number[] = [];
  #assignments = 0;
  #failure: Error | undefined;
  readonly #consumer: Consumer;

  constructor(consumer: Consumer, topic: string) {
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#held = payload.memberAssignment[topic] ?? [];
      this.#assignments++;
    });
    consumer.on(consumer.events.REBALANCING, () => {
      this.#held = [];
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart) this.#failure = payload.error;
    });
  }

  async run(): Promise<void> {
    await this.#consumer.run({
      autoCommitInterval: 500,
      eachMessage: async ({ topic, partition, message }) => {
        this.records.push({
          topic,
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
    return this.#held;
  }

  assignments(): number {
    return this.#assignments;
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  async leave(): Promise<void> {
    await this.#consumer.stop();
    await this.#consumer.disconnect();
  }
}

class KafkaJsClient implements ConnectedClient {
  readonly #kafka: Kafka;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const configEntries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
      await admin.createTopics({
        topics: [{ topic: name, numPartitions: partitions, configEntries }],
        waitForLeaders: false,
      });
    } finally {
      await admin.disconnect();
    }
  }

  async sender(o: SenderOptions = {}): Promise<Sender> {
    const producer = this.#kafka.producer({
      idempotent: o.idempotent ?? false,
      createPartitioner: Partitioners.DefaultPartitioner,
      ...(o.idempotent ? { maxInFlightRequests: 1 } : {}),
    });
    await producer.connect();
    return {
      async send(topic, records) {
        try {
          await producer.send({
            topic,
            acks: o.acks ?? -1,
            compression: codecIds[o.codec ?? 'none'],
            messages: records.map(({ key, value, headers, partition, timestamp }) => ({
              key,
              value,
              ...(headers ? { headers: headersObject(headers) } : {}),
              ...(partition === undefined ? {} : { partition }),
              ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
            })),
          });
        } catch (error) {
          throw refusal(error);
        }
      },
      close: () => producer.disconnect(),
    };
  }

  async join(o: JoinOptions): Promise<Member> {
    const consumer = this.#kafka.consumer({
      groupId: o.group,
      sessionTimeout: o.sessionTimeoutMs ?? 6_000,
      heartbeatInterval: 300,
      maxWaitTimeInMs: 200,
      partitionAssigners: [PartitionAssigners.roundRobin],
    });
    const member = new KafkaJsMember(consumer, o.topic);
    await consumer.connect();
    await consumer.subscribe({ topic: o.topic, fromBeginning: o.reset !== 'latest' });
    await member.run();
    return member;
  }

  async close(): Promise<void> {}
}

export const kafkajs: ClientAdapter = {
  name: 'KafkaJS',
  codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  can: {
    idempotence: true,
    staticMembers: false,
    nullHeaders: false,
    repeatedHeaders: true,
    acksZero: true,
    assignors: ['roundrobin'],
    logAppendTime: true,
    redelivers: false,
    tellsFencing: false,
  },
  async connect(bootstrap) {
    installCodecs();
    return new KafkaJsClient(
      new Kafka({
        brokers: [bootstrap],
        clientId: 'conformance-kafkajs',
        logLevel: logLevel.NOTHING,
        retry: { retries: 30, initialRetryTime: 100, maxRetryTime: 500 },
      }),
    );
  },
};

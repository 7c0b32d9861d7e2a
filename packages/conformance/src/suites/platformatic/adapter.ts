// @platformatic/kafka 2.x as a client of the contract: young, pure JavaScript, always the newest protocol version that
// both sides know, and strict: it insists on ApiVersions 3 and has no way around it.
import {
  Admin,
  Consumer,
  findErrorBy,
  type GenericError,
  type Message,
  type MessagesStream,
  MessagesStreamFallbackModes,
  MessagesStreamModes,
  Producer,
} from '@platformatic/kafka';
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

function refusal(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const protocol = findErrorBy<GenericError>(error, 'code', 'PLT_KFK_PROTOCOL');
  return protocol ? new RefusedByBroker(Number(protocol.apiCode), protocol.message) : error;
}

function headersMap(headers: readonly Header[]): Map<Buffer, Buffer> {
  return new Map(headers.map(({ key, value }) => [Buffer.from(key), value ?? Buffer.alloc(0)]));
}

type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

class PlatformaticMember implements Member {
  readonly records: ReceivedRecord[] = [];
  readonly #consumer: Consumer;
  readonly #topic: string;
  #assignments = 0;
  #rebalancing = true;
  #failure: Error | undefined;
  #leaving = false;

  constructor(consumer: Consumer, topic: string) {
    this.#consumer = consumer;
    this.#topic = topic;
    consumer.on('consumer:group:join', () => {
      this.#assignments++;
      this.#rebalancing = false;
    });
    consumer.on('consumer:group:rebalance', () => {
      this.#rebalancing = true;
    });
  }

  follow(stream: Stream): void {
    stream.on('data', (message: Message<Buffer, Buffer, Buffer, Buffer>) => {
      this.records.push({
        topic: message.topic,
        partition: message.partition,
        offset: Number(message.offset),
        timestamp: Number(message.timestamp),
        key: message.key ?? null,
        value: message.value ?? null,
        headers: message.headerEntries.map(([key, value]) => ({ key: key.toString(), value: value ?? null })),
      });
    });
    stream.on('error', (error: Error) => {
      if (!this.#leaving) this.#failure ??= error;
    });
  }

  assignment(): readonly number[] {
    if (this.#rebalancing) return [];
    return this.#consumer.assignments?.find(({ topic }) => topic === this.#topic)?.partitions ?? [];
  }

  assignments(): number {
    return this.#assignments;
  }

  failure(): Error | undefined {
    return this.#failure;
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#commitReceived();
    await this.#consumer.close(true);
  }

  /** Closing commits nothing by itself. */
  async #commitReceived(): Promise<void> {
    const last = new Map<number, bigint>();
    for (const { partition, offset } of this.records) last.set(partition, BigInt(offset) + 1n);
    const offsets = this.assignment().flatMap((partition) => {
      const offset = last.get(partition);
      return offset === undefined ? [] : [{ topic: this.#topic, partition, offset, leaderEpoch: 0 }];
    });
    if (offsets.length > 0) await this.#consumer.commit({ offsets });
  }
}

class PlatformaticClient implements ConnectedClient {
  readonly #base: { clientId: string; bootstrapBrokers: string[]; retries: number; retryDelay: number };

  constructor(bootstrap: string) {
    this.#base = { clientId: 'conformance-platformatic', bootstrapBrokers: [bootstrap], retries: 60, retryDelay: 250 };
  }

  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const admin = new Admin(this.#base);
    try {
      await admin.createTopics({
        topics: [name],
        partitions,
        replicas: 1,
        configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
      });
    } finally {
      await admin.close();
    }
  }

  async sender(o: SenderOptions = {}): Promise<Sender> {
    const producer = new Producer({
      ...this.#base,
      idempotent: o.idempotent ?? false,
      autocreateTopics: true,
      ...(o.codec && o.codec !== 'none' ? { compression: o.codec } : {}),
    });
    return {
      async send(topic, records) {
        try {
          await producer.send({
            acks: o.acks ?? -1,
            messages: records.map(({ key, value, headers, partition, timestamp }) => ({
              topic,
              // The types know no null, the client does: it is what a tombstone is sent with.
              key: key as Buffer,
              value: value as Buffer,
              ...(headers ? { headers: headersMap(headers) } : {}),
              ...(partition === undefined ? {} : { partition }),
              ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
            })),
          });
        } catch (error) {
          throw refusal(error);
        }
      },
      close: () => producer.close(),
    };
  }

  async join(o: JoinOptions): Promise<Member> {
    const consumer = new Consumer({
      ...this.#base,
      groupId: o.group,
      ...(o.instanceId ? { groupInstanceId: o.instanceId } : {}),
      sessionTimeout: o.sessionTimeoutMs ?? 6_000,
      rebalanceTimeout: Math.max(10_000, o.sessionTimeoutMs ?? 0),
      heartbeatInterval: 300,
      ...(o.assignor ? { protocols: [{ name: o.assignor, version: 1 }] } : {}),
    });
    const member = new PlatformaticMember(consumer, o.topic);
    const stream = await consumer.consume({
      topics: [o.topic],
      mode: MessagesStreamModes.COMMITTED,
      fallbackMode: o.reset === 'latest' ? MessagesStreamFallbackModes.LATEST : MessagesStreamFallbackModes.EARLIEST,
      autocommit: 500,
      maxWaitTime: 200,
    });
    member.follow(stream);
    return member;
  }

  async close(): Promise<void> {}
}

export const platformatic: ClientAdapter = {
  name: '@platformatic/kafka',
  codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  can: {
    idempotence: true,
    staticMembers: false,
    nullHeaders: false,
    repeatedHeaders: true,
    acksZero: true,
    assignors: ['roundrobin', 'cooperative-sticky'],
    logAppendTime: false,
    redelivers: true,
    tellsFencing: false, // it joins again under its instance id and fences the newer one in turn
  },
  connect: async (bootstrap) => new PlatformaticClient(bootstrap),
};

// Our own client as one of the clients of the contract: it is held to what all others are held to, and the suites that
// mix clients meet it here.
import {
  Admin,
  Consumer,
  type ConsumerOptions,
  type ConsumerRecord,
  KafkaError,
  Producer,
  type ProducerOptions,
  type TopicPartition,
} from '@moldau/client';
import {
  type ClientAdapter,
  type ConnectedClient,
  type JoinOptions,
  type Member,
  type ReceivedRecord,
  RefusedByBroker,
  type Sender,
  type SenderOptions,
} from '../../contract/client.ts';

/** The broker's answer as the contract wants it. */
function refusal(error: unknown): unknown {
  return error instanceof KafkaError && error.code !== undefined && error.code > 0
    ? new RefusedByBroker(error.code, error.message)
    : error;
}

/** A consumer that is polled until it leaves. */
class MoldauMember implements Member {
  readonly records: ReceivedRecord[] = [];
  readonly #consumer: Consumer;
  #held: number[] = [];
  #assignments = 0;
  #failure: Error | undefined;
  #isLeaving = false;
  readonly #polling: Promise<void>;

  constructor(consumer: Consumer, topic: string) {
    this.#consumer = consumer;
    const isGone = (gone: readonly TopicPartition[]) => (held: number) =>
      !gone.some(({ partition }) => partition === held);
    consumer.subscribe(topic, {
      onPartitionsAssigned: (partitions) => {
        this.#assignments++;
        this.#held = [...new Set([...this.#held, ...partitions.map(({ partition }) => partition)])];
      },
      onPartitionsRevoked: (partitions) => {
        this.#held = this.#held.filter(isGone(partitions));
      },
    });
    this.#polling = this.#poll();
  }

  async #poll(): Promise<void> {
    try {
      while (!this.#isLeaving) for (const record of await this.#consumer.poll(100)) this.records.push(received(record));
    } catch (error) {
      this.#failure = new Error(error instanceof KafkaError ? `${error.error}: ${error.message}` : String(error));
    }
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
    this.#isLeaving = true;
    await this.#polling;
    await this.#consumer.close();
  }
}

/** Bytes are views of what came over the wire: copied, as whoever keeps them has to. */
function received({ topic, partition, offset, timestamp, key, value, headers }: ConsumerRecord): ReceivedRecord {
  return {
    topic,
    partition,
    offset,
    timestamp,
    key: key && Buffer.from(key),
    value: value && Buffer.from(value),
    headers: headers.map((header) => ({ key: header.key, value: header.value && Buffer.from(header.value) })),
  };
}

/** What KIP-848 leaves to the broker. */
function classic(o: JoinOptions): Partial<ConsumerOptions<Buffer, Buffer>> {
  return {
    sessionTimeoutMs: o.sessionTimeoutMs ?? 6_000,
    heartbeatIntervalMs: 300,
    // Round robin under KafkaJS's name as well as Java's: members of both kinds find something in common.
    partitionAssignmentStrategy:
      o.assignor === 'roundrobin' ? ['roundrobin', 'RoundRobinAssigner'] : [o.assignor ?? 'range'],
  };
}

class MoldauClient implements ConnectedClient {
  readonly #bootstrap: string;

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap;
  }

  async createTopic(name: string, numPartitions: number, configs: Readonly<Record<string, string>> = {}) {
    const admin = new Admin({ bootstrapServers: this.#bootstrap });
    try {
      const outcome = (await admin.createTopics([{ name, numPartitions, configs }])).get(name);
      if (outcome instanceof KafkaError) throw outcome;
    } finally {
      await admin.close();
    }
  }

  async sender(o: SenderOptions = {}): Promise<Sender> {
    const acks = o.acks === undefined || o.acks === -1 ? 'all' : o.acks;
    const options: ProducerOptions<string | Uint8Array, string | Uint8Array> = {
      bootstrapServers: this.#bootstrap,
      acks,
      compressionType: o.codec ?? 'none',
      enableIdempotence: o.transactionalId !== undefined || (o.idempotent ?? false),
      ...(o.transactionalId === undefined ? {} : { transactionalId: o.transactionalId }),
      maxRequestSize: 5_000_000,
      reconnectBackoffMaxMs: 500,
    };
    const producer = new Producer(options);
    if (o.transactionalId !== undefined) {
      await producer.initTransactions().catch(async (error: unknown) => {
        await producer.close();
        throw refusal(error);
      });
    }
    return {
      ...(o.transactionalId === undefined
        ? {}
        : {
            transactions: {
              begin: async () => producer.beginTransaction(),
              commit: () => producer.commitTransaction(),
              abort: () => producer.abortTransaction(),
            },
          }),
      async send(topic, records) {
        const outcomes = await Promise.allSettled(records.map((record) => producer.send({ ...record, topic })));
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw refusal(outcome.reason);
      },
      close: () => producer.close(),
    };
  }

  async join(o: JoinOptions): Promise<Member> {
    const consumer = new Consumer({
      bootstrapServers: this.#bootstrap,
      groupId: o.group,
      autoOffsetReset: o.reset ?? 'earliest',
      autoCommitIntervalMs: 500,
      metadataMaxAgeMs: 1_000,
      reconnectBackoffMaxMs: 500,
      isolationLevel: o.isolation ?? 'read_uncommitted',
      ...(o.protocol === 'consumer' ? { groupProtocol: 'consumer' } : classic(o)),
      ...(o.instanceId === undefined ? {} : { groupInstanceId: o.instanceId }),
    });
    return new MoldauMember(consumer, o.topic);
  }

  async close(): Promise<void> {}
}

export const moldauClient: ClientAdapter = {
  name: 'Moldau client',
  codecs: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
  can: {
    idempotence: true,
    staticMembers: true,
    nullHeaders: true,
    repeatedHeaders: true,
    acksZero: true,
    assignors: ['range', 'roundrobin', 'cooperative-sticky'],
    logAppendTime: true,
    redelivers: false,
    tellsFencing: true,
    transactions: true,
    consumerProtocol: true,
  },
  connect: async (bootstrap) => new MoldauClient(bootstrap),
};

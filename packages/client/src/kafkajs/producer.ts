// Producer of the KafkaJS face. `acks` and `compression` are chosen per call there and per producer here, so there is
// one native producer for each pair in use. Partitions are chosen before records go in, by the partitioner configured.
import type { Ports } from '@moldau/kernel';
import type { Codec } from '@moldau/protocol/compression/codec';
import { Admin as NativeAdmin } from '../admin/admin.ts';
import { KafkaError } from '../errors.ts';
import { Producer as NativeProducer } from '../producer/producer.ts';
import type { RecordMetadata as NativeMetadata } from '../producer/producer-model.ts';
import { mayAnswerOtherwise, notConnected, withRetries } from './attempts.ts';
import { CompressionTypes } from './constants.ts';
import {
  inKafkaJsErrors,
  KafkaJSNonRetriableError,
  KafkaJSNotImplemented,
  KafkaJSNumberOfRetriesExceeded,
  kafkaJsError,
} from './errors.ts';
import { Emitter, type EventListener, PRODUCER_EVENTS } from './events.ts';
import type { Logger } from './logging.ts';
import type {
  IHeaders,
  KafkaConfig,
  Message,
  PartitionMetadata,
  ProducerBatch,
  ProducerConfig,
  ProducerRecord,
  RecordMetadata,
  TopicMessages,
} from './model.ts';
import { Partitioners } from './partitioners.ts';
import { watchedPorts } from './request-events.ts';
import { adminOptions, producerOptions, type Retry, retryOf, serversOf } from './settings.ts';
import { type Transaction, Transactions } from './transaction.ts';

const CODECS = new Map<number, Codec>([
  [CompressionTypes.None, 'none'],
  [CompressionTypes.GZIP, 'gzip'],
  [CompressionTypes.Snappy, 'snappy'],
  [CompressionTypes.LZ4, 'lz4'],
  [CompressionTypes.ZSTD, 'zstd'],
]);

interface KnownTopic {
  readonly partitions: PartitionMetadata[];
  readonly askedAt: number;
}

export class Producer {
  readonly events = PRODUCER_EVENTS;
  readonly #ports: Ports;
  readonly #config: KafkaConfig;
  readonly #own: ProducerConfig;
  readonly #retry: Retry;
  readonly #logger: Logger;
  readonly #emitter: Emitter;
  readonly #partition: ReturnType<NonNullable<ProducerConfig['createPartitioner']>>;
  readonly #natives = new Map<string, NativeProducer>();
  readonly #topics = new Map<string, KnownTopic>();
  #servers: string[] = [];
  #admin: NativeAdmin | undefined;
  #disconnecting = false;
  #transactional: NativeProducer | undefined;
  #transactions: Transactions | undefined;

  constructor(ports: Ports, config: KafkaConfig, own: ProducerConfig, logger: Logger) {
    this.#config = config;
    this.#own = own;
    this.#retry = retryOf(config.retry, own.retry);
    this.#logger = logger;
    this.#emitter = new Emitter(ports.clock, logger, PRODUCER_EVENTS);
    this.#ports = watchedPorts(ports, PRODUCER_EVENTS, this.#emitter, config.clientId ?? 'kafkajs');
    this.#partition = (own.createPartitioner ?? Partitioners.DefaultPartitioner)();
  }

  async connect(): Promise<void> {
    if (this.#admin) return;
    this.#servers = await serversOf(this.#config);
    const admin = new NativeAdmin({ ...adminOptions(this.#config, this.#servers, this.#retry), ports: this.#ports });
    try {
      await withRetries(this.#ports, this.#retry, () => admin.send('ApiVersions', {}));
    } catch (error) {
      await admin.close();
      throw error;
    }
    this.#admin = admin;
    this.#emitter.emit(PRODUCER_EVENTS.CONNECT);
  }

  /** Sends what waits, then closes. */
  async disconnect(): Promise<void> {
    const admin = this.#admin;
    if (!admin) return;
    this.#disconnecting = true;
    try {
      const natives = [...this.#natives.values(), ...(this.#transactional ? [this.#transactional] : [])];
      await Promise.all(natives.map((native) => native.close()));
      await admin.close();
    } finally {
      this.#natives.clear();
      this.#transactional = undefined;
      this.#transactions = undefined;
      this.#topics.clear();
      this.#admin = undefined;
      this.#disconnecting = false;
      this.#emitter.emit(PRODUCER_EVENTS.DISCONNECT);
    }
  }

  isIdempotent(): boolean {
    return this.#own.idempotent === true;
  }

  /** One entry for each partition written to. */
  send({ topic, messages, ...options }: ProducerRecord): Promise<RecordMetadata[]> {
    return this.sendBatch({ ...options, topicMessages: [{ topic, messages }] });
  }

  async sendBatch(batch: ProducerBatch): Promise<RecordMetadata[]> {
    const { acks = -1, compression = 0, topicMessages = [] } = batch;
    this.#check(topicMessages, acks, this.#own.idempotent === true);
    return inKafkaJsErrors(() => this.#sendThrough(this.#native(acks, compression), batch));
  }

  /**
   * One transaction at a time; messages sent on the object that this answers belong to it, those sent on the producer do
   * not. Needs `transactionalId`.
   */
  async transaction(): Promise<Transaction> {
    if (this.#own.transactionalId === undefined) {
      throw new KafkaJSNonRetriableError('Transactions need a transactionalId in the configuration of the producer.');
    }
    if (!this.#admin) throw notConnected('producer');
    this.#transactions ??= new Transactions({
      native: (compression) => this.#transactionalNative(compression),
      sendThrough: async (native, batch) => {
        this.#check(batch.topicMessages ?? [], batch.acks ?? -1, true);
        return this.#sendThrough(native, batch);
      },
    });
    return this.#transactions.begin();
  }

  async #sendThrough(native: NativeProducer, { acks = -1, topicMessages = [] }: ProducerBatch) {
    const places = await Promise.all(
      topicMessages.map(({ topic }) =>
        withRetries(this.#ports, this.#retry, () => this.#partitionsOf(topic, native), mayAnswerOtherwise),
      ),
    );
    const sends = topicMessages.flatMap(({ topic, messages }, index) =>
      messages.map((message) => {
        const partition = this.#partition({ topic, partitionMetadata: places[index]!, message });
        return native.send({
          topic,
          partition,
          key: message.key,
          value: message.value,
          headers: pairs(message.headers),
          ...(message.timestamp === undefined ? {} : { timestamp: Number(message.timestamp) }),
        });
      }),
    );
    const outcomes = await Promise.allSettled(sends);
    const failed = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed) {
      for (const { topic } of topicMessages) this.#topics.delete(topic);
      const error = kafkaJsError(failed.reason);
      if (!mayAnswerOtherwise(error)) throw error;
      // The native producer has tried as often as it was told.
      throw new KafkaJSNumberOfRetriesExceeded(error, { retryCount: this.#retry.retries });
    }
    if (acks === 0) return [];
    return byPartition((outcomes as PromiseFulfilledResult<NativeMetadata>[]).map(({ value }) => value));
  }

  on(eventName: string, listener: EventListener): () => void {
    return this.#emitter.on(eventName, listener);
  }

  logger(): Logger {
    return this.#logger;
  }

  #check(topicMessages: readonly TopicMessages[], acks: number, idempotent: boolean): void {
    if (![-1, 0, 1].includes(acks)) throw new KafkaJSNonRetriableError(`acks is ${acks}; it must be -1, 0 or 1.`);
    if (idempotent && acks !== -1) {
      throw new KafkaJSNonRetriableError(
        'An idempotent producer needs the word of all in-sync replicas: acks must be -1.',
      );
    }
    for (const { topic, messages } of topicMessages) {
      if (!topic || typeof topic !== 'string') throw new KafkaJSNonRetriableError(`${String(topic)} is not a topic.`);
      if (!Array.isArray(messages)) throw new KafkaJSNonRetriableError(`The messages for ${topic} must be a list.`);
      const empty = messages.find((message) => message.value === undefined);
      if (empty) {
        throw new KafkaJSNonRetriableError(
          `A message for ${topic} has no value (null is one): ${JSON.stringify(empty)}`,
        );
      }
    }
    if (this.#disconnecting) throw new KafkaJSNonRetriableError('The producer is disconnecting and takes no messages.');
    if (!this.#admin) throw notConnected('producer');
  }

  #native(acks: number, compression: number): NativeProducer {
    const codec = codecOf(compression);
    const key = `${acks} ${codec}`;
    let native = this.#natives.get(key);
    if (!native) {
      native = new NativeProducer({
        ...producerOptions(this.#config, this.#own, this.#servers, this.#retry),
        acks: acks === -1 ? 'all' : (acks as 0 | 1),
        compressionType: codec,
        ports: this.#ports,
      });
      this.#natives.set(key, native);
    }
    return native;
  }

  /** There can be but one producer with a transactional id: the codec is that of the latest call. */
  #transactionalNative(compression: number | undefined): NativeProducer {
    const codec = codecOf(compression ?? CompressionTypes.None);
    if (this.#transactional) {
      if (compression !== undefined) this.#transactional.compressWith(codec);
      return this.#transactional;
    }
    const { transactionalId, transactionTimeout } = this.#own;
    this.#transactional = new NativeProducer({
      ...producerOptions(this.#config, { ...this.#own, idempotent: true }, this.#servers, this.#retry),
      transactionalId,
      ...(transactionTimeout === undefined ? {} : { transactionTimeoutMs: transactionTimeout }),
      compressionType: codec,
      ports: this.#ports,
    });
    return this.#transactional;
  }

  /** Asked for again when metadataMaxAge is over, or a send to the topic has failed. */
  async #partitionsOf(topic: string, native: NativeProducer): Promise<PartitionMetadata[]> {
    const now = this.#ports.clock.monotonic();
    const known = this.#topics.get(topic);
    if (known && now - known.askedAt < (this.#own.metadataMaxAge ?? 300_000)) return known.partitions;
    if (this.#own.allowAutoTopicCreation ?? true) await native.partitionsFor(topic);
    const described = (await this.#admin!.describeTopics([topic])).get(topic);
    if (!described) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', { topic });
    if (described instanceof KafkaError) throw described;
    const partitions = described.partitions.map(({ partition, leader, replicas, isr, offlineReplicas }) => ({
      partitionErrorCode: 0,
      partitionId: partition,
      leader: leader?.id ?? -1,
      replicas: replicas.map(({ id }) => id),
      isr: isr.map(({ id }) => id),
      offlineReplicas: offlineReplicas.map(({ id }) => id),
    }));
    this.#topics.set(topic, { partitions, askedAt: now });
    return partitions;
  }
}

function codecOf(compression: number): Codec {
  const codec = CODECS.get(compression & 7);
  if (codec === undefined) throw new KafkaJSNotImplemented(`There is no compression ${compression}.`);
  return codec;
}

/** A list of values becomes one header each, under the same key. */
function pairs(headers: IHeaders | undefined): { key: string; value: Buffer | string | null }[] | undefined {
  if (!headers) return undefined;
  return Object.entries(headers).flatMap(([key, value]) =>
    Array.isArray(value) ? value.map((one) => ({ key, value: one })) : [{ key, value: value ?? null }],
  );
}

function byPartition(sent: readonly NativeMetadata[]): RecordMetadata[] {
  const entries = new Map<string, { first: NativeMetadata }>();
  for (const metadata of sent) {
    const key = `${metadata.partition} ${metadata.topic}`;
    const entry = entries.get(key);
    if (!entry) entries.set(key, { first: metadata });
    else if (metadata.offset < entry.first.offset) entry.first = metadata;
  }
  return [...entries.values()].map(({ first }) => ({
    topicName: first.topic,
    partition: first.partition,
    errorCode: 0,
    baseOffset: String(first.offset),
    logAppendTime: '-1',
  }));
}

export type { Message };

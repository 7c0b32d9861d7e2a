// Producer: the public face. Takes records, finds their partition, appends them to batches; what cannot be appended yet
// (its topic is not known, the buffer is full) is held in order of arrival, topic by topic. `Sender` does the rest.
// Bounds: buffer.memory for what is appended, the same again for what is held; a record beyond both fails at once. A
// record is held for max.block.ms at most.
import type { Ports, TimerHandle } from '@moldau/kernel';
import { batchSizeUpperBound } from '@moldau/protocol/records/batch-builder';
import { Cluster } from '../cluster/cluster.ts';
import { retrying } from '../cluster/retry.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import { nodePorts } from '../node/default-ports.ts';
import { warn } from '../node/warning.ts';
import { defaultClientId } from '../settings/client-id.ts';
import { PRODUCER_SETTINGS, type ProducerSettingOptions } from '../settings/producer-settings.ts';
import { resolveSettings, type SettingsOf } from '../settings/setting.ts';
import { Accumulator, type RecordToAppend } from './accumulator.ts';
import { partitionOfKey } from './murmur2.ts';
import type { ProducerApi } from './producer-api.ts';
import type { ProducerBatch } from './producer-batch.ts';
import type {
  Bytes,
  Delivery,
  HeadersInput,
  ProducerInterceptor,
  ProducerMetrics,
  ProducerRecord,
  RecordHeader,
  RecordMetadata,
  Serializer,
} from './producer-model.ts';
import { Sender } from './sender.ts';
import { StickyPartitioner } from './sticky-partitioner.ts';

export type ProducerOptions<K, V> = ProducerSettingOptions & {
  /** Default: strings as UTF-8, bytes as they are. */
  readonly keySerializer?: Serializer<K>;
  readonly valueSerializer?: Serializer<V>;
  readonly interceptors?: readonly ProducerInterceptor<K, V>[];
  readonly ports?: Ports;
};

/** A record that could not be appended yet. */
interface Held extends RecordToAppend {
  readonly partition: number | undefined;
  readonly bytes: number;
  readonly heldAt: number;
  readonly era: number;
}

/** `whenWritable` answers when the buffer is down to this share, so that senders do not wake for every record. */
const WRITABLE_SHARE = 0.75;

export class Producer<K = Bytes, V = Bytes> implements ProducerApi<K, V> {
  readonly #settings: SettingsOf<typeof PRODUCER_SETTINGS>;
  readonly #ports: Ports;
  readonly #cluster: Cluster;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #sticky: StickyPartitioner;
  readonly #keySerializer: Serializer<K>;
  readonly #valueSerializer: Serializer<V>;
  readonly #interceptors: readonly ProducerInterceptor<K, V>[];
  #sentRecords = 0;
  #failedRecords = 0;
  #settledBatches = 0;
  /** Topics sent to: metadata is kept of them. */
  readonly #topics = new Set<string>();
  readonly #held = new Map<string, Held[]>();
  #heldBytes = 0;
  #heldTimer: TimerHandle | undefined;
  readonly #writableWaiters: (() => void)[] = [];
  /** Records not settled, by era: a flush begins a new era and waits for the old ones. */
  readonly #openRecords = new Map<number, number>();
  #era = 0;
  readonly #flushes: { era: number; done: () => void }[] = [];
  #noted = false;
  #state: 'open' | 'closing' | 'closed' = 'open';

  /** Connects when the first record comes. Throws KafkaError INVALID_SETTING. */
  constructor(options: ProducerOptions<K, V> = {}) {
    const { ports = nodePorts, keySerializer, valueSerializer, interceptors = [], ...given } = options;
    const resolved = resolveSettings(PRODUCER_SETTINGS, given);
    const settings = { ...resolved, clientId: resolved.clientId || defaultClientId('producer') };
    const idempotent = decideIdempotence(settings);
    this.#settings = settings;
    this.#ports = ports;
    this.#interceptors = interceptors;
    this.#keySerializer = keySerializer ?? (asBytes as Serializer<unknown> as Serializer<K>);
    this.#valueSerializer = valueSerializer ?? (asBytes as Serializer<unknown> as Serializer<V>);
    this.#cluster = new Cluster({
      ports,
      settings,
      interest: () => (this.#topics.size === 0 ? { kind: 'none' } : { kind: 'topics', names: this.#topics }),
      autoCreate: () => true,
      onChange: () => this.#note(),
    });
    this.#accumulator = new Accumulator({ ...settings, compressed: settings.compressionType !== 'none' });
    this.#sender = new Sender({
      cluster: this.#cluster,
      accumulator: this.#accumulator,
      settings: {
        ...settings,
        acks: settings.acks === 'all' ? -1 : settings.acks,
        codec: settings.compressionType,
        level: levelOf(settings),
        idempotent,
        idempotenceRequired: settings.enableIdempotence === true,
        maxInFlight: settings.maxInFlightRequestsPerConnection,
      },
      onProgress: (batch) => this.#onSettled(batch),
      isUrgent: () => this.#flushes.length > 0 || this.#state !== 'open' || this.#heldBytes > 0,
    });
    this.#sticky = new StickyPartitioner({
      batchSize: settings.batchSize,
      adaptive: settings.partitionerAdaptivePartitioningEnable,
      random: () => ports.random.float(),
      waiting: (topic, partition) => this.#accumulator.waitingOf(topic, partition),
    });
  }

  send(record: ProducerRecord<K, V>): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      this.push(record, (error, metadata) => (error ? reject(error) : resolve(metadata!)));
    });
  }

  push(record: ProducerRecord<K, V>, delivered?: Delivery): boolean {
    if (this.#interceptors.length === 0) return this.#push(record, delivered);
    let intercepted = record;
    for (const interceptor of this.#interceptors) {
      guarded('onSend', () => {
        intercepted = interceptor.onSend?.(intercepted) ?? intercepted;
      });
    }
    const told: Delivery = (error, metadata) => {
      for (const interceptor of this.#interceptors) {
        guarded('onAcknowledgement', () => interceptor.onAcknowledgement?.(error, metadata));
      }
    };
    try {
      return this.#push(intercepted, (error, metadata) => {
        told(error, metadata);
        delivered?.(error, metadata);
      });
    } catch (error) {
      told(asKafkaError(error), undefined);
      throw error;
    }
  }

  metrics(): ProducerMetrics {
    return {
      'record-send-total': this.#sentRecords,
      'record-error-total': this.#failedRecords,
      'batch-total': this.#settledBatches,
      'buffer-used-bytes': this.#accumulator.bytes,
      'buffer-total-bytes': this.#settings.bufferMemory,
    };
  }

  #push(record: ProducerRecord<K, V>, delivered?: Delivery): boolean {
    if (this.#state !== 'open') throw new KafkaError('CLIENT_CLOSED');
    const { topic, partition } = record;
    if (typeof topic !== 'string' || topic === '') {
      throw new KafkaError('INVALID_ARGUMENT', { message: 'A record needs the name of a topic.' });
    }
    if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0)) {
      throw new KafkaError('INVALID_ARGUMENT', { message: `${partition} is not a partition.`, topic });
    }
    const prepared = this.#prepare(record, delivered);
    this.#openRecords.set(this.#era, (this.#openRecords.get(this.#era) ?? 0) + 1);
    if (this.#held.has(topic) || !this.#append(topic, partition, prepared, this.#era)) {
      this.#hold(topic, partition, prepared);
    }
    return this.#isWritable;
  }

  whenWritable(): Promise<void> {
    if (this.#isWritable || this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => {
      this.#writableWaiters.push(resolve);
    });
  }

  flush(): Promise<void> {
    const era = this.#era;
    if (!this.#hasOpenRecords(era)) return Promise.resolve();
    this.#era++;
    this.#accumulator.closeOpen();
    return new Promise((resolve) => {
      this.#flushes.push({ era, done: resolve });
      this.#sender.wake();
    });
  }

  async partitionsFor(topic: string): Promise<number[]> {
    if (this.#state === 'closed') throw new KafkaError('CLIENT_CLOSED');
    this.#topics.add(topic);
    const budget = { timeoutMs: this.#settings.maxBlockMs, what: `Looking up topic ${topic}` };
    return retrying(this.#ports, this.#settings, budget, async () => {
      if (!this.#cluster.metadata.topic(topic)) await this.#cluster.refresh();
      const known = this.#cluster.metadata.topic(topic);
      if (known) return known.partitions.map(({ partition }) => partition);
      throw new KafkaError(this.#cluster.metadata.topicError(topic) ?? 'UNKNOWN_TOPIC_OR_PARTITION', { topic });
    });
  }

  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    const flushed = this.flush();
    const timeoutMs = options.timeoutMs ?? this.#settings.deliveryTimeoutMs + this.#settings.maxBlockMs;
    const { timers } = this.#ports;
    await new Promise<void>((resolve) => {
      const timer = timers.set(timeoutMs, resolve);
      void flushed.then(() => {
        timers.clear(timer);
        resolve();
      });
    });
    this.#state = 'closed';
    const error = new KafkaError('CLIENT_CLOSED', {
      message: `The producer was closed before the record was acknowledged (waited ${timeoutMs} ms).`,
    });
    for (const [topic, held] of [...this.#held]) {
      this.#held.delete(topic);
      for (const record of held) this.#failHeld(record, error);
    }
    this.#sender.failAll(error);
    this.#sender.stop();
    if (this.#heldTimer) timers.clear(this.#heldTimer);
    await this.#cluster.close();
    for (const waiter of this.#writableWaiters.splice(0)) waiter();
  }

  get #isWritable(): boolean {
    return this.#heldBytes === 0 && this.#accumulator.bytes < this.#settings.bufferMemory;
  }

  /** Everything turned into bytes; nothing of the caller's own memory is kept past the append but the key and value. */
  #prepare(record: ProducerRecord<K, V>, delivery: Delivery | undefined): RecordToAppend {
    const { topic, timestamp } = record;
    const key =
      record.key === null || record.key === undefined ? null : serialize(this.#keySerializer, record.key, topic);
    const value = record.value === null ? null : serialize(this.#valueSerializer, record.value, topic);
    const headers = record.headers === undefined ? undefined : headersOf(record.headers);
    if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && timestamp >= 0)) {
      throw new KafkaError('INVALID_ARGUMENT', { message: `${timestamp} is not a time in milliseconds.`, topic });
    }
    const size = batchSizeUpperBound(key, value, headers);
    const { maxRequestSize, bufferMemory } = this.#settings;
    if (size > maxRequestSize || size > bufferMemory) {
      const [bound, name] =
        size > maxRequestSize ? [maxRequestSize, 'max.request.size'] : [bufferMemory, 'buffer.memory'];
      throw new KafkaError('MESSAGE_TOO_LARGE', {
        message: `The record takes ${size} bytes, more than the ${bound} of ${name}.`,
        topic,
      });
    }
    return { timestamp: timestamp ?? this.#ports.clock.now(), key, value, headers, delivery };
  }

  /** Appends, if the topic is known and there is room. */
  #append(topic: string, wanted: number | undefined, record: RecordToAppend, era: number): boolean {
    const known = this.#cluster.metadata.topic(topic);
    if (!known) {
      this.#topics.add(topic);
      return false;
    }
    const count = known.partitions.length;
    if (this.#accumulator.bytes >= this.#settings.bufferMemory || (wanted ?? 0) >= count) return false;
    const { key } = record;
    const keyed = key !== null && !this.#settings.partitionerIgnoreKeys;
    const isSticky = wanted === undefined && !keyed;
    let partition =
      wanted ?? (keyed ? partitionOfKey(key, count) : this.#sticky.current(topic, known.available, count));
    let added = this.#accumulator.tryAppend(topic, partition, record, era);
    if (added === 0) {
      const isFull = this.#accumulator.waitingOf(topic, partition) > 0;
      if (isSticky && isFull) {
        partition = this.#sticky.next(topic, known.available, count);
        added = this.#accumulator.tryAppend(topic, partition, record, era);
      }
      if (added === 0)
        added = this.#accumulator.appendNew(topic, partition, record, this.#ports.clock.monotonic(), era);
      // Something is full now, or a new batch has begun to linger.
      this.#sender.wake();
    }
    if (isSticky) this.#sticky.sent(topic, added, known.available, count);
    return true;
  }

  #hold(topic: string, partition: number | undefined, record: RecordToAppend): void {
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 100;
    const held = { ...record, partition, bytes, heldAt: this.#ports.clock.monotonic(), era: this.#era };
    if (this.#heldBytes + bytes > this.#settings.bufferMemory) {
      this.#recordSettled(held.era, 1);
      const error = new KafkaError('BUFFER_EXHAUSTED', {
        message: `${this.#settings.bufferMemory} bytes are being sent and as many wait for room (buffer.memory).`,
        topic,
      });
      record.delivery?.(error, undefined);
      return;
    }
    this.#heldBytes += bytes;
    const line = this.#held.get(topic);
    if (line) line.push(held);
    else this.#held.set(topic, [held]);
    this.#armHeld(held.heldAt + this.#settings.maxBlockMs);
    if (!this.#cluster.metadata.topic(topic) || partition !== undefined) this.#cluster.requestRefresh();
    this.#sender.wake();
  }

  /** Appends what was held, as far as it goes now. */
  #release(): void {
    for (const [topic, held] of [...this.#held]) {
      const known = this.#cluster.metadata.topic(topic);
      const error = this.#cluster.metadata.topicError(topic);
      if (!known && error && isFinal(error)) {
        this.#held.delete(topic);
        for (const record of held) this.#failHeld(record, new KafkaError(error, { topic }));
        continue;
      }
      let count = 0;
      while (count < held.length && this.#append(topic, held[count]!.partition, held[count]!, held[count]!.era)) {
        this.#heldBytes -= held[count]!.bytes;
        count++;
      }
      if (count === held.length) this.#held.delete(topic);
      else held.splice(0, count);
      // A topic that is not there yet is asked for again, soon.
      if (count < held.length && (!known || (held[0]?.partition ?? 0) >= known.partitions.length)) {
        this.#cluster.requestRefresh();
      }
    }
    this.#notifyWritable();
  }

  #armHeld(dueAt: number): void {
    if (this.#heldTimer) return;
    const { timers, clock } = this.#ports;
    this.#heldTimer = timers.set(Math.max(0, dueAt - clock.monotonic()), () => {
      this.#heldTimer = undefined;
      this.#expireHeld();
    });
  }

  #expireHeld(): void {
    const { maxBlockMs } = this.#settings;
    const now = this.#ports.clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const [topic, held] of [...this.#held]) {
      const known = this.#cluster.metadata.topic(topic);
      const late = held.findIndex(({ heldAt }) => heldAt + maxBlockMs > now);
      const expired = held.splice(0, late < 0 ? held.length : late);
      if (held.length === 0) this.#held.delete(topic);
      else next = Math.min(next, held[0]!.heldAt + maxBlockMs);
      for (const record of expired) this.#failHeld(record, this.#heldError(topic, record, known?.partitions.length));
    }
    if (next < Number.POSITIVE_INFINITY) this.#armHeld(next);
    else this.#notifyWritable();
  }

  #heldError(topic: string, { partition }: Held, partitionCount: number | undefined): KafkaError {
    const { maxBlockMs } = this.#settings;
    if (partitionCount === undefined) {
      const error = this.#cluster.metadata.topicError(topic);
      const message = `Nothing could be learned of topic ${topic} within ${maxBlockMs} ms (max.block.ms).`;
      return new KafkaError(error ?? 'REQUEST_TIMED_OUT', { message, topic });
    }
    if (partition !== undefined && partition >= partitionCount) {
      const message = `Topic ${topic} has ${partitionCount} partitions; there is no partition ${partition}.`;
      return new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', { message, topic, partition });
    }
    return new KafkaError('BUFFER_EXHAUSTED', {
      message: `There was no room in the buffer within ${maxBlockMs} ms (buffer.memory, max.block.ms).`,
      topic,
    });
  }

  #failHeld(record: Held, error: KafkaError): void {
    this.#heldBytes -= record.bytes;
    this.#recordSettled(record.era, 1);
    record.delivery?.(error, undefined);
  }

  #onSettled(batch: ProducerBatch): void {
    this.#settledBatches++;
    if (batch.failed) this.#failedRecords += batch.recordCount;
    else this.#sentRecords += batch.recordCount;
    this.#recordSettled(batch.era, batch.recordCount);
    if (this.#held.size > 0) this.#note();
    else this.#notifyWritable();
  }

  /** Metadata, a connection or the room changed: look at it once this turn is over. */
  #note(): void {
    if (this.#noted || this.#state === 'closed') return;
    this.#noted = true;
    this.#ports.timers.afterTurn(() => {
      this.#noted = false;
      if (this.#state === 'closed') return;
      if (this.#held.size > 0) this.#release();
      this.#sender.wake();
    });
  }

  #notifyWritable(): void {
    if (this.#writableWaiters.length === 0 || this.#heldBytes > 0) return;
    if (this.#accumulator.bytes > this.#settings.bufferMemory * WRITABLE_SHARE) return;
    for (const waiter of this.#writableWaiters.splice(0)) waiter();
  }

  #hasOpenRecords(upToEra: number): boolean {
    for (const era of this.#openRecords.keys()) if (era <= upToEra) return true;
    return false;
  }

  #recordSettled(era: number, count: number): void {
    const left = this.#openRecords.get(era)! - count;
    if (left > 0) {
      this.#openRecords.set(era, left);
      return;
    }
    this.#openRecords.delete(era);
    for (let i = 0; i < this.#flushes.length; ) {
      const flush = this.#flushes[i]!;
      if (this.#hasOpenRecords(flush.era)) i++;
      else this.#flushes.splice(i, 1)[0]!.done();
    }
  }
}

/** Errors of a topic that waiting does not mend. */
function isFinal(error: string): boolean {
  return error === 'INVALID_TOPIC_EXCEPTION' || error === 'TOPIC_AUTHORIZATION_FAILED';
}

function decideIdempotence(settings: SettingsOf<typeof PRODUCER_SETTINGS>): boolean {
  const { enableIdempotence, acks, retries, maxInFlightRequestsPerConnection } = settings;
  const obstacle =
    acks !== 'all'
      ? 'acks must be all'
      : retries === 0
        ? 'retries must not be 0'
        : maxInFlightRequestsPerConnection > 5
          ? 'maxInFlightRequestsPerConnection must be at most 5'
          : undefined;
  if (enableIdempotence === true && obstacle) {
    throw new KafkaError('INVALID_SETTING', { message: `enableIdempotence is true; for that ${obstacle}.` });
  }
  return enableIdempotence ?? obstacle === undefined;
}

function levelOf(settings: SettingsOf<typeof PRODUCER_SETTINGS>): number | undefined {
  if (settings.compressionType === 'zstd') return settings.compressionZstdLevel;
  if (settings.compressionType === 'gzip' && settings.compressionGzipLevel >= 0) return settings.compressionGzipLevel;
  return undefined;
}

function serialize<T>(serializer: Serializer<T>, value: T, topic: string): Uint8Array {
  try {
    return serializer(value, topic);
  } catch (error) {
    if (error instanceof KafkaError) throw error;
    const message = `A key or value for topic ${topic} cannot be serialized: ${(error as Error).message}`;
    throw new KafkaError('SERIALIZATION', { message, topic, cause: error });
  }
}

function asBytes(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  throw new KafkaError('SERIALIZATION', {
    message: `A ${typeof value} is neither a string nor bytes; set keySerializer or valueSerializer.`,
  });
}

function headersOf(headers: HeadersInput): RecordHeader[] {
  const list = Array.isArray(headers)
    ? (headers as readonly { key: string; value: Bytes | null }[])
    : Object.entries(headers as { [key: string]: Bytes | null }).map(([key, value]) => ({ key, value }));
  return list.map(({ key, value }) => ({ key, value: value === null ? null : asBytes(value) }));
}

function guarded(what: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    warn(`An interceptor of the producer failed in ${what}: ${String(error)}`);
  }
}

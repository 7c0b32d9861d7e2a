// Producer: the public face. Takes records, finds their partition, appends them to batches; what cannot be appended yet
// (its topic is not known, the buffer is full) is held in order of arrival, topic by topic. `Sender` does the rest.
// Bounds: buffer.memory for what is appended, the same again for what is held; a record beyond both fails at once. A
// record is held for max.block.ms at most.
// Longer than most: it is the one owner of what a record goes through before its batch does, and of the calls that end it.
import type { Ports, TimerHandle } from '@moldau/kernel';
import type { Codec } from '@moldau/protocol/compression/codec';
import { batchSizeUpperBound } from '@moldau/protocol/records/batch-builder';
import { Cluster } from '../cluster/cluster.ts';
import { retrying } from '../cluster/retry.ts';
import { asKafkaError, KafkaError } from '../errors.ts';
import type { CommitEntry } from '../group/committed-offsets.ts';
import { nodePorts } from '../node/default-ports.ts';
import { warn } from '../node/warning.ts';
import { defaultClientId } from '../settings/client-id.ts';
import { PRODUCER_SETTINGS, type ProducerSettingOptions } from '../settings/producer-settings.ts';
import { resolveSettings, type SettingsOf } from '../settings/setting.ts';
import { Accumulator, type RecordToAppend } from './accumulator.ts';
import { Flushes } from './flushes.ts';
import { type Held, HeldRecords, heldBytesOf } from './held-records.ts';
import { type Partitioner, type PartitionerFunction, Partitioning, type Placement } from './partitioning.ts';
import type { ProducerApi } from './producer-api.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { decideIdempotence, isFinal, levelOf, ownPartitioner } from './producer-choices.ts';
import type {
  Bytes,
  ConsumerGroupMetadata,
  Delivery,
  ProducerInterceptor,
  ProducerMetrics,
  ProducerRecord,
  RecordMetadata,
  Serializer,
} from './producer-model.ts';
import { asBytes, headersOf, serialize } from './record-bytes.ts';
import { Sender } from './sender.ts';
import { promptPartitions } from './slow-brokers.ts';
import { StickyPartitioner } from './sticky-partitioner.ts';
import { Transactor } from './transactor.ts';

export type ProducerOptions<K, V> = ProducerSettingOptions & {
  /** Default: strings as UTF-8, bytes as they are. */
  readonly keySerializer?: Serializer<K>;
  readonly valueSerializer?: Serializer<V>;
  readonly interceptors?: readonly ProducerInterceptor<K, V>[];
  /** For records without a partition, in place of `partitioner.class`. A function, or an object with state. */
  readonly partitioner?: PartitionerFunction<K, V> | Partitioner<K, V>;
  readonly ports?: Ports;
};

/** `whenWritable` answers when the buffer is down to this share, so that senders do not wake for every record. */
const WRITABLE_SHARE = 0.75;

export class Producer<K = Bytes, V = Bytes> implements ProducerApi<K, V> {
  readonly #settings: SettingsOf<typeof PRODUCER_SETTINGS>;
  readonly #ports: Ports;
  readonly #cluster: Cluster;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #transactor: Transactor | undefined;
  readonly #partitioning: Partitioning;
  readonly #hasOwnPartitioner: boolean;
  readonly #keySerializer: Serializer<K>;
  readonly #valueSerializer: Serializer<V>;
  readonly #interceptors: readonly ProducerInterceptor<K, V>[];
  #sentRecords = 0;
  #failedRecords = 0;
  #settledBatches = 0;
  /** Topics sent to: metadata is kept of them. */
  readonly #topics = new Set<string>();
  readonly #held = new HeldRecords();
  #heldTimer: TimerHandle | undefined;
  readonly #writableWaiters: (() => void)[] = [];
  readonly #flushes = new Flushes();
  #noted = false;
  #state: 'open' | 'closing' | 'closed' = 'open';

  /** Connects when the first record comes. Throws KafkaError INVALID_SETTING. */
  constructor(options: ProducerOptions<K, V> = {}) {
    const { ports = nodePorts, keySerializer, valueSerializer, interceptors = [], partitioner, ...given } = options;
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
    const { transactionalId } = settings;
    if (transactionalId !== undefined) {
      this.#transactor = new Transactor({
        cluster: this.#cluster,
        settings: { ...settings, transactionalId },
        hasIncomplete: () => this.#flushes.hasOpen || this.#accumulator.hasOnWire,
        onChange: () => this.#onTransactionChange(),
      });
    }
    this.#sender = new Sender({
      cluster: this.#cluster,
      accumulator: this.#accumulator,
      settings: {
        ...settings,
        acks: settings.acks === 'all' ? -1 : settings.acks,
        codec: settings.compressionType,
        level: levelOf(settings),
        idempotent,
        idempotenceRequired: settings.enableIdempotence === true || transactionalId !== undefined,
        maxInFlight: settings.maxInFlightRequestsPerConnection,
      },
      transactions: this.#transactor?.manager,
      onProgress: (batch) => this.#onSettled(batch),
      isUrgent: () =>
        this.#flushes.isWaiting ||
        this.#state !== 'open' ||
        !this.#held.isEmpty ||
        this.#transactor?.manager.isEnding === true,
    });
    this.#hasOwnPartitioner = partitioner !== undefined || settings.partitionerClass === 'roundRobin';
    const sticky = new StickyPartitioner({
      batchSize: settings.batchSize,
      adaptive: settings.partitionerAdaptivePartitioningEnable,
      random: () => ports.random.float(),
      waiting: (topic, partition) => this.#accumulator.waitingOf(topic, partition),
      usable:
        settings.partitionerAvailabilityTimeoutMs === 0
          ? undefined
          : (topic, available) => {
              const { metadata } = this.#cluster;
              const parts = { accumulator: this.#accumulator, metadata };
              return promptPartitions(parts, settings, ports.clock.monotonic(), topic, available);
            },
    });
    this.#partitioning = new Partitioning({
      own: ownPartitioner(partitioner, settings.partitionerClass),
      sticky,
      ignoreKeys: settings.partitionerIgnoreKeys,
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

  /** For the KafkaJS face, where each call names its codec: what is sent from now on is compressed with this one. */
  compressWith(compressionType: Codec): void {
    this.#sender.compressWith(compressionType, levelOf({ ...this.#settings, compressionType }));
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
    this.#transactor?.manager.assertMaySend();
    const prepared = this.#prepare(record, delivered);
    this.#flushes.taken();
    if (this.#held.has(topic) || !this.#append(topic, partition, prepared, this.#flushes.era)) {
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
    return new Promise((resolve) => {
      if (!this.#flushes.begin(resolve)) {
        resolve();
        return;
      }
      this.#accumulator.closeOpen();
      this.#sender.wake();
    });
  }

  async initTransactions(): Promise<void> {
    const { manager } = this.#transactional();
    return this.#transactional().perform('initTransactions()', (done) => manager.initialize(done));
  }

  beginTransaction(): void {
    if (this.#state !== 'open') throw new KafkaError('CLIENT_CLOSED');
    this.#transactional().manager.begin();
  }

  async sendOffsetsToTransaction(offsets: readonly CommitEntry[], group: ConsumerGroupMetadata): Promise<void> {
    const { manager } = this.#transactional();
    if (typeof group?.groupId !== 'string' || group.groupId === '') {
      throw new KafkaError('INVALID_ARGUMENT', { message: 'Offsets need the group that they belong to.' });
    }
    for (const { topic, partition, offset } of offsets) {
      if (!(Number.isSafeInteger(offset) && offset >= 0)) {
        throw new KafkaError('INVALID_ARGUMENT', { message: `${offset} is not an offset.`, topic, partition });
      }
    }
    // Nothing to commit still tells whether the transaction is sound.
    if (offsets.length === 0) return manager.assertMaySend();
    const what = 'sendOffsetsToTransaction()';
    return this.#transactional().perform(what, (done) => manager.sendOffsets(offsets, group, done));
  }

  async commitTransaction(): Promise<void> {
    const { manager } = this.#transactional();
    return this.#transactional().perform('commitTransaction()', (done) => manager.commit(done));
  }

  async abortTransaction(): Promise<void> {
    const { manager } = this.#transactional();
    return this.#transactional().perform('abortTransaction()', (done) => manager.abort(done));
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
    const flushed = this.flush().then(() => this.#endOpenTransaction());
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
    this.#failAllHeld(error);
    this.#transactor?.stop(error);
    this.#sender.failAll(error);
    this.#sender.stop();
    if (this.#heldTimer) timers.clear(this.#heldTimer);
    await this.#cluster.close();
    this.#partitioning.close();
    for (const waiter of this.#writableWaiters.splice(0)) waiter();
  }

  #transactional(): Transactor {
    if (this.#state === 'closed') throw new KafkaError('CLIENT_CLOSED');
    if (this.#transactor) return this.#transactor;
    throw new KafkaError('ILLEGAL_STATE', { message: 'The producer has no transactional.id (transactionalId).' });
  }

  /** What nobody has committed is not left for the coordinator to find out about by its time-out. */
  async #endOpenTransaction(): Promise<void> {
    const transactor = this.#transactor;
    if (!transactor?.manager.isOpen) return;
    const { manager } = transactor;
    await transactor
      .perform('close()', (done) =>
        manager.state === 'COMMITTING_TRANSACTION' ? manager.commit(done) : manager.abort(done),
      )
      .catch(() => {});
  }

  /** Something about the transaction may have changed: records that cannot be part of it any more fail now. */
  #onTransactionChange(): void {
    const { state, lastError } = this.#transactor!.manager;
    if (state === 'ABORTABLE_ERROR' || state === 'ABORTING_TRANSACTION' || state === 'FATAL_ERROR') {
      const error = lastError ?? new KafkaError('TRANSACTION_ABORTED');
      this.#failAllHeld(error);
      if (state === 'FATAL_ERROR') this.#sender.failAll(error);
      else this.#sender.failUnsent(error);
    }
    this.#sender.wake();
  }

  get #isWritable(): boolean {
    return this.#held.isEmpty && this.#accumulator.bytes < this.#settings.bufferMemory;
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
      const error = new KafkaError('MESSAGE_TOO_LARGE', {
        message: `The record takes ${size} bytes, more than the ${bound} of ${name}.`,
        topic,
      });
      // As in Java: a transaction that lacks a record it was given is not committed by somebody who did not look.
      this.#transactor?.manager.batchFailed(error);
      throw error;
    }
    const source = this.#hasOwnPartitioner ? record : undefined;
    return { timestamp: timestamp ?? this.#ports.clock.now(), key, value, headers, delivery, source };
  }

  /** Appends, if the topic is known and there is room. */
  #append(topic: string, wanted: number | undefined, record: RecordToAppend, era: number): boolean {
    const known = this.#cluster.metadata.topic(topic);
    if (!known) {
      this.#topics.add(topic);
      return false;
    }
    if (this.#accumulator.bytes >= this.#settings.bufferMemory || (wanted ?? 0) >= known.partitions.length)
      return false;
    let placement: Placement;
    try {
      placement = this.#partitioning.place(known, wanted, record);
    } catch (error) {
      this.#fail(record, era, asKafkaError(error));
      return true;
    }
    let { partition } = placement;
    let added = this.#accumulator.tryAppend(topic, partition, record, era);
    if (added === 0) {
      if (placement.isSticky && this.#accumulator.waitingOf(topic, partition) > 0) {
        partition = this.#partitioning.next(known);
        added = this.#accumulator.tryAppend(topic, partition, record, era);
      }
      if (added === 0)
        added = this.#accumulator.appendNew(topic, partition, record, this.#ports.clock.monotonic(), era);
      // Something is full now, or a new batch has begun to linger.
      this.#sender.wake();
    }
    if (placement.isSticky) this.#partitioning.sent(known, added);
    if (this.#transactor) this.#addToTransaction(this.#transactor, topic, partition);
    return true;
  }

  #addToTransaction(transactor: Transactor, topic: string, partition: number): void {
    transactor.manager.addPartition(topic, partition);
    if (!transactor.manager.isV2) transactor.wake();
  }

  #hold(topic: string, partition: number | undefined, record: RecordToAppend): void {
    const bytes = heldBytesOf(record);
    const { era } = this.#flushes;
    if (this.#held.bytes + bytes > this.#settings.bufferMemory) {
      const error = new KafkaError('BUFFER_EXHAUSTED', {
        message: `${this.#settings.bufferMemory} bytes are being sent and as many wait for room (buffer.memory).`,
        topic,
      });
      this.#fail(record, era, error);
      return;
    }
    this.#held.add({ ...record, topic, partition, bytes, heldAt: this.#ports.clock.monotonic(), era });
    this.#armHeld();
    if (!this.#cluster.metadata.topic(topic) || partition !== undefined) this.#cluster.requestRefresh();
    this.#sender.wake();
  }

  /** Appends what was held, as far as it goes now. */
  #release(): void {
    for (const topic of this.#held.topics()) {
      const known = this.#cluster.metadata.topic(topic);
      const error = this.#cluster.metadata.topicError(topic);
      const held = this.#held.of(topic);
      if (!known && error && isFinal(error)) {
        for (const record of this.#held.take(topic, held.length)) {
          this.#fail(record, record.era, new KafkaError(error, { topic }));
        }
        continue;
      }
      let count = 0;
      while (count < held.length && this.#append(topic, held[count]!.partition, held[count]!, held[count]!.era))
        count++;
      this.#held.take(topic, count);
      // A topic that is not there yet is asked for again, soon.
      const first = this.#held.of(topic)[0];
      if (first && (!known || (first.partition ?? 0) >= known.partitions.length)) this.#cluster.requestRefresh();
    }
    this.#notifyWritable();
  }

  #armHeld(): void {
    if (this.#heldTimer || this.#held.isEmpty) return;
    const { timers, clock } = this.#ports;
    const dueAt = this.#held.oldestAt + this.#settings.maxBlockMs;
    this.#heldTimer = timers.set(Math.max(0, dueAt - clock.monotonic()), () => {
      this.#heldTimer = undefined;
      this.#expireHeld();
    });
  }

  #expireHeld(): void {
    for (const record of this.#held.takeOlder(this.#ports.clock.monotonic() - this.#settings.maxBlockMs)) {
      const known = this.#cluster.metadata.topic(record.topic);
      this.#fail(record, record.era, this.#heldError(record.topic, record, known?.partitions.length));
    }
    this.#armHeld();
    this.#notifyWritable();
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

  #failAllHeld(error: KafkaError): void {
    for (const record of this.#held.takeAll()) this.#fail(record, record.era, error);
  }

  /** A record that never got into a batch. */
  #fail(record: RecordToAppend, era: number, error: KafkaError): void {
    this.#transactor?.manager.batchFailed(error);
    this.#failedRecords++;
    this.#flushes.settled(era, 1);
    record.delivery?.(error, undefined);
    this.#transactor?.wake();
  }

  #onSettled(batch: ProducerBatch): void {
    this.#settledBatches++;
    if (batch.failed) this.#failedRecords += batch.recordCount;
    else this.#sentRecords += batch.recordCount;
    this.#flushes.settled(batch.era, batch.recordCount);
    this.#transactor?.wake();
    if (!this.#held.isEmpty) this.#note();
    else this.#notifyWritable();
  }

  /** Metadata, a connection or the room changed: look at it once this turn is over. */
  #note(): void {
    if (this.#noted || this.#state === 'closed') return;
    this.#noted = true;
    this.#ports.timers.afterTurn(() => {
      this.#noted = false;
      if (this.#state === 'closed') return;
      // Wrong credentials and the like do not pass by waiting for max.block.ms.
      const { fatal } = this.#cluster;
      if (fatal) this.#failAllHeld(fatal);
      if (!this.#held.isEmpty) this.#release();
      this.#sender.wake();
    });
  }

  #notifyWritable(): void {
    if (this.#writableWaiters.length === 0 || !this.#held.isEmpty) return;
    if (this.#accumulator.bytes > this.#settings.bufferMemory * WRITABLE_SHARE) return;
    for (const waiter of this.#writableWaiters.splice(0)) waiter();
  }
}

function guarded(what: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    warn(`An interceptor of the producer failed in ${what}: ${String(error)}`);
  }
}

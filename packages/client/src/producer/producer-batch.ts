// One batch on its way: the records as bytes, who wants to know how they fared, and what has happened to it so far.
import type { Codec } from '@moldau/protocol/compression/codec';
import { BatchBuilder, type RecordHeader } from '@moldau/protocol/records/batch-builder';
import { RecordCursor } from '@moldau/protocol/records/record-cursor';
import type { KafkaError } from '../errors.ts';
import type { Delivery } from './producer-model.ts';

/** What is certain about earlier attempts: never sent; sent and not heard of; refused, so not in the log. */
export type AttemptOutcome = 'unsent' | 'unknown' | 'refused';

/** Who writes, to a partition: an idempotent producer's id and epoch. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

/** Room taken at once for a batch of which nothing is known yet. */
const FIRST_CAPACITY_BYTES = 512;

export class ProducerBatch {
  readonly topic: string;
  readonly partition: number;
  /** Place in the partition's line; grows by one a batch. Retries go back to their place. */
  readonly order: number;
  /** Up to where its place reaches: the parts of a split batch share it. */
  readonly #orderWidth: number;
  /** On the monotonic clock. */
  readonly createdAt: number;
  /** The flush it belongs to: those made before the call of flush. */
  readonly era: number;
  #builder: BatchBuilder;
  #deliveries: (Delivery | undefined)[] | undefined;
  #timestamps: number[] | undefined;
  /** No more records: it is full, or was told to go. */
  isClosed = false;
  attempts = 0;
  /** Not to be sent again before this time. */
  retryAt = 0;
  outcome: AttemptOutcome = 'unsent';
  /** -1: none given yet. */
  sequence = -1;
  identity: ProducerIdentity | undefined;
  /** Batches that were numbered after it while it was on the wire. */
  followers = 0;
  /** The application has heard of it; the batch may still be on the wire. */
  isSettled = false;
  /** The last refusal, for the error when time runs out. */
  lastError: KafkaError | undefined;
  #encoded: Buffer | undefined;
  #encodedAs: string | undefined;

  constructor(o: {
    topic: string;
    partition: number;
    order: number;
    orderWidth?: number;
    createdAt: number;
    era: number;
    /** Room taken at once, or a buffer to build in. */
    room: number | Buffer;
  }) {
    this.topic = o.topic;
    this.partition = o.partition;
    this.order = o.order;
    this.#orderWidth = o.orderWidth ?? 1;
    this.createdAt = o.createdAt;
    this.era = o.era;
    this.#builder = new BatchBuilder(typeof o.room === 'number' ? Math.max(FIRST_CAPACITY_BYTES, o.room) : o.room);
  }

  /** Settled with an error. */
  failed = false;

  get recordCount(): number {
    return this.#builder.recordCount;
  }

  /** Before compression. */
  get sizeBytes(): number {
    return this.#builder.sizeBytes;
  }

  tryAppend(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] | undefined,
    limitBytes: number,
    delivery: Delivery | undefined,
  ): boolean {
    const index = this.#builder.recordCount;
    if (!this.#builder.tryAppend(timestamp, key, value, headers, limitBytes)) return false;
    if (delivery) {
      this.#deliveries ??= [];
      this.#timestamps ??= [];
      this.#deliveries[index] = delivery;
      this.#timestamps[index] = timestamp;
    }
    return true;
  }

  /** The bytes to send. Encoded once, and again only when the producer fields have changed since. */
  encode(codec: Codec, level: number | undefined, transactional = false): Buffer {
    const { identity, sequence } = this;
    const as = `${identity?.producerId} ${identity?.epoch} ${sequence}`;
    if (this.#encoded === undefined || this.#encodedAs !== as) {
      this.#encoded = this.#builder.close({
        codec,
        ...(level === undefined ? {} : { level }),
        ...(identity === undefined
          ? {}
          : { producerId: identity.producerId, producerEpoch: identity.epoch, baseSequence: sequence, transactional }),
      });
      this.#encodedAs = as;
    }
    return this.#encoded;
  }

  /** Tells everyone who asked. `baseOffset` -1: where the records are is not known. */
  settle(error: KafkaError | undefined, baseOffset: number, logAppendTimeMs: number): void {
    if (this.isSettled) return;
    this.failed = error !== undefined;
    this.isSettled = true;
    const deliveries = this.#deliveries;
    if (!deliveries) return;
    const { topic, partition } = this;
    for (let i = 0; i < deliveries.length; i++) {
      const delivery = deliveries[i];
      if (!delivery) continue;
      if (error) {
        delivery(error, undefined);
        continue;
      }
      const timestamp = logAppendTimeMs >= 0 ? logAppendTimeMs : this.#timestamps![i]!;
      delivery(undefined, { topic, partition, offset: baseOffset < 0 ? -1 : baseOffset + i, timestamp });
    }
  }

  /** Its records' buffer, once it is acknowledged; nothing of the batch but its counts may be asked for afterwards. */
  releaseBuffer(): Buffer {
    this.#encoded = undefined;
    return this.#builder.release();
  }

  /** Two batches with half of the records each, in its place in line: for a broker that finds it too large. */
  split(): ProducerBatch[] {
    const cursor = new RecordCursor(this.#builder.close(), 0, { decompressedBytesMax: Number.MAX_SAFE_INTEGER });
    const half = Math.ceil(this.recordCount / 2);
    const orderWidth = this.#orderWidth / 2;
    const parts = [0, orderWidth].map(
      (step) =>
        new ProducerBatch({
          topic: this.topic,
          partition: this.partition,
          order: this.order + step,
          orderWidth,
          createdAt: this.createdAt,
          era: this.era,
          room: this.sizeBytes / 2 + 1024,
        }),
    );
    for (let i = 0; cursor.next(); i++) {
      parts[i < half ? 0 : 1]!.tryAppend(
        cursor.timestamp,
        cursor.key(),
        cursor.value(),
        cursor.headers(),
        Number.POSITIVE_INFINITY,
        this.#deliveries?.[i],
      );
    }
    let sequence = this.sequence;
    for (const part of parts) {
      part.isClosed = true;
      part.attempts = this.attempts;
      part.identity = this.identity;
      if (sequence >= 0) {
        part.sequence = sequence;
        part.outcome = 'refused';
        sequence = (sequence + part.recordCount) % 0x80000000;
      }
    }
    return parts;
  }
}

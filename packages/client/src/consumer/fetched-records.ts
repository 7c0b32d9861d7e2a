// The records of one partition in one Fetch answer, taken out bit by bit as polls want them: batches are checked and
// unpacked when they are reached, records become objects when they are handed out.
// Always: what is handed out starts at the position asked for (a broker answers whole batches), leaves out control
// batches and, when told to, records of aborted transactions; an unreadable batch or record throws a KafkaError that
// names its offset, and the next call throws it again.
import { ProtocolError } from '@moldau/protocol';
import * as header from '@moldau/protocol/records/batch-header';
import { batches, verifyCrc } from '@moldau/protocol/records/batch-reader';
import { RecordCursor } from '@moldau/protocol/records/record-cursor';
import { KafkaError } from '../errors.ts';
import type { ConsumerRecord, Deserializer, TimestampType } from './consumer-model.ts';
import type { AssignedPartition } from './positions.ts';

export interface ReadSettings<K, V> {
  readonly checkCrcs: boolean;
  readonly readCommitted: boolean;
  /** Bound on what one batch may unpack to, in bytes. */
  readonly unpackedBytesMax: number;
  readonly keyDeserializer: Deserializer<K> | undefined;
  readonly valueDeserializer: Deserializer<V> | undefined;
}

export interface BatchesEnd {
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** Type of a control record: the second int16 of its key. */
const ABORT = 0;

export class FetchedRecords<K, V> {
  readonly entry: AssignedPartition;
  readonly bytes: number;
  readonly #buffer: Buffer;
  readonly #settings: ReadSettings<K, V>;
  readonly #batches: Iterator<number, void>;
  /** Transactions that were aborted, by where they start; taken off as batches reach them. */
  readonly #aborted: { producerId: number; firstOffset: number }[];
  readonly #abortedProducers = new Set<number>();
  #cursor: RecordCursor | undefined;
  #timestampType: TimestampType = 'NoTimestampType';
  #leaderEpoch = -1;
  /** One past the last offset of the batch at hand. */
  #batchEnd: number;
  #nextOffset: number;
  #error: KafkaError | undefined;
  #done = false;

  /** `bytes`: the records field of the partition in the answer; it starts at or before `entry.fetched`. */
  constructor(
    entry: AssignedPartition,
    buffer: Buffer,
    abortedTransactions: readonly { producerId: number; firstOffset: number }[] | null,
    settings: ReadSettings<K, V>,
  ) {
    this.entry = entry;
    this.bytes = buffer.length;
    this.#buffer = buffer;
    this.#settings = settings;
    this.#batches = batches(buffer);
    this.#aborted = [...(abortedTransactions ?? [])].sort((a, b) => a.firstOffset - b.firstOffset);
    this.#nextOffset = entry.fetched;
    this.#batchEnd = entry.fetched;
  }

  /** Everything has been handed out. */
  get isDone(): boolean {
    return this.#done;
  }

  /** Offset of the next record that has not been handed out; after the last one, where the next fetch starts. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** Where the next fetch starts: one past the last whole batch, and that batch's leader epoch. Walks the headers only. */
  static endOf(buffer: Buffer, from: { readonly fetched: number; readonly fetchedEpoch: number }): BatchesEnd {
    let [offset, leaderEpoch] = [from.fetched, from.fetchedEpoch];
    try {
      for (const position of batches(buffer)) {
        offset = header.lastOffsetOf(buffer, position) + 1;
        leaderEpoch = header.leaderEpochOf(buffer, position);
      }
    } catch {
      // What is wrong there is told when the records before it have been handed out.
    }
    return { offset, leaderEpoch };
  }

  /** Appends up to `count` records to `out`. Throws KafkaError when the very next one cannot be read. */
  take(count: number, out: ConsumerRecord<K, V>[]): void {
    const before = out.length;
    if (this.#error) throw this.#error;
    try {
      while (out.length - before < count && this.#toNext()) out.push(this.#record());
    } catch (error) {
      this.#error = this.#asError(error);
      // Records that could be read are handed out first; the error comes with the next call.
      if (out.length === before) throw this.#error;
    }
  }

  /** Moves the cursor to the next record to hand out; false at the end. */
  #toNext(): boolean {
    for (;;) {
      while (this.#cursor?.next()) {
        if (this.#cursor.offset < this.#nextOffset) continue;
        return true;
      }
      this.#cursor = undefined;
      this.#nextOffset = Math.max(this.#nextOffset, this.#batchEnd);
      const step = this.#batches.next();
      if (step.done) {
        this.#done = true;
        return false;
      }
      this.#openBatch(step.value);
    }
  }

  #openBatch(position: number): void {
    const buffer = this.#buffer;
    const { checkCrcs, readCommitted, unpackedBytesMax } = this.#settings;
    const lastOffset = header.lastOffsetOf(buffer, position);
    if (lastOffset < this.#nextOffset) return;
    if (checkCrcs) verifyCrc(buffer, position);
    this.#batchEnd = lastOffset + 1;
    this.#leaderEpoch = header.leaderEpochOf(buffer, position);
    const producerId = header.producerIdOf(buffer, position);
    const transactional = header.isTransactional(buffer, position);
    if (readCommitted && transactional) {
      while (this.#aborted.length > 0 && this.#aborted[0]!.firstOffset <= lastOffset) {
        this.#abortedProducers.add(this.#aborted.shift()!.producerId);
      }
    }
    const limits = { decompressedBytesMax: unpackedBytesMax };
    if (header.isControl(buffer, position)) {
      if (
        readCommitted &&
        this.#abortedProducers.has(producerId) &&
        isAbort(new RecordCursor(buffer, position, limits))
      ) {
        this.#abortedProducers.delete(producerId);
      }
      return;
    }
    if (readCommitted && transactional && this.#abortedProducers.has(producerId)) return;
    this.#timestampType =
      header.maxTimestampOf(buffer, position) < 0
        ? 'NoTimestampType'
        : header.isLogAppendTime(buffer, position)
          ? 'LogAppendTime'
          : 'CreateTime';
    this.#cursor = new RecordCursor(buffer, position, limits);
  }

  #record(): ConsumerRecord<K, V> {
    const cursor = this.#cursor!;
    const { topic, partition } = this.entry;
    const { keyDeserializer, valueDeserializer } = this.#settings;
    const key = cursor.key();
    const value = cursor.value();
    const record = {
      topic,
      partition,
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      timestampType: this.#timestampType,
      leaderEpoch: this.#leaderEpoch,
      key: (key === null || !keyDeserializer ? key : keyDeserializer(key, topic)) as K | null,
      value: (value === null || !valueDeserializer ? value : valueDeserializer(value, topic)) as V | null,
      headers: cursor.headers(),
      payloadBytes: cursor.payloadBytes,
    };
    this.#nextOffset = cursor.offset + 1;
    return record;
  }

  #asError(cause: unknown): KafkaError {
    const { topic, partition } = this.entry;
    const offset = this.#cursor ? Math.max(this.#cursor.offset, this.#nextOffset) : this.#nextOffset;
    const where = { topic, partition, offset, cause };
    const text = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof ProtocolError) {
      return new KafkaError('CORRUPT_MESSAGE', {
        message: `${topic}-${partition} at offset ${offset}: ${text}`,
        ...where,
      });
    }
    return new KafkaError('SERIALIZATION', {
      message: `The record at offset ${offset} of ${topic}-${partition} cannot be deserialized: ${text}`,
      ...where,
    });
  }
}

function isAbort(cursor: RecordCursor): boolean {
  if (!cursor.next()) return false;
  const key = cursor.key();
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT;
}

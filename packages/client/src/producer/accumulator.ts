// Gathers records into batches, one line of batches a partition, and says what is ready to go. Pure: `now` comes in, no
// socket, no timer.
// Bound: `bytes` counts records from append until their batch is settled; the producer stops appending at buffer.memory.
// Always: batches leave a line in order, and a batch that comes back for a retry goes to its old place in it.
import type { RecordHeader } from '@moldau/protocol/records/batch-builder';
import { PartitionMap } from '../topic-partition.ts';
import { BatchBuffers } from './batch-buffers.ts';
import { ProducerBatch, type ProducerIdentity } from './producer-batch.ts';
import type { Delivery } from './producer-model.ts';
import type { SequencedLine } from './sequences.ts';

/** The batches of one partition. */
export class PartitionLine implements SequencedLine {
  readonly topic: string;
  readonly partition: number;
  waiting: ProducerBatch[] = [];
  onWire: ProducerBatch[] = [];
  identity: ProducerIdentity | undefined;
  nextSequence = 0;
  hasGap = false;
  /** Bytes of the last full batch: how much room the next one is given at once. */
  lastBatchBytes = 0;
  nextOrder = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** The batch that takes records: the last one, unless it is closed or has been sent already. */
  get open(): ProducerBatch | undefined {
    const last = this.waiting[this.waiting.length - 1];
    return last && !last.isClosed && last.attempts === 0 ? last : undefined;
  }
}

export interface AccumulatorSettings {
  readonly batchSize: number;
  readonly lingerMs: number;
  readonly deliveryTimeoutMs: number;
  readonly compressed: boolean;
  readonly maxRequestSize: number;
}

export interface RecordToAppend {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[] | undefined;
  readonly delivery: Delivery | undefined;
  /** The record as it was handed in; only for a partitioner of the application. */
  readonly source?: unknown;
}

export class Accumulator {
  readonly #settings: AccumulatorSettings;
  readonly #lines = new PartitionMap<PartitionLine>();
  /** Lines with waiting batches: what a look for work goes over. */
  readonly #active = new Set<PartitionLine>();
  readonly #buffers = new BatchBuffers();
  #bytes = 0;
  /** Compressed bytes per byte, of late: batches are filled by what they will take on the wire. */
  #ratio = 1;

  constructor(settings: AccumulatorSettings) {
    this.#settings = settings;
  }

  /** Bytes of records not settled yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get active(): ReadonlySet<PartitionLine> {
    return this.#active;
  }

  lines(): Iterable<PartitionLine> {
    return this.#lines.values();
  }

  /** Something is on the wire, its application told or not. */
  get hasOnWire(): boolean {
    for (const line of this.#lines.values()) if (line.onWire.length > 0) return true;
    return false;
  }

  /** Batches that wait for the partition. */
  waitingOf(topic: string, partition: number): number {
    return this.#lines.get(topic, partition)?.waiting.length ?? 0;
  }

  /** Appends to the open batch of the partition, if there is one of this era and the record fits. Answers the bytes added, 0 for no. */
  tryAppend(topic: string, partition: number, record: RecordToAppend, era: number): number {
    const line = this.#lines.get(topic, partition);
    const batch = line?.open;
    if (!line || batch?.era !== era) return 0;
    const before = batch.sizeBytes;
    const { timestamp, key, value, headers, delivery } = record;
    if (!batch.tryAppend(timestamp, key, value, headers, this.#limitBytes(), delivery)) {
      batch.isClosed = true;
      line.lastBatchBytes = before;
      return 0;
    }
    const added = batch.sizeBytes - before;
    this.#bytes += added;
    return added;
  }

  /** Starts a new batch with the record. Answers the bytes added. */
  appendNew(topic: string, partition: number, record: RecordToAppend, now: number, era: number): number {
    let line = this.#lines.get(topic, partition);
    if (!line) {
      line = new PartitionLine(topic, partition);
      this.#lines.set(topic, partition, line);
    }
    const open = line.open;
    if (open) open.isClosed = true;
    const batch = new ProducerBatch({
      topic,
      partition,
      order: line.nextOrder++,
      createdAt: now,
      era,
      room: this.#buffers.take(line.lastBatchBytes),
    });
    const { timestamp, key, value, headers, delivery } = record;
    batch.tryAppend(timestamp, key, value, headers, Number.POSITIVE_INFINITY, delivery);
    line.waiting.push(batch);
    this.#active.add(line);
    this.#bytes += batch.sizeBytes;
    return batch.sizeBytes;
  }

  /** Bytes before compression at which a batch is full. */
  #limitBytes(): number {
    const { batchSize, compressed, maxRequestSize } = this.#settings;
    if (!compressed) return batchSize;
    return Math.max(batchSize, Math.min(batchSize / this.#ratio, maxRequestSize));
  }

  /** A batch became so many bytes on the wire. */
  compressed(plainBytes: number, wireBytes: number): void {
    this.#ratio = Math.max(0.02, 0.9 * this.#ratio + 0.1 * (wireBytes / plainBytes));
  }

  /** When the first batch of the line may go: a time that is past means now. `urgent`: nobody lingers. */
  readyAt(line: PartitionLine, urgent: boolean): number {
    const batch = line.waiting[0];
    if (!batch) return Number.POSITIVE_INFINITY;
    if (batch.attempts > 0) return batch.retryAt;
    if (urgent || batch.isClosed || line.waiting.length > 1 || batch.sizeBytes >= this.#limitBytes()) return 0;
    return batch.createdAt + this.#settings.lingerMs;
  }

  /** Takes the first batch off to the wire. */
  send(line: PartitionLine): ProducerBatch {
    const batch = line.waiting.shift()!;
    if (!batch.isClosed) {
      batch.isClosed = true;
      line.lastBatchBytes = Math.max(batch.sizeBytes, line.lastBatchBytes >> 1);
    }
    batch.attempts++;
    line.onWire.push(batch);
    if (line.waiting.length === 0) this.#active.delete(line);
    return batch;
  }

  /** Back from the wire, to be sent again: to its place in line. */
  retry(line: PartitionLine, batch: ProducerBatch): void {
    removeFrom(line.onWire, batch);
    this.#insert(line, batch);
  }

  /** Back from the wire as several smaller ones. */
  replace(line: PartitionLine, batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    removeFrom(line.onWire, batch);
    this.#bytes -= batch.sizeBytes;
    for (const part of parts) {
      this.#bytes += part.sizeBytes;
      this.#insert(line, part);
    }
  }

  /**
   * Its bytes are read by nobody any more, so the next batch may be written over them. Only of a batch that was sent once and
   * acknowledged: an earlier attempt's bytes may still lie in the queue of a connection that is going down.
   */
  recycle(batch: ProducerBatch): void {
    if (batch.attempts === 1) this.#buffers.giveBack(batch.releaseBuffer());
  }

  /** It is done with: acknowledged, or given up. `settle` of the batch tells the application. */
  remove(line: PartitionLine, batch: ProducerBatch): void {
    const known = removeFrom(line.onWire, batch) || removeFrom(line.waiting, batch);
    if (line.waiting.length === 0) this.#active.delete(line);
    if (known) this.#bytes -= batch.sizeBytes;
  }

  /** Batches whose time is over: the application is to hear of it, whatever becomes of them. */
  expired(now: number): { line: PartitionLine; batch: ProducerBatch }[] {
    const found: { line: PartitionLine; batch: ProducerBatch }[] = [];
    for (const line of this.#lines.values()) {
      for (const batches of [line.onWire, line.waiting]) {
        for (const batch of batches) {
          if (batch.createdAt + this.#settings.deliveryTimeoutMs > now) break;
          if (!batch.isSettled) found.push({ line, batch });
        }
      }
    }
    return found;
  }

  /** When the next batch expires; Infinity when there is none. */
  nextExpiry(): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values()) {
      for (const batch of [line.onWire[0], line.waiting[0]]) {
        if (batch && !batch.isSettled) soonest = Math.min(soonest, batch.createdAt + this.#settings.deliveryTimeoutMs);
      }
    }
    return soonest;
  }

  /** Open batches take no more records: what is there shall go. */
  closeOpen(): void {
    for (const line of this.#active) {
      const open = line.open;
      if (open) open.isClosed = true;
    }
  }

  #insert(line: PartitionLine, batch: ProducerBatch): void {
    const index = line.waiting.findIndex((other) => other.order > batch.order);
    line.waiting.splice(index < 0 ? line.waiting.length : index, 0, batch);
    this.#active.add(line);
  }
}

function removeFrom(batches: ProducerBatch[], batch: ProducerBatch): boolean {
  const index = batches.indexOf(batch);
  if (index < 0) return false;
  batches.splice(index, 1);
  return true;
}

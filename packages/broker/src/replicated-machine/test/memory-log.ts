// A ShardLog in memory, for tests of machines and of this runtime: what a partition promises, with the world's failures at
// hand. Batches persist at once or when told; appends can be refused; persisting can fail.
import type { WireError } from '@moldau/protocol/errors';
import { BATCH_OVERHEAD, recordCountOf, setBaseOffset } from '@moldau/protocol/records/batch-header';
import type { AppendRefused, Placed, ShardLog } from '../shard-log.ts';

export class MemoryLog implements ShardLog {
  readonly startOffset = 0;
  /** True: nothing is persisted until `persist`. */
  holdsPersisting = false;
  /** What the next appends are refused with. */
  refuses: WireError | undefined;
  /** Larger batches are refused with MESSAGE_TOO_LARGE. */
  batchBytesMax = 1_048_588;
  readonly #batches: { readonly baseOffset: number; readonly endOffset: number; readonly bytes: Buffer }[] = [];
  #endOffset = 0;
  #persistedEnd = 0;
  #waiting: { readonly endOffset: number; readonly done: (error?: Error) => void }[] = [];

  /** A log that holds what `other` had persisted: the disk after a crash. */
  static survivorOf(other: MemoryLog): MemoryLog {
    const log = new MemoryLog();
    for (const batch of other.#batches) if (batch.endOffset <= other.#persistedEnd) log.#batches.push(batch);
    log.#endOffset = other.#persistedEnd;
    log.#persistedEnd = other.#persistedEnd;
    return log;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  get batchCount(): number {
    return this.#batches.length;
  }

  append(batch: Buffer): Placed | AppendRefused {
    if (this.refuses) return { kind: 'refused', error: this.refuses, detail: 'as the test wants it' };
    if (batch.length > this.batchBytesMax) {
      return { kind: 'refused', error: 'MESSAGE_TOO_LARGE', detail: `a batch of ${batch.length} bytes` };
    }
    const baseOffset = this.#endOffset;
    const bytes = Buffer.from(batch);
    setBaseOffset(bytes, 0, baseOffset);
    this.#endOffset += recordCountOf(bytes, 0);
    this.#batches.push({ baseOffset, endOffset: this.#endOffset, bytes });
    return { kind: 'placed', baseOffset, endOffset: this.#endOffset };
  }

  whenPersisted(endOffset: number, done: (error?: Error) => void): void {
    this.#waiting.push({ endOffset, done });
    if (!this.holdsPersisting) queueMicrotask(() => this.persist());
  }

  /** Everything appended so far is safe now. */
  persist(): void {
    this.#persistedEnd = this.#endOffset;
    const ready = this.#waiting.filter((waiter) => waiter.endOffset <= this.#persistedEnd);
    this.#waiting = this.#waiting.filter((waiter) => waiter.endOffset > this.#persistedEnd);
    for (const waiter of ready) waiter.done();
  }

  /** The disk fails: nothing that waits will ever be safe. */
  fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.done(error);
  }

  async read(offset: number, bytesMax: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (const batch of this.#batches) {
      if (batch.endOffset <= offset || batch.bytes.length < BATCH_OVERHEAD) continue;
      if (chunks.length > 0 && bytes + batch.bytes.length > bytesMax) break;
      chunks.push(batch.bytes);
      bytes += batch.bytes.length;
    }
    return Buffer.concat(chunks);
  }
}

// Records written lately stay in memory, so that consumers and followers at the end of a log never touch the disk, and so
// that what is appended but not written yet can be read. One budget for all logs; the oldest chunks go first, written
// ones only.
//
// Whose memory: an appended buffer is mostly a view of a request frame, and keeping the view keeps the whole frame (N8).
// A batch that is most of its frame is adopted as it is, and the frame is what the budget is charged; a small part of a
// large frame is copied into slabs of our own, where the small batches of a log end up side by side and become one chunk,
// one write and one buffer to send.
import type { Segment } from '../segment/segment.ts';

/** One stretch of a segment in memory: whole batches. */
export interface TailChunk {
  readonly tail: LogTail;
  readonly segment: Segment;
  readonly baseOffset: number;
  /** One past its last offset. */
  endOffset: number;
  /** In the segment file. */
  readonly position: number;
  bytes: Buffer;
  /** What it holds of the budget. */
  cost: number;
  older: TailChunk | undefined;
  newer: TailChunk | undefined;
}

/** Chunks are charged this much on top, for the objects around them. */
const CHUNK_OVERHEAD_BYTES = 200;
const SLAB_BYTES = 64 * 1024;
/** A batch that is less than 1/8 of the memory it lies in is copied out of it. */
const ADOPTED_SHARE_MIN = 8;
/** Copied ones fit a slab with others. */
const SLAB_SHARE_MAX = SLAB_BYTES / 4;

const NO_BYTES = Buffer.alloc(0);

/** The budget that all tails share. */
export class TailMemory {
  readonly bytesMax: number;
  #usedBytes = 0;
  #oldest: TailChunk | undefined;
  #newest: TailChunk | undefined;
  #slab: Buffer = NO_BYTES;
  #slabUsed = 0;
  /** Who put the last bytes into the slab: only that chunk can be extended in place. */
  #slabOwner: TailChunk | undefined;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Memory of our own for `bytes`, or the bytes themselves. Answers whether they became the end of `last`'s buffer. */
  keep(bytes: Buffer, last: TailChunk | undefined): { kept: Buffer; extended: boolean; cost: number } {
    const backing = bytes.buffer.byteLength;
    if (bytes.length * ADOPTED_SHARE_MIN >= backing && bytes.length >= 2048) {
      return { kept: bytes, extended: false, cost: backing };
    }
    if (bytes.length > SLAB_SHARE_MAX) {
      const copy = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(copy);
      return { kept: copy, extended: false, cost: bytes.length };
    }
    if (this.#slabUsed + bytes.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#slabUsed = 0;
      this.#slabOwner = undefined;
    }
    const start = this.#slabUsed;
    bytes.copy(this.#slab, start);
    this.#slabUsed += bytes.length;
    const extended = last !== undefined && last === this.#slabOwner;
    const from = extended ? start - last.bytes.length : start;
    return { kept: this.#slab.subarray(from, this.#slabUsed), extended, cost: bytes.length };
  }

  /** The chunk lies at the end of the slab now. */
  ownSlab(chunk: TailChunk): void {
    this.#slabOwner = chunk;
  }

  charge(chunk: TailChunk, bytes: number): void {
    chunk.cost += bytes;
    this.#usedBytes += bytes;
  }

  link(chunk: TailChunk): void {
    chunk.older = this.#newest;
    if (this.#newest) this.#newest.newer = chunk;
    this.#newest = chunk;
    this.#oldest ??= chunk;
    this.charge(chunk, CHUNK_OVERHEAD_BYTES);
  }

  unlink(chunk: TailChunk): void {
    if (chunk.older) chunk.older.newer = chunk.newer;
    else if (this.#oldest === chunk) this.#oldest = chunk.newer;
    if (chunk.newer) chunk.newer.older = chunk.older;
    else if (this.#newest === chunk) this.#newest = chunk.older;
    chunk.older = undefined;
    chunk.newer = undefined;
    this.#usedBytes -= chunk.cost;
    chunk.cost = 0;
    if (this.#slabOwner === chunk) this.#slabOwner = undefined;
  }

  /** Lets go of the oldest written chunks until the budget is kept. What is not written stays, whatever it costs. */
  evict(): void {
    if (this.#usedBytes <= this.bytesMax) return;
    let chunk = this.#oldest;
    // A log whose disk is stuck must not keep the others' old chunks in memory: step over its own.
    while (chunk && this.#usedBytes > this.bytesMax) {
      // Dropping a chunk drops the older ones of its log, which are older here too: `next` stays linked.
      const next: TailChunk | undefined = chunk.newer;
      if (chunk.position + chunk.bytes.length <= chunk.segment.writtenBytes) chunk.tail.dropThrough(chunk);
      chunk = next;
    }
  }
}

/** The last stretch of one log that is in memory, without holes. */
export class LogTail {
  readonly #memory: TailMemory;
  readonly #chunks: TailChunk[] = [];
  /** Chunks before this one have been let go. */
  #first = 0;

  constructor(memory: TailMemory) {
    this.#memory = memory;
  }

  /** First offset that can be read from memory; undefined when nothing can. */
  get startOffset(): number | undefined {
    return this.#chunks[this.#first]?.baseOffset;
  }

  /** Adds what was appended at the log's end. Answers the buffer that holds it from now on, to be written. */
  add(segment: Segment, position: number, baseOffset: number, endOffset: number, bytes: Buffer): Buffer {
    const last = this.#chunks[this.#chunks.length - 1];
    const extendable = last !== undefined && last.segment === segment && last.cost > 0 ? last : undefined;
    const { kept, extended, cost } = this.#memory.keep(bytes, extendable);
    if (extended) {
      const own = kept.subarray(kept.length - bytes.length);
      last!.bytes = kept;
      last!.endOffset = endOffset;
      this.#memory.charge(last!, cost);
      return own;
    }
    const chunk: TailChunk = {
      tail: this,
      segment,
      baseOffset,
      endOffset,
      position,
      bytes: kept,
      cost: 0,
      older: undefined,
      newer: undefined,
    };
    this.#chunks.push(chunk);
    this.#memory.link(chunk);
    this.#memory.charge(chunk, cost);
    if (kept !== bytes && kept.buffer.byteLength === SLAB_BYTES) this.#memory.ownSlab(chunk);
    return kept;
  }

  /** Number of the chunk that holds `offset`, for `chunkAt`; -1 when it is not in memory. */
  find(offset: number): number {
    const chunks = this.#chunks;
    let high = chunks.length - 1;
    if (high < this.#first || offset < chunks[this.#first]!.baseOffset || offset >= chunks[high]!.endOffset) return -1;
    let low = this.#first;
    // Readers at the end are the common case.
    if (offset >= chunks[high]!.baseOffset) return high;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (chunks[middle]!.baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  chunkAt(number: number): TailChunk | undefined {
    return this.#chunks[number];
  }

  /** Lets go of everything up to and including `chunk`. */
  dropThrough(chunk: TailChunk): void {
    const chunks = this.#chunks;
    while (this.#first < chunks.length) {
      const dropped = chunks[this.#first]!;
      this.#memory.unlink(dropped);
      // Its place in the array may stay for a while; its memory must not.
      dropped.bytes = NO_BYTES;
      this.#first++;
      if (dropped === chunk) break;
    }
    if (this.#first === chunks.length) {
      chunks.length = 0;
      this.#first = 0;
    } else if (this.#first > 64 && this.#first * 2 > chunks.length) {
      chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** Lets go of everything at and past `offset` (and of a chunk that spans it: memory is not cut, the disk is read). */
  truncateTo(offset: number): void {
    const chunks = this.#chunks;
    while (chunks.length > this.#first && chunks[chunks.length - 1]!.endOffset > offset) {
      this.#memory.unlink(chunks.pop()!);
    }
    if (chunks.length === this.#first) {
      chunks.length = 0;
      this.#first = 0;
    }
  }

  /** Lets go of chunks that end at or before `offset`: their segments are gone. */
  dropBefore(offset: number): void {
    let last: TailChunk | undefined;
    for (let i = this.#first; i < this.#chunks.length && this.#chunks[i]!.endOffset <= offset; i++) {
      last = this.#chunks[i];
    }
    if (last) this.dropThrough(last);
  }

  clear(): void {
    const last = this.#chunks[this.#chunks.length - 1];
    if (last) this.dropThrough(last);
  }
}

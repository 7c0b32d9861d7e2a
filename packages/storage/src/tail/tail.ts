// Records written lately stay in memory, so that consumers and followers at the end of a log never touch the disk, and so
// that what is appended but not written yet can be read. One budget for all logs; the oldest chunks go first, written
// ones only.
//
// Whose memory: an appended buffer is a view of memory that belongs to the network (N8) and is read into again, so what
// is kept is always copied. The copies lie side by side in slabs, whatever log they are of; a slab whose last chunk has
// gone is filled again. Fresh memory per batch costs far more than the copy: at 400 MB/s the collector then runs twenty
// times a second, on every core. A reader that was given a view of a slab holds it until it says that the answer has been
// sent; a slab held by one that never says so (its connection broke off) is left to the collector.
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
  /** Where `bytes` lie; undefined for memory of its own. */
  slab: Slab | undefined;
  /** What it holds of the budget. */
  cost: number;
  older: TailChunk | undefined;
  newer: TailChunk | undefined;
}

/** Chunks are charged this much on top, for the objects around them. */
const CHUNK_OVERHEAD_BYTES = 200;
/** Room for three batches of the default `max.message.bytes`. */
const SLAB_BYTES = 4 * 1024 * 1024;
/** The first slabs are small: a broker of a few small topics need not hold megabytes. */
const SLAB_BYTES_FIRST = 64 * 1024;
/** A larger batch gets memory of its own. */
const SLAB_SHARE_MAX = SLAB_BYTES / 2;
/** Empty slabs kept to be filled again. */
const SPARE_SLABS_MAX = 4;

/** A stretch of memory that chunks of any logs lie in. */
export interface Slab {
  readonly memory: Buffer;
  used: number;
  /** Chunks that lie here and are in a tail. */
  live: number;
  /** Readers that hold views. */
  readers: number;
  /** A write under way may look at it, and does not say when it is done: never filled again. */
  abandoned: boolean;
}

const NO_BYTES = Buffer.alloc(0);

/** The budget that all tails share. */
export class TailMemory {
  readonly bytesMax: number;
  #usedBytes = 0;
  #oldest: TailChunk | undefined;
  #newest: TailChunk | undefined;
  #slab: Slab | undefined;
  readonly #spare: Slab[] = [];
  /** Who put the last bytes into the slab: only that chunk can be extended in place. */
  #slabOwner: TailChunk | undefined;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Copies `bytes` into memory of the tail. `extended`: they became the end of `last`'s buffer, which `kept` is now. */
  keep(bytes: Buffer, last: TailChunk | undefined): { kept: Buffer; extended: boolean; slab: Slab | undefined } {
    if (bytes.length > SLAB_SHARE_MAX) {
      const copy = Buffer.allocUnsafeSlow(bytes.length);
      bytes.copy(copy);
      return { kept: copy, extended: false, slab: undefined };
    }
    let slab = this.#slab;
    if (slab === undefined || slab.used + bytes.length > slab.memory.length) {
      slab = this.#nextSlab(bytes.length);
      this.#slabOwner = undefined;
    }
    const start = slab.used;
    bytes.copy(slab.memory, start);
    slab.used += bytes.length;
    const extended = last !== undefined && last === this.#slabOwner;
    const from = extended ? start - last.bytes.length : start;
    return { kept: slab.memory.subarray(from, slab.used), extended, slab };
  }

  #nextSlab(bytesNeeded: number): Slab {
    const full = this.#slab;
    this.#slab = undefined;
    if (full) this.#retire(full);
    const spare = this.#spare.pop();
    if (spare) {
      this.#slab = spare;
      return spare;
    }
    let sizeBytes = full ? Math.min(full.memory.length * 4, SLAB_BYTES) : SLAB_BYTES_FIRST;
    while (sizeBytes < bytesNeeded) sizeBytes *= 4;
    const slab: Slab = { memory: Buffer.allocUnsafeSlow(sizeBytes), used: 0, live: 0, readers: 0, abandoned: false };
    this.#slab = slab;
    return slab;
  }

  /** Keeps the slab to be filled again, if nothing lives in it any more and nobody looks at it. */
  #retire(slab: Slab): void {
    if (slab.live > 0 || slab.readers > 0 || slab.abandoned || slab === this.#slab) return;
    if (slab.memory.length < SLAB_BYTES || this.#spare.length >= SPARE_SLABS_MAX) return;
    slab.used = 0;
    this.#spare.push(slab);
  }

  /** A view of the slab leaves for an answer. Each call wants a `unhold`, when nobody looks at the view any more. */
  hold(slab: Slab): void {
    slab.readers++;
  }

  unhold(slab: Slab): void {
    slab.readers--;
    this.#retire(slab);
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
    const { slab } = chunk;
    if (!slab) return;
    // Not written yet: the write that is under way reads this memory.
    if (chunk.position + chunk.bytes.length > chunk.segment.writtenBytes) slab.abandoned = true;
    slab.live--;
    this.#retire(slab);
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
    const { kept, extended, slab } = this.#memory.keep(bytes, extendable);
    if (extended) {
      const own = kept.subarray(kept.length - bytes.length);
      last!.bytes = kept;
      last!.endOffset = endOffset;
      this.#memory.charge(last!, bytes.length);
      return own;
    }
    const chunk: TailChunk = {
      tail: this,
      segment,
      baseOffset,
      endOffset,
      position,
      bytes: kept,
      slab,
      cost: 0,
      older: undefined,
      newer: undefined,
    };
    this.#chunks.push(chunk);
    this.#memory.link(chunk);
    this.#memory.charge(chunk, bytes.length);
    if (slab) {
      slab.live++;
      this.#memory.ownSlab(chunk);
    }
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

  /** The chunk of a number that `find` gave, or of one after it. Who keeps a view of its bytes holds its slab. */
  chunkAt(number: number): TailChunk | undefined {
    return this.#chunks[number];
  }

  /** Views of slabs left for an answer (`TailChunk.slab`): held until `unhold` is called with the same. */
  hold(slabs: readonly Slab[]): void {
    for (const slab of slabs) this.#memory.hold(slab);
  }

  unhold(slabs: readonly Slab[]): void {
    for (const slab of slabs) this.#memory.unhold(slab);
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

  /** Lets go of everything at and past `offset`. A chunk that spans it takes all of the tail along: no holes. */
  truncateTo(offset: number): void {
    const chunks = this.#chunks;
    while (chunks.length > this.#first && chunks[chunks.length - 1]!.endOffset > offset) {
      const last = chunks[chunks.length - 1]!;
      if (last.baseOffset < offset) {
        this.clear();
        return;
      }
      chunks.pop();
      this.#memory.unlink(last);
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

  /** Lets go of everything. */
  clear(): void {
    const last = this.#chunks[this.#chunks.length - 1];
    if (last) this.dropThrough(last);
  }
}

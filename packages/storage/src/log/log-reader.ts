// Reads of a log: from memory when the offset was written lately, otherwise from the segment file. The index says where to
// start, the batch headers say where to stop, nothing is decoded (D7).
//
// Small reads of what this process wrote are done on the loop: it is in the page cache, and a trip through the thread pool
// costs ten times the copy. Everything else goes through the pool. A sequential reader's next place is remembered, so that
// it pays neither index nor skipping.
//
// Always: only whole batches, none that ends past `end`; what comes from disk passed its checksum since this process
// started (16); an answer never mixes what was before a truncation with what came after.
import { DiskError } from '@moldau/kernel';
import { baseOffsetOf, batchSizeOf, lastOffsetOf } from '@moldau/protocol/records/batch-header';
import { passes } from '../broker-disk-error.ts';
import type { LogRefusal, LogSlice, ReadOptions } from '../log-answers.ts';
import { BATCH_PREFIX_BYTES, headerBytesOf, isIntact, lastOffsetAt, prefixFault } from '../segment/batch-facts.ts';
import { overlapsNext } from '../segment/batch-walk.ts';
import { loadIndexes, rebuildIndexes } from '../segment/index-access.ts';
import type { Segment } from '../segment/segment.ts';
import type { SegmentList } from '../segment/segment-list.ts';
import type { StorageContext } from '../storage-context.ts';
import type { LogTail, Slab, TailChunk } from '../tail/tail.ts';

/** What a reader sees of its log. */
export interface ReadableLog {
  readonly name: string;
  readonly segments: SegmentList;
  readonly tail: LogTail;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly indexIntervalBytes: number;
  /** Moves with every truncation. */
  readonly truncations: number;
  /** Hears of segments that hold damage. */
  readonly damage: { note(segment: Segment): void };
}

type ReadAnswer = LogSlice | LogRefusal;

interface Place {
  readonly offset: number;
  readonly segment: Segment;
  readonly position: number;
  /** An index entry said so; otherwise it is where a batch ends, or the start of a segment. */
  readonly byIndex: boolean;
  /** No batch here starts before this offset. */
  readonly offsetMin: number;
  /** Position of the entry itself, when this is a place before it. */
  readonly early?: number;
}

/** What parsing a stretch of a segment came to. */
type Parsed =
  | { readonly kind: 'slice'; readonly slice: LogSlice; readonly next: Place | undefined }
  /** Go on at `position`, with at least `bytes`. */
  | { readonly kind: 'more'; readonly position: number; readonly bytes: number; readonly offsetMin: number }
  | { readonly kind: 'fault'; readonly position: number; readonly detail: string };

const READ_BYTES_MIN = 8 * 1024;
const READ_BYTES_MAX = 1 << 20;
const SYNC_READ_BYTES_MAX = 64 * 1024;
/** As many sequential readers of the disk are told apart per log. */
const PLACES_MAX = 4;
/** As many damaged places of one segment are told about. */
const TOLD_MAX = 100;
const NO_CHUNKS: readonly Buffer[] = Object.freeze([]);

export class LogReader {
  readonly #context: StorageContext;
  readonly #log: ReadableLog;
  #places: Place[] | undefined;
  /** Where the reader at the end of the log goes on: an offset and its place in a chunk in memory. */
  #tailOffset = -1;
  #tailChunk: TailChunk | undefined;
  #tailAt = 0;
  /** Damage that has been told about: positions by segment. */
  #damaged: Map<Segment, Set<number>> | undefined;

  constructor(context: StorageContext, log: ReadableLog) {
    this.#context = context;
    this.#log = log;
  }

  read(options: ReadOptions): ReadAnswer | Promise<ReadAnswer> {
    const { offset } = options;
    const log = this.#log;
    if (offset < log.startOffset || offset > log.endOffset) {
      return refuse(
        'OFFSET_OUT_OF_RANGE',
        `offset ${offset} of ${log.name}, which holds ${log.startOffset} to ${log.endOffset}`,
      );
    }
    const end = Math.min(options.end, log.endOffset);
    if (offset >= end || (options.bytesMax <= 0 && !options.wholeFirstBatch)) return emptySlice(offset);
    const number = log.tail.find(offset);
    if (number >= 0) return this.#readTail(number, options, end);
    return this.#readDisk(options, end);
  }

  /** The segment is whole again: damage found in it from now on is news. */
  forgetDamage(segment: Segment): void {
    this.#damaged?.delete(segment);
  }

  /** Segments went away or were cut. */
  forgetPlaces(): void {
    this.#places = undefined;
    this.#damaged = undefined;
    this.#tailChunk = undefined;
    this.#tailOffset = -1;
  }

  #readTail(number: number, options: ReadOptions, end: number): LogSlice {
    const { offset, bytesMax, wholeFirstBatch } = options;
    const { tail } = this.#log;
    let chunk = tail.chunkAt(number)!;
    let at = 0;
    if (this.#tailOffset === offset && this.#tailChunk === chunk) at = this.#tailAt;
    while (lastOffsetOf(chunk.bytes, at) < offset) {
      at += batchSizeOf(chunk.bytes, at);
      if (at >= chunk.bytes.length) {
        // A gap in the offsets (compaction elsewhere): the next chunk starts past it.
        chunk = tail.chunkAt(++number)!;
        at = 0;
      }
    }
    const firstBatchOffset = baseOffsetOf(chunk.bytes, at);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const slabs: Slab[] = [];
    let next: TailChunk | undefined = chunk;
    let nextAt = at;
    while (next) {
      const { bytes, slab } = next;
      if (slab && slabs[slabs.length - 1] !== slab) slabs.push(slab);
      const rest = bytes.length - nextAt;
      if (sizeBytes + rest <= bytesMax && next.endOffset <= end) {
        if (rest > 0) chunks.push(nextAt === 0 ? bytes : bytes.subarray(nextAt));
        sizeBytes += rest;
        const following = tail.chunkAt(number + 1);
        if (!following) {
          nextAt = bytes.length;
          break;
        }
        number++;
        next = following;
        nextAt = 0;
        continue;
      }
      const from = nextAt;
      while (nextAt < bytes.length) {
        const size = batchSizeOf(bytes, nextAt);
        const isFirst = sizeBytes === 0 && nextAt === from;
        if (sizeBytes + nextAt - from + size > bytesMax && !(isFirst && wholeFirstBatch)) break;
        if (lastOffsetOf(bytes, nextAt) >= end) break;
        nextAt += size;
      }
      if (nextAt > from) chunks.push(bytes.subarray(from, nextAt));
      sizeBytes += nextAt - from;
      break;
    }
    if (sizeBytes === 0) return emptySlice(offset);
    this.#rememberTail(next, nextAt, end);
    this.#context.stats.tailReads++;
    this.#context.stats.tailReadBytes += sizeBytes;
    // The last slab may be of a chunk of which there was no room for a batch; held all the same.
    if (slabs.length === 0) return { kind: 'slice', chunks, sizeBytes, firstBatchOffset };
    tail.hold(slabs);
    return { kind: 'slice', chunks, sizeBytes, firstBatchOffset, release: () => tail.unhold(slabs) };
  }

  #rememberTail(chunk: TailChunk | undefined, at: number, end: number): void {
    if (!chunk) return;
    this.#tailChunk = chunk;
    this.#tailAt = at;
    this.#tailOffset = at < chunk.bytes.length ? baseOffsetOf(chunk.bytes, at) : Math.min(chunk.endOffset, end);
  }

  #readDisk(options: ReadOptions, end: number): ReadAnswer | Promise<ReadAnswer> {
    const log = this.#log;
    let place: Place;
    let exact: boolean;
    try {
      const known = this.#takePlace(options.offset);
      exact = known !== undefined;
      place = known ?? this.#placeOf(options.offset);
    } catch (error) {
      return this.#diskFailed(error, options);
    }
    const { segment, position } = place;
    // Index entries are this far apart; what lies before the batch that is sought is read with it.
    const slack = exact ? 0 : log.indexIntervalBytes;
    const wanted = Math.min(Math.max(options.bytesMax + slack, READ_BYTES_MIN), READ_BYTES_MAX);
    const bytes = Math.min(wanted, segment.writtenBytes - position);
    if (bytes <= SYNC_READ_BYTES_MAX && position >= segment.loadedBytes) {
      try {
        const memory = this.#context.readBuffers.take(bytes);
        const buffer = memory.subarray(0, bytes);
        const filled = this.#context.files.use(segment).file.readSync(buffer, position);
        const parsed = this.#parse(buffer, filled, place, options, end);
        if (parsed.kind === 'slice') return this.#done(parsed, memory);
        this.#context.readBuffers.give(memory);
      } catch (error) {
        return this.#diskFailed(error, options);
      }
    }
    return this.#readDiskOnPool(place, bytes, options, end);
  }

  async #readDiskOnPool(start: Place, startBytes: number, options: ReadOptions, end: number): Promise<ReadAnswer> {
    const log = this.#log;
    const { truncations } = log;
    let place = start;
    let bytes = startBytes;
    let rebuilt = false;
    try {
      for (;;) {
        const { segment, position } = place;
        if (position >= segment.writtenBytes) {
          // Nothing at or past the offset here (a gap at the end of a compacted segment): the next one starts past it.
          const following = log.segments.at(log.segments.floor(segment.baseOffset) + 1);
          if (!following || following.baseOffset >= end) return emptySlice(options.offset);
          place = placeAtStart(following, options.offset);
          bytes = Math.min(Math.max(options.bytesMax, READ_BYTES_MIN), READ_BYTES_MAX, following.writtenBytes);
          continue;
        }
        const dueBytes = Math.min(bytes, segment.writtenBytes - position);
        const memory = this.#context.readBuffers.take(dueBytes);
        const buffer = memory.subarray(0, dueBytes);
        const open = this.#context.files.hold(segment);
        let filled: number;
        try {
          filled = await open.file.read(buffer, position);
        } finally {
          this.#context.files.release(open);
        }
        if (log.truncations !== truncations) return await this.read(options);
        const parsed = this.#parse(buffer, filled, place, options, end);
        if (parsed.kind === 'slice') return this.#done(parsed, memory);
        this.#context.readBuffers.give(memory);
        if (filled < buffer.length) {
          const detail = `the file ends at byte ${position + filled}, ${segment.writtenBytes} are due`;
          return this.#damage(segment, { position: position + filled, detail });
        }
        if (parsed.kind === 'more') {
          place = { ...place, position: parsed.position, byIndex: false, offsetMin: parsed.offsetMin };
          bytes = Math.max(parsed.bytes, Math.min(Math.max(options.bytesMax, READ_BYTES_MIN), READ_BYTES_MAX));
          continue;
        }
        if (place.early && parsed.position < place.early) {
          // Damage before the entry does not concern what lies behind it.
          place = this.#placeOf(options.offset, 'at the entry');
          continue;
        }
        if (place.byIndex && !rebuilt && parsed.position === position) {
          // The index sent us where no batch starts: it is to blame before the log is.
          rebuildIndexes(this.#context, log, segment, `an entry points at no batch: ${parsed.detail}`);
          rebuilt = true;
          place = this.#placeOf(options.offset);
          continue;
        }
        return this.#damage(segment, parsed);
      }
    } catch (error) {
      return this.#diskFailed(error, options);
    }
  }

  #placeOf(offset: number, from: 'before the entry' | 'at the entry' = 'before the entry'): Place {
    const { segments } = this.#log;
    const segment = segments.at(segments.floor(offset))!;
    const { offsets } = loadIndexes(this.#context, this.#log, segment);
    const slot = offsets.floor(offset);
    if (slot < 0) return placeAtStart(segment, offset);
    const position = offsets.positionAt(slot);
    const place = { offset, segment, byIndex: true, offsetMin: segment.baseOffset };
    if (from === 'at the entry' || !this.#isUnverified(segment, position)) return { ...place, position };
    // What is not verified yet is walked up to from one entry before, so that its offsets are seen to follow on.
    if (slot === 0) return { ...placeAtStart(segment, offset), early: position };
    return { ...place, position: offsets.positionAt(slot - 1), early: position };
  }

  #isUnverified(segment: Segment, position: number): boolean {
    return this.#context.verifyReads === 'first' && position >= segment.verifiedBytes && position < segment.loadedBytes;
  }

  #takePlace(offset: number): Place | undefined {
    const places = this.#places;
    if (!places) return undefined;
    for (let i = 0; i < places.length; i++) {
      const place = places[i]!;
      if (place.offset === offset && place.position < place.segment.writtenBytes) {
        places.splice(i, 1);
        return place;
      }
    }
    return undefined;
  }

  /** Finds the batches that answer the read in `filled` bytes that were read at `place`. */
  #parse(buffer: Buffer, filled: number, place: Place, options: ReadOptions, end: number): Parsed {
    const { offset, bytesMax, wholeFirstBatch } = options;
    const { segment, position } = place;
    const limit = segment.writtenBytes;
    const bounds = { offsetMin: place.offsetMin, offsetMax: Number.MAX_SAFE_INTEGER };
    let at = 0;
    let size: number;
    let lastOffset: number;
    for (;;) {
      if (position + at >= limit) return { kind: 'more', position: limit, bytes: 0, offsetMin: bounds.offsetMin };
      if (at + BATCH_PREFIX_BYTES > filled)
        return { kind: 'more', position: position + at, bytes: READ_BYTES_MIN, offsetMin: bounds.offsetMin };
      const fault = prefixFault(buffer, at, bounds);
      if (fault !== undefined) return { kind: 'fault', position: position + at, detail: fault };
      size = batchSizeOf(buffer, at);
      if (position + at + size > limit) {
        return { kind: 'fault', position: position + at, detail: `a batch of ${size} bytes at the end` };
      }
      if (at + headerBytesOf(buffer, at) > filled)
        return { kind: 'more', position: position + at, bytes: READ_BYTES_MIN, offsetMin: bounds.offsetMin };
      lastOffset = lastOffsetAt(buffer, at);
      if (at === 0 && baseOffsetOf(buffer, 0) > offset && place.byIndex) {
        return { kind: 'fault', position, detail: `base offset ${baseOffsetOf(buffer, 0)}, sought ${offset}` };
      }
      if (lastOffset >= offset) break;
      if (this.#isUnverified(segment, position + at)) {
        // A batch that is passed over because of what its header says is believed only when it is intact.
        if (at + size > filled)
          return { kind: 'more', position: position + at, bytes: size, offsetMin: bounds.offsetMin };
        const skipped = this.#faultOf(buffer, at, size, filled, segment, lastOffset);
        if (skipped !== undefined) return { kind: 'fault', position: position + at, detail: skipped };
      }
      bounds.offsetMin = lastOffset + 1;
      at += size;
    }
    const first = at;
    const firstBatchOffset = baseOffsetOf(buffer, first);
    if (lastOffset >= end && lastOffset > this.#offsetMax(segment)) {
      return { kind: 'fault', position: position + first, detail: `last offset ${lastOffset} is past the end` };
    }
    if (lastOffset >= end || (size > bytesMax && !wholeFirstBatch)) {
      return { kind: 'slice', slice: emptySlice(offset), next: undefined };
    }
    if (first + size > filled)
      return { kind: 'more', position: position + first, bytes: size, offsetMin: bounds.offsetMin };
    let stop = first;
    let nextOffset = offset;
    for (;;) {
      if (this.#isUnverified(segment, position + stop)) {
        const fault = this.#faultOf(buffer, stop, size, filled, segment, lastOffset);
        if (fault !== undefined) {
          if (stop === first) return { kind: 'fault', position: position + stop, detail: fault };
          break;
        }
      }
      stop += size;
      nextOffset = lastOffset + 1;
      if (stop + BATCH_PREFIX_BYTES > filled) break;
      bounds.offsetMin = nextOffset;
      if (prefixFault(buffer, stop, bounds) !== undefined) break;
      size = batchSizeOf(buffer, stop);
      if (stop + size > filled || stop + size - first > bytesMax) break;
      lastOffset = lastOffsetAt(buffer, stop);
      if (lastOffset >= end || lastOffset < nextOffset) break;
    }
    if (position + first <= segment.verifiedBytes && position + stop > segment.verifiedBytes) {
      segment.verifiedBytes = position + stop;
    }
    const slice: LogSlice = {
      kind: 'slice',
      chunks: [buffer.subarray(first, stop)],
      sizeBytes: stop - first,
      firstBatchOffset,
    };
    return {
      kind: 'slice',
      slice,
      next: { offset: nextOffset, segment, position: position + stop, byIndex: false, offsetMin: nextOffset },
    };
  }

  /** What is wrong with a whole batch that is read for the first time since the start. */
  #faultOf(
    buffer: Buffer,
    at: number,
    size: number,
    filled: number,
    segment: Segment,
    lastOffset: number,
  ): string | undefined {
    if (!isIntact(buffer, at)) return 'checksum';
    const offsetMax = this.#offsetMax(segment);
    if (lastOffset > offsetMax) return `last offset ${lastOffset} beyond ${offsetMax}`;
    const next = at + size;
    if (next + BATCH_PREFIX_BYTES <= filled && overlapsNext(buffer, next, lastOffset, segment.baseOffset)) {
      return `last offset ${lastOffset}, but the next batch starts before`;
    }
    return undefined;
  }

  /** No offset in the segment is past this. */
  #offsetMax(segment: Segment): number {
    const { segments, endOffset } = this.#log;
    return (segments.at(segments.floor(segment.baseOffset) + 1)?.baseOffset ?? endOffset) - 1;
  }

  /** `memory` holds the slice, and comes back when whoever asked releases it. */
  #done(parsed: Parsed & { kind: 'slice' }, memory: Buffer): LogSlice {
    if (parsed.next) {
      this.#places ??= [];
      this.#places.push(parsed.next);
      if (this.#places.length > PLACES_MAX) this.#places.shift();
    }
    const { readBuffers, stats } = this.#context;
    if (parsed.slice.sizeBytes === 0) {
      readBuffers.give(memory);
      return parsed.slice;
    }
    stats.diskReads++;
    stats.diskReadBytes += parsed.slice.sizeBytes;
    let lent = true;
    const release = () => {
      if (lent) readBuffers.give(memory);
      lent = false;
    };
    return { ...parsed.slice, release };
  }

  /** Batches that fail their checks where they lie. They are never handed out, and never cut (D5). */
  #damage(segment: Segment, fault: { position: number; detail: string }): LogRefusal {
    const file = segment.path('log');
    this.#damaged ??= new Map();
    let told = this.#damaged.get(segment);
    if (!told) {
      told = new Set();
      this.#damaged.set(segment, told);
    }
    this.#log.damage.note(segment);
    if (!told.has(fault.position) && told.size < TOLD_MAX) {
      told.add(fault.position);
      const { position, detail } = fault;
      this.#context.events({ kind: 'logDamaged', log: this.#log.name, file, position, detail });
    }
    return refuse('CORRUPT_MESSAGE', `${file} is damaged at byte ${fault.position}: ${fault.detail}`);
  }

  #diskFailed(error: unknown, options: ReadOptions): ReadAnswer | Promise<ReadAnswer> {
    if (!(error instanceof DiskError)) throw error;
    if (error.code === 'ENOENT') {
      // Retention removed the segment while we were on our way to it.
      const { segments, startOffset } = this.#log;
      if (options.offset < startOffset || segments.floor(options.offset) < 0) return this.read(options);
    }
    if (!passes(error)) this.#context.directory.fail(error);
    return refuse('KAFKA_STORAGE_ERROR', error.message);
  }
}

function placeAtStart(segment: Segment, offset: number): Place {
  return { offset, segment, position: 0, byIndex: false, offsetMin: segment.baseOffset };
}

function emptySlice(offset: number): LogSlice {
  return { kind: 'slice', chunks: NO_CHUNKS, sizeBytes: 0, firstBatchOffset: offset };
}

function refuse(error: LogRefusal['error'], detail: string): LogRefusal {
  return { kind: 'refused', error, detail };
}

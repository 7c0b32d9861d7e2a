// Damage in a log: which segments hold some, where exactly, and its mending with batches that another replica still has.
// In the flow: recovery and reads note segments; the broker asks for the gaps, fetches what is missing from a peer and
// hands it to `fill`.
//
// Naive way: cut the log below the damage and copy everything again. It drops records that nobody but this replica may have
// (D5). Chosen way: replicas of one partition hold the same batches byte for byte, so that what is missing is written
// exactly where it was. The damaged bytes are set aside first. A crash in between leaves a smaller gap, or the same.
//
// Always: only intact batches are written, only into a gap, and only as many as fit; nothing outside of a gap changes.
import { DiskError } from '@moldau/kernel';
import { baseOffsetOf, batchSizeOf } from '@moldau/protocol/records/batch-header';
import { passes } from '../broker-disk-error.ts';
import type { LeaderEpochs } from '../checkpoint/leader-epochs.ts';
import { segmentFileName } from '../file-names.ts';
import { producerFactsOf } from '../producer/producer-facts.ts';
import type { ProducerState } from '../producer/producer-state.ts';
import { BATCH_PREFIX_BYTES, isIntact, lastOffsetAt, leaderEpochAt } from '../segment/batch-facts.ts';
import { walkBatches } from '../segment/batch-walk.ts';
import { loadIndexes, rebuildIndexes } from '../segment/index-access.ts';
import type { LogHome, Segment } from '../segment/segment.ts';
import type { SegmentList } from '../segment/segment-list.ts';
import { intactFrom } from '../segment/walk-around-damage.ts';
import type { StorageContext } from '../storage-context.ts';

/** A stretch of a segment's file in which no batch can be read. */
export interface LogGap {
  /** Base offset of the segment. */
  readonly segment: number;
  /** Bytes of the file; `positionEnd` exclusive. */
  readonly position: number;
  readonly positionEnd: number;
  /** Offsets that are missing; `endOffset` exclusive. */
  readonly offset: number;
  readonly endOffset: number;
  /** Nothing of the segment follows: whatever was there, any number of bytes fits. */
  readonly last: boolean;
}

export type Filling =
  /** `rest` is what is still missing; undefined when the gap is closed. */
  | { readonly kind: 'filled'; readonly rest: LogGap | undefined; readonly bytes: number }
  /** The batches are not those that were here. Nothing was written. */
  | { readonly kind: 'misfit'; readonly detail: string }
  /** The segment was deleted or cut meanwhile, or the disk takes nothing. */
  | { readonly kind: 'gone'; readonly detail: string };

/** What mending needs of its log. */
export interface DamagedLog {
  readonly name: string;
  readonly home: LogHome;
  readonly segments: SegmentList;
  readonly epochs: LeaderEpochs;
  readonly producerState: ProducerState;
  readonly endOffset: number;
  /** Bytes are about to go: nothing is written meanwhile. */
  readonly isBeingCut: boolean;
  readonly indexIntervalBytes: number;
  /** Nothing can be read or written any more. */
  readonly failure: Error | undefined;
}

const QUARANTINE = 'quarantine';

export class LogDamage {
  readonly #context: StorageContext;
  readonly #log: DamagedLog;
  readonly #forget: (segment: Segment) => void;
  readonly #segments = new Set<Segment>();
  /** Where the first gap that was filled begins, in segments with more of them. Recovery's indexes lack all gaps: -1. */
  readonly #filledFrom = new Map<Segment, number>();
  /** Under way; a truncation waits for it. */
  #filling: Promise<DiskError | undefined> | undefined;
  /** Times that bytes were written into gaps: whoever copied them before has others. */
  fillings = 0;

  /** `forget` is told of segments that are whole again. */
  constructor(
    context: StorageContext,
    log: DamagedLog,
    o: { readonly found: readonly Segment[]; readonly forget: (segment: Segment) => void },
  ) {
    this.#context = context;
    this.#log = log;
    this.#forget = o.forget;
    for (const segment of o.found) {
      this.#segments.add(segment);
      this.#filledFrom.set(segment, -1);
    }
  }

  /** Whether something in the log is known to be damaged. */
  get isThere(): boolean {
    for (const segment of this.#segments) {
      if (this.#log.segments.includes(segment)) return true;
      this.#segments.delete(segment);
      this.#filledFrom.delete(segment);
    }
    return false;
  }

  note(segment: Segment): void {
    this.#segments.add(segment);
  }

  /** Settles when no filling is under way. */
  async quiet(): Promise<void> {
    for (let filling = this.#filling; filling !== undefined; filling = this.#filling) await filling;
  }

  /**
   * Reads the segments that were noted from end to end. One in which nothing is wrong (any more) is taken off the list.
   * Gaps are in the order of their offsets. Fails the directory when the disk does.
   */
  async findGaps(): Promise<LogGap[]> {
    const gaps: LogGap[] = [];
    const segments = [...this.#segments].sort((a, b) => a.baseOffset - b.baseOffset);
    for (const segment of segments) {
      if (!this.#log.segments.includes(segment)) {
        this.#segments.delete(segment);
        this.#filledFrom.delete(segment);
        continue;
      }
      try {
        const found = await this.#gapsOf(segment);
        gaps.push(...found);
        if (found.length === 0) this.#whole(segment);
      } catch (error) {
        // Deleted, or cut, under our hands.
        if (!(error instanceof DiskError)) throw error;
        if (error.code !== 'ENOENT' && !passes(error)) this.#context.directory.fail(error);
      }
    }
    return gaps;
  }

  async #gapsOf(segment: Segment): Promise<LogGap[]> {
    const { segments, endOffset: logEnd } = this.#log;
    const to = segment.writtenBytes;
    // What is appended meanwhile is not looked at; it lies past this offset.
    const next = segments.at(segments.floor(segment.baseOffset) + 1);
    const gaps: LogGap[] = [];
    const open = this.#context.files.hold(segment);
    try {
      let from = 0;
      let offsetMin = segment.baseOffset;
      while (from < to) {
        const { reason, position, nextOffset } = await walkBatches(open.file, {
          ...{ from, to, offsetMin, checksums: true },
          offsetMax: (next?.baseOffset ?? Number.MAX_SAFE_INTEGER) - 1,
          visit: () => true,
        });
        if (reason === 'end') break;
        const resumed = await intactFrom(open.file, position + 1, to, nextOffset);
        gaps.push({
          segment: segment.baseOffset,
          position,
          positionEnd: resumed?.position ?? to,
          offset: nextOffset,
          endOffset: resumed?.offset ?? next?.baseOffset ?? logEnd,
          last: resumed === undefined && segment.sealed,
        });
        if (!resumed) break;
        from = resumed.position;
        offsetMin = resumed.offset;
      }
    } finally {
      this.#context.files.release(open);
    }
    return gaps;
  }

  #whole(segment: Segment): void {
    const filledFrom = this.#filledFrom.get(segment);
    this.#segments.delete(segment);
    this.#filledFrom.delete(segment);
    this.#forget(segment);
    if (filledFrom === undefined || !segment.sealed) return;
    // Indexes that were made again while there was damage end before it.
    const { offsets } = loadIndexes(this.#context, this.#log, segment);
    const indexedTo = offsets.count === 0 ? -1 : offsets.positionAt(offsets.count - 1);
    if (filledFrom < 0 || indexedTo < filledFrom) {
      rebuildIndexes(this.#context, this.#log, segment, 'its log was mended');
    }
  }

  /**
   * Writes batches of another replica, which begin at or past `gap.offset`, into the gap. Answers once they are on stable
   * storage.
   */
  async fill(gap: LogGap, records: Buffer): Promise<Filling> {
    const segment = this.#log.segments.at(this.#log.segments.floor(gap.segment));
    if (this.#log.failure || segment?.baseOffset !== gap.segment) {
      return { kind: 'gone', detail: 'the segment is not there any more' };
    }
    const fit = fitInto(gap, records);
    if (fit.kind === 'misfit') return fit;
    for (let filling = this.#filling; filling !== undefined; filling = this.#filling) await filling;
    if (this.#log.isBeingCut || !this.#log.segments.includes(segment))
      return { kind: 'gone', detail: 'the log is cut' };
    this.fillings++;
    const filling = this.#write(gap, segment, records.subarray(0, fit.bytes), fit);
    this.#filling = filling;
    const failed = await filling;
    this.#filling = undefined;
    if (failed) return { kind: 'gone', detail: failed.message };
    const filledFrom = this.#filledFrom.get(segment);
    this.#filledFrom.set(segment, Math.min(filledFrom ?? gap.position, gap.position));
    this.#learn(records, fit.bytes);
    const rest = { ...gap, position: gap.position + fit.bytes, offset: fit.offset };
    return { kind: 'filled', rest: fit.closed ? undefined : rest, bytes: fit.bytes };
  }

  async #write(gap: LogGap, segment: Segment, records: Buffer, fit: Fit): Promise<DiskError | undefined> {
    try {
      await this.#overwrite(gap, segment, records, fit);
      return undefined;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      if (!passes(error)) this.#context.directory.fail(error);
      return error;
    }
  }

  async #overwrite(gap: LogGap, segment: Segment, records: Buffer, fit: Fit): Promise<void> {
    const { disk } = this.#context;
    const file = await disk.open(segment.filePath, 'write');
    try {
      const damaged = Buffer.allocUnsafeSlow(gap.positionEnd - gap.position);
      const filled = await file.read(damaged, gap.position);
      await this.#setAside(gap, damaged.subarray(0, filled));
      if (records.length > 0) await file.write([records], gap.position);
      const end = gap.position + records.length;
      const resized = gap.last && fit.closed;
      // Of damage at the end of a closed segment nothing is left behind what was written over it.
      if (resized && end < segment.writtenBytes) await file.truncate(end);
      await file.datasync();
      if (resized) resize(segment, end);
    } finally {
      await file.close();
    }
  }

  /** What the damaged bytes were, for a person who wants to know what happened to the disk. */
  async #setAside(gap: LogGap, damaged: Buffer): Promise<void> {
    const { disk } = this.#context;
    const directory = `${this.#log.home.path}/${QUARANTINE}`;
    const path = `${directory}/${segmentFileName(gap.segment, 'log')}.damaged-${gap.position}`;
    if (damaged.length === 0 || disk.exists(path)) return;
    await disk.makeDirectory(directory);
    const file = await disk.open(path, 'create');
    try {
      await file.write([damaged], 0);
    } finally {
      await file.close();
    }
    const reason = `${damaged.length} damaged bytes, replaced by what another replica has`;
    this.#context.events({ kind: 'quarantined', log: this.#log.name, path, reason });
  }

  /** Recovery could not read them: epochs and producers that they tell of. What came later stands. */
  #learn(records: Buffer, bytes: number): void {
    const { epochs, producerState } = this.#log;
    for (let at = 0; at < bytes; at += batchSizeOf(records, at)) {
      const epoch = leaderEpochAt(records, at);
      if (epoch >= 0) epochs.learn(epoch, baseOffsetOf(records, at));
      const facts = producerFactsOf(records, at);
      if (!facts) continue;
      const last = producerState.get(facts.producerId)?.batches.at(-1)?.lastOffset ?? -1;
      if (last < facts.baseOffset) producerState.apply(facts, this.#context.clock.now());
    }
  }
}

/** How far batches go into a gap. */
interface Fit {
  readonly kind: 'fits';
  readonly bytes: number;
  /** One past the last offset of those that go in. */
  readonly offset: number;
  readonly closed: boolean;
}

/** Pure: which of the batches go into the gap, or why they are not what was there. */
export function fitInto(gap: LogGap, records: Buffer): Fit | { readonly kind: 'misfit'; readonly detail: string } {
  let at = 0;
  let { offset } = gap;
  const room = gap.positionEnd - gap.position;
  let closed = false;
  while (!closed && at + BATCH_PREFIX_BYTES <= records.length && at + batchSizeOf(records, at) <= records.length) {
    const size = batchSizeOf(records, at);
    const baseOffset = baseOffsetOf(records, at);
    if (baseOffset >= gap.endOffset) {
      closed = true;
      break;
    }
    const misfit = (detail: string) => ({ kind: 'misfit' as const, detail: `the batch at ${baseOffset} ${detail}` });
    if (size <= 0 || !isIntact(records, at)) return misfit('is not intact');
    const lastOffset = lastOffsetAt(records, at);
    if (baseOffset < offset) return misfit(`begins before ${offset}`);
    if (lastOffset >= gap.endOffset) return misfit(`ends at ${lastOffset}, past the gap`);
    if (!gap.last && at + size > room) return misfit(`does not fit: ${at + size} bytes, ${room} are free`);
    at += size;
    offset = lastOffset + 1;
    closed = offset === gap.endOffset;
  }
  if (closed && !gap.last && at !== room) {
    return { kind: 'misfit', detail: `${at} bytes are there for ${room} damaged ones` };
  }
  return { kind: 'fits', bytes: at, offset, closed };
}

/** Nothing is appended to a closed segment, and all of it is on the disk. */
function resize(segment: Segment, sizeBytes: number): void {
  segment.sizeBytes = sizeBytes;
  segment.writtenBytes = sizeBytes;
  segment.syncedBytes = sizeBytes;
  segment.loadedBytes = sizeBytes;
  segment.verifiedBytes = Math.min(segment.verifiedBytes, sizeBytes);
}

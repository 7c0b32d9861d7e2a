// The files of a log beside its segments: producer snapshots and transaction indexes, and the way files leave (renamed to
// `.deleted` at once, removed after a while).
import { batchSizeOf } from '@moldau/protocol/records/batch-header';
import { type SegmentFileKind, segmentFileName } from '../file-names.ts';
import { type AbortedTransaction, encodeAbortedTransaction } from '../index/transaction-index.ts';
import { producerFactsOf } from '../producer/producer-facts.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../producer/producer-snapshot.ts';
import type { ProducerEntry, ProducerState } from '../producer/producer-state.ts';
import { refillBatches } from '../producer/refill-batches.ts';
import { lastOffsetAt } from '../segment/batch-facts.ts';
import type { WalkOptions } from '../segment/batch-walk.ts';
import { type IndexedLog, loadIndexes } from '../segment/index-access.ts';
import type { LogHome, Segment } from '../segment/segment.ts';
import type { SegmentList } from '../segment/segment-list.ts';
import { type OnDamage, walkAroundDamage } from '../segment/walk-around-damage.ts';
import type { StorageContext } from '../storage-context.ts';

const SEGMENT_FILES: readonly SegmentFileKind[] = ['log', 'index', 'timeindex', 'txnindex', 'snapshot'];

export class LogFiles {
  readonly #context: StorageContext;
  readonly #home: LogHome;
  readonly #name: string;
  /** Offsets of the snapshots on disk, rising. */
  #snapshots: number[];

  constructor(context: StorageContext, home: LogHome, name: string, snapshots: number[] = []) {
    this.#context = context;
    this.#home = home;
    this.#name = name;
    this.#snapshots = snapshots;
  }

  get snapshots(): readonly number[] {
    return this.#snapshots;
  }

  get latestSnapshot(): number | undefined {
    return this.#snapshots[this.#snapshots.length - 1];
  }

  /** Notes the producers at `offset`, unless that is noted. Not synced: its CRC tells, and the log can be replayed. */
  snapshotProducers(state: ProducerState, offset: number): void {
    if (offset <= (this.latestSnapshot ?? -1)) return;
    const bytes = encodeProducerSnapshot(state.entries(), state.size);
    this.#snapshots.push(offset);
    // The path of then: the log may have moved meanwhile.
    this.#context.later(() => this.#context.disk.writeFileSync(this.#path(offset, 'snapshot'), bytes));
  }

  /** The producers of a snapshot; undefined (and the file gone) when it does not hold up. */
  readSnapshot(offset: number): ProducerEntry[] | undefined {
    const path = this.#path(offset, 'snapshot');
    try {
      return decodeProducerSnapshot(this.#context.disk.readFileSync(path));
    } catch (error) {
      const reason = (error as Error).message;
      this.#context.events({ kind: 'rebuilt', log: this.#name, file: path, reason });
      this.#context.disk.removeSync(path);
      this.#snapshots = this.#snapshots.filter((other) => other !== offset);
      return undefined;
    }
  }

  /** Removes the snapshots past `offset`. */
  forgetSnapshots(offset: number): void {
    const gone = this.#snapshots.filter((other) => other > offset);
    this.#snapshots = this.#snapshots.filter((other) => other <= offset);
    for (const snapshot of gone) this.#context.disk.removeSync(this.#path(snapshot, 'snapshot'));
  }

  /** Of several snapshots within one segment only the latest is of use. */
  forgetSnapshotsBetween(segments: SegmentList): void {
    const latest = this.latestSnapshot;
    const stray = this.#snapshots.filter(
      (offset) => offset !== latest && segments.at(segments.floor(offset))?.baseOffset !== offset,
    );
    if (stray.length === 0) return;
    this.#snapshots = this.#snapshots.filter((offset) => !stray.includes(offset));
    for (const snapshot of stray) this.#context.disk.removeSync(this.#path(snapshot, 'snapshot'));
  }

  /** Brings `state` to what it was at `endOffset`: the latest snapshot before, and the batches after that. */
  async reloadProducers(
    log: IndexedLog & { readonly segments: SegmentList },
    state: ProducerState,
    endOffset: number,
  ): Promise<void> {
    this.forgetSnapshots(endOffset);
    state.clear(endOffset);
    let from = log.segments.first.baseOffset;
    for (let latest = this.latestSnapshot; latest !== undefined; latest = this.latestSnapshot) {
      const entries = this.readSnapshot(latest);
      if (!entries) continue;
      for (const entry of entries) state.restore(entry);
      from = latest;
      break;
    }
    const nowMs = this.#context.clock.now();
    // What a damaged batch says of producers is not believed; what those behind it say is.
    const around = { checksums: true, onDamage: () => true };
    for (let i = Math.max(0, log.segments.floor(from)); i < log.segments.count; i++) {
      const segment = log.segments.at(i)!;
      const { offsets } = loadIndexes(this.#context, log, segment);
      const slot = offsets.floor(from);
      await this.#walk(segment, slot < 0 ? 0 : offsets.positionAt(slot), around, (buffer, at) => {
        const facts = producerFactsOf(buffer, at);
        if (facts && facts.baseOffset >= from) state.apply(facts, nowMs);
        return true;
      });
    }
    refillBatches(this.#context.disk, log.segments, state, nowMs);
    state.endOffset = endOffset;
  }

  async #walk(
    segment: Segment,
    from: number,
    o: { readonly checksums: boolean; readonly onDamage: OnDamage },
    visit: (buffer: Buffer, at: number, position: number) => boolean,
  ): Promise<void> {
    const open = this.#context.files.hold(segment);
    try {
      const options: WalkOptions = {
        from,
        to: segment.writtenBytes,
        offsetMin: segment.baseOffset,
        offsetMax: Number.MAX_SAFE_INTEGER,
        checksums: o.checksums,
        visit,
      };
      await walkAroundDamage(open.file, options, o.onDamage);
    } finally {
      this.#context.files.release(open);
    }
  }

  /**
   * Position of the first batch that ends past `offset`, and one past the last offset before it. Damage before that is
   * passed over and stays: what lies behind it was promised. `nextOffset`: where the segment after this one begins.
   */
  async placeOf(
    log: IndexedLog,
    segment: Segment,
    offset: number,
    nextOffset: number | undefined,
  ): Promise<{ position: number; endOffset: number }> {
    const { offsets } = loadIndexes(this.#context, log, segment);
    const slot = offsets.floor(offset - 1);
    let position = slot < 0 ? 0 : offsets.positionAt(slot);
    let endOffset = segment.baseOffset;
    const onDamage: OnDamage = (_damage, resumed) => {
      // Inside of damage there is no place to cut at but its beginning.
      const goesOnAt = resumed?.offset ?? nextOffset;
      if (goesOnAt === undefined || goesOnAt > offset) return false;
      position = resumed?.position ?? segment.writtenBytes;
      endOffset = goesOnAt;
      return true;
    };
    await this.#walk(segment, position, { checksums: false, onDamage }, (buffer, at, place) => {
      const lastOffset = lastOffsetAt(buffer, at);
      if (lastOffset >= offset) return false;
      position = place + batchSizeOf(buffer, at);
      endOffset = lastOffset + 1;
      return true;
    });
    return { position, endOffset };
  }

  /** Adds to the transaction index, soon. Derived: the log holds the marker. */
  addAborted(segment: Segment, aborted: AbortedTransaction): void {
    const entry = encodeAbortedTransaction(aborted);
    this.#context.later(() => {
      const file = this.#context.disk.openSync(segment.path('txnindex'), 'create');
      try {
        file.writeSync([entry], file.sizeSync());
      } finally {
        file.closeSync();
      }
    });
  }

  /** Renames the files of segments that left the log, oldest first, so that a crash leaves the rest without a hole. */
  removeSegments(segments: readonly Segment[], delayMs: number): void {
    const { disk } = this.#context;
    const removed: string[] = [];
    for (const segment of segments) {
      this.#context.files.close(segment);
      this.#context.indexMemory.forget(segment);
      for (const kind of SEGMENT_FILES) {
        const path = this.#path(segment.baseOffset, kind);
        if (!disk.exists(path)) continue;
        disk.renameSync(path, `${path}.deleted`);
        removed.push(`${path}.deleted`);
      }
      this.#snapshots = this.#snapshots.filter((offset) => offset !== segment.baseOffset);
    }
    this.#context.removeLater(removed, delayMs);
  }

  #path(offset: number, kind: SegmentFileKind): string {
    return `${this.#home.path}/${segmentFileName(offset, kind)}`;
  }
}

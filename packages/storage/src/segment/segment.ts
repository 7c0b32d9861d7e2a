// One segment of a log: a `.log` file of batches with its two indexes. Holds the facts about them; who writes and when is
// the log's affair.
// Always: syncedBytes <= writtenBytes <= sizeBytes; what lies between writtenBytes and sizeBytes is in the tail's memory.
import type { Disk } from '@moldau/kernel';
import { type SegmentFileKind, segmentFileName } from '../file-names.ts';
import { OFFSET_ENTRY_BYTES, OffsetIndex, RELATIVE_OFFSET_MAX } from '../index/offset-index.ts';
import { TIME_ENTRY_BYTES, TimeIndex } from '../index/time-index.ts';
import type { FileOwner, OpenFile } from './open-files.ts';

/** Where the files of a log are. The path changes when the log's directory is renamed. */
export interface LogHome {
  path: string;
}

/** Both indexes, in memory. */
export interface SegmentIndexes {
  readonly offsets: OffsetIndex;
  readonly times: TimeIndex;
}

export interface ReadIndexes {
  readonly indexes: SegmentIndexes;
  /** The files hold these entries and nothing else (no room set aside behind them). */
  readonly exact: boolean;
}

export class Segment implements FileOwner {
  readonly baseOffset: number;
  readonly #home: LogHome;
  openFile: OpenFile | undefined = undefined;
  /** Closed for appends. */
  sealed = false;

  /** Bytes appended, written to the file, and on stable storage. */
  sizeBytes: number;
  writtenBytes: number;
  syncedBytes: number;
  /** Bytes that lay there before this process: what it wrote itself is later, was checked, and is in the page cache. */
  loadedBytes: number;
  /** Of those, what passed its checksums in this run. */
  verifiedBytes = 0;

  /** Broker time of its making and of its latest append (the file's time after a restart), in ms since the epoch. */
  createdMs: number;
  lastAppendMs: number;
  /** Time of its first batch, for segment.ms: undefined before it is known, -1 when the batch has none. */
  firstTimestamp: number | undefined = undefined;
  /** Taken off segment.ms, so that logs made together do not roll together. */
  rollJitterMs = 0;
  /** Latest time of any record, -1 none, and the last offset of the first batch that has it. Undefined: not read yet. */
  maxTimestamp: number | undefined;
  maxTimestampOffset = -1;

  /** Undefined: on disk only. */
  indexes: SegmentIndexes | undefined;
  /** Index entries that the files have already. */
  #offsetEntriesOnDisk = 0;
  #timeEntriesOnDisk = 0;
  /** Bytes since the last index entry. */
  #unindexedBytes = 0;

  /** An empty one; a loaded one gets its facts from the loader. */
  constructor(home: LogHome, baseOffset: number, nowMs: number, sizeBytes = 0) {
    this.#home = home;
    this.baseOffset = baseOffset;
    this.sizeBytes = sizeBytes;
    this.writtenBytes = sizeBytes;
    this.syncedBytes = sizeBytes;
    this.loadedBytes = sizeBytes;
    this.createdMs = nowMs;
    this.lastAppendMs = nowMs;
    this.maxTimestamp = sizeBytes === 0 ? -1 : undefined;
    this.indexes = undefined;
  }

  get fileMode(): 'read' | 'write' {
    return this.sealed && this.writtenBytes === this.sizeBytes ? 'read' : 'write';
  }

  get filePath(): string {
    return this.path('log');
  }

  path(kind: SegmentFileKind): string {
    return `${this.#home.path}/${segmentFileName(this.baseOffset, kind)}`;
  }

  /** Makes the files, empty. Kafka shows all three from the start. */
  createFiles(disk: Disk): void {
    disk.writeFileSync(this.path('log'), '');
    disk.writeFileSync(this.path('index'), '');
    disk.writeFileSync(this.path('timeindex'), '');
  }

  /** Notes a batch at the end: its place, and an index entry when one is due. Indexes must be loaded. */
  append(sizeBytes: number, lastOffset: number, maxTimestamp: number, indexIntervalBytes: number, nowMs: number): void {
    const position = this.sizeBytes;
    if (position === 0) this.firstTimestamp = maxTimestamp;
    this.sizeBytes = position + sizeBytes;
    this.lastAppendMs = nowMs;
    this.noteBatch(position, sizeBytes, lastOffset, maxTimestamp, indexIntervalBytes);
  }

  /** The part of `append` that also rebuilding does, for a batch that lies there already. */
  noteBatch(
    position: number,
    sizeBytes: number,
    lastOffset: number,
    maxTimestamp: number,
    indexIntervalBytes: number,
  ): void {
    // A log that was written elsewhere may span more than an entry can say; it is found from the entry before.
    const indexable = lastOffset - this.baseOffset <= RELATIVE_OFFSET_MAX;
    if (maxTimestamp > this.maxTimestamp! && indexable) {
      this.maxTimestamp = maxTimestamp;
      this.maxTimestampOffset = lastOffset;
    }
    if (this.#unindexedBytes > indexIntervalBytes && indexable) {
      this.indexes!.offsets.append(lastOffset, position);
      this.#appendTime();
      this.#unindexedBytes = 0;
    }
    this.#unindexedBytes += sizeBytes;
  }

  /** Closed for appends: the time index gets its last word, so that the segment's latest time can be read from it. */
  seal(): void {
    if (this.indexes) this.#appendTime();
    this.sealed = true;
  }

  #appendTime(): void {
    if (this.maxTimestamp! >= 0) this.indexes!.times.append(this.maxTimestamp!, this.maxTimestampOffset);
  }

  /** Empty indexes: of a new segment, whose files are empty, or to be filled by walking the batches. */
  startIndexes(files: 'empty' | 'unknown'): SegmentIndexes {
    this.indexes = { offsets: new OffsetIndex(this.baseOffset), times: new TimeIndex(this.baseOffset) };
    this.#offsetEntriesOnDisk = files === 'empty' ? 0 : -1;
    this.#timeEntriesOnDisk = this.#offsetEntriesOnDisk;
    this.#unindexedBytes = 0;
    this.maxTimestamp = -1;
    this.maxTimestampOffset = -1;
    return this.indexes;
  }

  /** Takes over what `readIndexes` read. `unindexedBytes` are those after the last entry's batch began. */
  adoptIndexes(read: ReadIndexes, unindexedBytes: number): void {
    this.indexes = read.indexes;
    this.#offsetEntriesOnDisk = read.exact ? read.indexes.offsets.count : -1;
    this.#timeEntriesOnDisk = read.exact ? read.indexes.times.count : -1;
    this.#unindexedBytes = unindexedBytes;
  }

  /** What the index files hold, or why they cannot be believed. Blocks for the time of reading some megabytes at most. */
  readIndexes(disk: Disk): ReadIndexes | string {
    let offsetBytes: Buffer;
    let timeBytes: Buffer;
    try {
      offsetBytes = disk.readFileSync(this.path('index'));
      timeBytes = disk.readFileSync(this.path('timeindex'));
    } catch (error) {
      return (error as Error).message;
    }
    const offsets = OffsetIndex.read(this.baseOffset, offsetBytes, Math.max(this.sizeBytes, 1));
    if (!offsets) return 'the offset index is not in order';
    const times = TimeIndex.read(this.baseOffset, timeBytes);
    if (!times) return 'the time index is not in order';
    const exact =
      offsetBytes.length === offsets.count * OFFSET_ENTRY_BYTES && timeBytes.length === times.count * TIME_ENTRY_BYTES;
    return { indexes: { offsets, times }, exact };
  }

  /** Brings the index files up to date. Not synced: they are derived, and checked when they are read. */
  writeIndexes(disk: Disk): void {
    if (!this.indexes) return;
    const { offsets, times } = this.indexes;
    this.#offsetEntriesOnDisk = writeEntries(
      disk,
      this.path('index'),
      offsets,
      this.#offsetEntriesOnDisk,
      OFFSET_ENTRY_BYTES,
    );
    this.#timeEntriesOnDisk = writeEntries(
      disk,
      this.path('timeindex'),
      times,
      this.#timeEntriesOnDisk,
      TIME_ENTRY_BYTES,
    );
  }

  /** Whether `writeIndexes` would write. */
  get indexesUnwritten(): boolean {
    return (
      this.indexes !== undefined &&
      (this.indexes.offsets.count !== this.#offsetEntriesOnDisk || this.indexes.times.count !== this.#timeEntriesOnDisk)
    );
  }

  /** The files no longer match memory (they were cut): written whole the next time. */
  forgetIndexFiles(): void {
    this.#offsetEntriesOnDisk = -1;
    this.#timeEntriesOnDisk = -1;
  }

  get indexMemoryBytes(): number {
    return this.indexes ? this.indexes.offsets.capacityBytes + this.indexes.times.capacityBytes + 200 : 0;
  }
}

/** Adds the entries that the file lacks; writes it whole when it is not known to match. Answers how many it has now. */
function writeEntries(
  disk: Disk,
  path: string,
  entries: { readonly count: number; toBytes(from?: number): Buffer },
  onDisk: number,
  entryBytes: number,
): number {
  if (onDisk === entries.count) return onDisk;
  if (onDisk < 0 || onDisk > entries.count) {
    disk.writeFileSync(path, entries.toBytes());
  } else {
    const file = disk.openSync(path, 'create');
    try {
      file.writeSync([entries.toBytes(onDisk)], onDisk * entryBytes);
    } finally {
      file.closeSync();
    }
  }
  return entries.count;
}

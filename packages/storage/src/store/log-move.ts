// Moves one log to another log directory of this broker (KIP-113: AlterReplicaLogDirs), while it is written and read.
//
// Naive way: a second log in the other directory that is fed with the records of the first, and takes its place when it has
// them all (Kafka's future replica). Everybody who waits for the first log, or holds it, would have to be handed over.
// Chosen way: the log stays, its files move. They are copied into `<topic>-<p>.<hex>-future` (Kafka's name) segment by
// segment while the log goes on; when little is missing the log's writer pauses (appends go on, in memory), the rest is
// copied and synced, both directories are renamed in one turn, the writer goes on in the new place.
//
// A crash: a file `<topic>-<p>.<hex>-moved` beside the copy says that the copy is whole, with what the checkpoints of the old
// directory said of the log. A crash between the two renames is carried on by it; before them the copy is nothing, and the
// move begins anew (see `settle-moves.ts`). Nothing is written to the new place before both renames are on stable storage.
//
// Always: until the renames the old place is whole and the only one that counts; a copy with the file has every byte that
// was written; what was set aside in the log's directory comes along.
import { assert, DiskError, type DiskFile } from '@moldau/kernel';
import { BrokerDiskError, passes } from '../broker-disk-error.ts';
import { formatLeaderEpochs } from '../checkpoint/leader-epochs.ts';
import { formatPartitionMetadata } from '../checkpoint/partition-metadata.ts';
import {
  markedDirectoryName,
  movedFileName,
  PARTITION_FILES,
  partitionDirectoryName,
  type SegmentFileKind,
  segmentFileName,
} from '../file-names.ts';
import type { PartitionLog } from '../partition-log.ts';
import type { Segment } from '../segment/segment.ts';
import type { LogDirectory, SharedContext } from './log-directory.ts';
import { LogPlace } from './log-place.ts';
import { formatMoved } from './settle-moves.ts';

export interface LogMoveParts {
  readonly log: PartitionLog;
  readonly from: LogDirectory;
  readonly to: LogDirectory;
  readonly shared: SharedContext;
  /** replica.alter.log.dirs.io.max.bytes.per.second, as of now. */
  readonly bytesPerSecond: () => number;
}

/** What a move came to. `stopped`: the store closes; what was copied stays and is begun anew after the next start. */
export type MoveOutcome =
  | { readonly kind: 'moved'; readonly oldPath: string; readonly movedFile: string; readonly bytes: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: Error };

const CHUNK_BYTES = 1 << 20;
/** Once so little is missing the writer pauses for the rest: some milliseconds. */
const CATCH_UP_BYTES = 1 << 20;
/** A log that is being cut is looked at again so much later; a throttled one sleeps in pieces of it. */
const LOOK_AGAIN_MS = 50;
/** Beside `.log`, which is copied piece by piece. */
const DERIVED: readonly SegmentFileKind[] = ['index', 'timeindex', 'txnindex'];
/** What LogDamage and recovery set aside. */
const QUARANTINE = 'quarantine';

interface Copy {
  bytes: number;
  /** Closed for appends and copied with its indexes: not looked at again. */
  done: boolean;
}

export class LogMove {
  readonly #p: LogMoveParts;
  readonly #hex: Buffer;
  /** Of the copy. */
  readonly path: string;
  readonly #copies = new Map<Segment, Copy>();
  #truncations: number;
  #fillings: number;
  #end: 'cancelled' | 'stopped' | undefined;
  /** Copied and not waited for yet. */
  #owedBytes = 0;

  constructor(parts: LogMoveParts) {
    this.#p = parts;
    const { log, to } = parts;
    this.#hex = to.random.bytes(16);
    this.path = `${to.path}/${markedDirectoryName(log.topic, log.partition, 'future', this.#hex)}`;
    this.#truncations = log.truncations;
    this.#fillings = log.damage.fillings;
  }

  get log(): PartitionLog {
    return this.#p.log;
  }

  get from(): LogDirectory {
    return this.#p.from;
  }

  get to(): LogDirectory {
    return this.#p.to;
  }

  /** Bytes of records copied so far. */
  get copiedBytes(): number {
    let bytes = 0;
    for (const copy of this.#copies.values()) bytes += copy.bytes;
    return bytes;
  }

  /** Records that the copy lacks, told by whole segments. */
  get offsetLag(): number {
    const { log } = this.#p;
    for (const segment of log.segments.all) {
      if ((this.#copies.get(segment)?.bytes ?? -1) < segment.sizeBytes) return log.endOffset - segment.baseOffset;
    }
    return 0;
  }

  /** Makes the directory of the copy, so that it is seen. Throws DiskError. */
  begin(): void {
    this.#p.to.disk.makeDirectorySync(this.path);
  }

  /** Ends it soon: `cancelled` takes the copy away, `stopped` leaves it. Nothing when the places were swapped already. */
  end(why: 'cancelled' | 'stopped'): void {
    this.#end ??= why;
  }

  /** Never rejects, but for defects. */
  async run(): Promise<MoveOutcome> {
    let outcome: MoveOutcome;
    try {
      outcome = await this.#move();
    } catch (error) {
      if (!(error instanceof DiskError) && !(error instanceof BrokerDiskError)) throw error;
      outcome = { kind: 'failed', error };
      this.#blame(error);
    }
    if (outcome.kind === 'cancelled' || outcome.kind === 'failed') await this.#clear();
    return outcome;
  }

  async #move(): Promise<MoveOutcome> {
    // The move before this one had come too far to be stopped.
    if (this.#p.log.directory !== this.#p.from.path) return { kind: 'cancelled' };
    await this.#p.to.disk.syncDirectory(this.#p.to.path);
    for (;;) {
      const over = this.#over();
      if (over) return over;
      if (this.#hasChanged()) await this.#beginAnew();
      await this.#copyAll(true);
      if (this.#over() || this.#hasChanged() || this.#missingBytes() > CATCH_UP_BYTES) continue;
      if (this.#p.log.isBeingCut) await this.#sleep(LOOK_AGAIN_MS);
      else {
        const swapped = await this.#finish();
        if (swapped) return swapped;
      }
    }
  }

  /** Set when it goes no further. */
  #over(): MoveOutcome | undefined {
    const { log, to } = this.#p;
    if (this.#end) return { kind: this.#end };
    const error = log.failure ?? to.failure;
    return error && { kind: 'failed', error };
  }

  /** Bytes that were copied are others now: the log was cut, or damage in it was mended. */
  #hasChanged(): boolean {
    const { log } = this.#p;
    return log.truncations !== this.#truncations || log.damage.fillings !== this.#fillings;
  }

  async #beginAnew(): Promise<void> {
    const { log, to } = this.#p;
    this.#truncations = log.truncations;
    this.#fillings = log.damage.fillings;
    this.#copies.clear();
    await to.disk.removeTree(this.path);
    this.begin();
  }

  #missingBytes(): number {
    let missing = 0;
    for (const segment of this.#p.log.segments.all) {
      missing += Math.max(0, segment.writtenBytes - (this.#copies.get(segment)?.bytes ?? 0));
    }
    return missing;
  }

  async #copyAll(throttled: boolean): Promise<void> {
    this.#forgetGone();
    for (const segment of [...this.#p.log.segments.all]) {
      if (this.#over() || this.#hasChanged()) return;
      if (this.#copies.get(segment)?.done) continue;
      try {
        await this.#copy(segment, throttled);
      } catch (error) {
        // Retention took it under our hands.
        const isGone = error instanceof DiskError && error.code === 'ENOENT' && !this.#p.log.segments.includes(segment);
        if (!isGone) throw error;
      }
    }
  }

  async #copy(segment: Segment, throttled: boolean): Promise<void> {
    const { to, log } = this.#p;
    const { files } = to;
    const target = await to.disk.open(`${this.path}/${segmentFileName(segment.baseOffset, 'log')}`, 'create');
    try {
      const copy = this.#copies.get(segment) ?? { bytes: 0, done: false };
      if (!this.#copies.has(segment)) await target.truncate(0);
      this.#copies.set(segment, copy);
      const open = files.hold(segment);
      try {
        while (copy.bytes < segment.writtenBytes && !this.#over() && !this.#hasChanged()) {
          const bytes = await copyChunk(open.file, target, copy.bytes, this.#chunkBytes(segment.writtenBytes, copy));
          if (bytes === 0 && !this.#hasChanged()) {
            const { path } = open.file;
            throw new DiskError('EIO', path, `${path} is shorter than what was written to it`);
          }
          copy.bytes += bytes;
          if (throttled) await this.#throttle(bytes);
        }
      } finally {
        files.release(open);
      }
      await target.datasync();
      if (!segment.sealed || copy.bytes < segment.sizeBytes || !log.segments.includes(segment)) return;
      await this.#copyDerived(segment);
      copy.done = true;
    } finally {
      await target.close();
    }
  }

  #chunkBytes(writtenBytes: number, { bytes }: Copy): number {
    const rate = this.#p.bytesPerSecond();
    const most = rate < CHUNK_BYTES ? Math.max(4_096, rate / 10) : CHUNK_BYTES;
    return Math.floor(Math.min(most, writtenBytes - bytes));
  }

  /** In pieces, so that another rate holds at once. A rate of 0 holds it up. */
  async #throttle(bytes: number): Promise<void> {
    this.#owedBytes += bytes;
    while (!this.#over()) {
      const rate = this.#p.bytesPerSecond();
      const waitMs = Math.min((this.#owedBytes / rate) * 1_000, LOOK_AGAIN_MS);
      if (waitMs < 1) break;
      await this.#sleep(waitMs);
      this.#owedBytes -= (rate * waitMs) / 1_000;
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#p.shared.timers.set(ms, resolve);
    });
  }

  async #copyDerived(segment: Segment): Promise<void> {
    const { disk } = this.#p.to;
    if (segment.indexes && segment.indexesUnwritten) segment.writeIndexes(disk);
    for (const kind of DERIVED) await this.#copyFile(segment.path(kind), segmentFileName(segment.baseOffset, kind));
  }

  /** A small file, whole; one that is not there is not copied. */
  async #copyFile(path: string, name: string): Promise<void> {
    const { disk } = this.#p.to;
    if (disk.exists(path)) await this.#write(name, disk.readFileSync(path));
  }

  async #write(name: string, content: Uint8Array): Promise<void> {
    const file = await this.#p.to.disk.open(`${this.path}/${name}`, 'create');
    try {
      await file.truncate(0);
      await file.write([content], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Copies of segments that retention took away meanwhile. */
  #forgetGone(): void {
    const { log, to } = this.#p;
    for (const segment of this.#copies.keys()) {
      if (log.segments.includes(segment)) continue;
      this.#copies.delete(segment);
      if (log.segments.at(log.segments.floor(segment.baseOffset))?.baseOffset === segment.baseOffset) continue;
      for (const kind of ['log', ...DERIVED] as const) {
        to.disk.removeSync(`${this.path}/${segmentFileName(segment.baseOffset, kind)}`);
      }
    }
  }

  /** The rest, with the writer at rest; undefined: something came between, and it goes on as before. */
  async #finish(): Promise<MoveOutcome | undefined> {
    const { log, from, to, shared } = this.#p;
    const movedFile = `${to.path}/${movedFileName(log.topic, log.partition, this.#hex)}`;
    await log.rest();
    try {
      await shared.background.drained();
      await this.#copyAll(false);
      if (!this.#isWhole()) return undefined;
      await this.#copyBeside();
      await to.disk.syncDirectory(this.path);
      const { topic, partition, recoveryPoint, startOffset } = log;
      // What is in memory only is not in the copy.
      const highWatermark = Math.min(log.highWatermark, log.writer.writtenEnd);
      await this.#writeMoved(
        movedFile,
        formatMoved({ topic, partition, highWatermark, recoveryPoint, logStart: startOffset }),
      );
      if (!this.#isWhole()) {
        await to.disk.remove(movedFile);
        await to.disk.syncDirectory(to.path);
        return undefined;
      }
      const oldPath = this.#swap();
      await syncOrFail(to);
      await syncOrFail(from);
      return { kind: 'moved', oldPath, movedFile, bytes: this.copiedBytes };
    } finally {
      log.goOn();
    }
  }

  /** Every byte that was written is in the copy, and nothing speaks against taking it. */
  #isWhole(): boolean {
    return !this.#over() && !this.#hasChanged() && this.#missingBytes() === 0;
  }

  async #writeMoved(path: string, content: Uint8Array): Promise<void> {
    const { disk } = this.#p.to;
    const file = await disk.open(path, 'create');
    try {
      await file.write([content], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await disk.syncDirectory(this.#p.to.path);
  }

  /** What is neither a segment nor an index. */
  async #copyBeside(): Promise<void> {
    const { log, to } = this.#p;
    const { disk } = to;
    // Those that begin from here on are empty.
    for (const [segment, { done }] of [...this.#copies]) {
      if (!done && log.segments.includes(segment)) await this.#copyDerived(segment);
    }
    for (const offset of log.files.snapshots) {
      const name = segmentFileName(offset, 'snapshot');
      await this.#copyFile(`${log.path}/${name}`, name);
    }
    await this.#write(PARTITION_FILES.leaderEpochs, formatLeaderEpochs(log.epochs.entries));
    await this.#write(PARTITION_FILES.metadata, Buffer.from(formatPartitionMetadata(log.topicId)));
    const aside = `${log.path}/${QUARANTINE}`;
    if (!disk.exists(aside)) return;
    await disk.makeDirectory(`${this.path}/${QUARANTINE}`);
    for (const { name, kind } of disk.listSync(aside)) {
      if (kind === 'file') await this.#copyFile(`${aside}/${name}`, `${QUARANTINE}/${name}`);
    }
    await disk.syncDirectory(`${this.path}/${QUARANTINE}`);
  }

  /** In one turn: from here on the log is there. Answers where the old files are. */
  #swap(): string {
    const { log, from, to } = this.#p;
    const { disk, files } = to;
    this.#forgetGone();
    for (const segment of log.segments.all) {
      // Begun since the last look, and empty: the writer is at rest.
      if (!this.#copies.has(segment)) createEmpty(disk, this.path, segment);
    }
    const oldPath = `${from.path}/${markedDirectoryName(log.topic, log.partition, 'delete', this.#hex)}`;
    const newPath = `${to.path}/${partitionDirectoryName(log.topic, log.partition)}`;
    disk.renameSync(log.path, oldPath);
    try {
      disk.renameSync(this.path, newPath);
    } catch (error) {
      disk.renameSync(oldPath, log.path);
      throw error;
    }
    for (const segment of log.segments.all) files.close(segment);
    assert(log.context instanceof LogPlace, 'a log of a store has a place of its own');
    log.home.path = newPath;
    log.context.moveTo(to);
    from.letGo(log);
    to.adopt(log);
    // Brought up to date with the next checkpoint: what was copied may lag by a moment.
    log.segments.active.forgetIndexFiles();
    log.epochs.dirty = true;
    return oldPath;
  }

  /** Renamed first: it goes in many steps, and half of a copy would be begun anew after a crash. */
  async #clear(): Promise<void> {
    const { log, to } = this.#p;
    const path = `${to.path}/${markedDirectoryName(log.topic, log.partition, 'delete', this.#hex)}`;
    try {
      to.disk.renameSync(this.path, path);
      await to.disk.removeTree(path);
    } catch (error) {
      to.failUnlessPassing(error);
    }
  }

  /** A disk that fails is the fate of its directory. */
  #blame(error: Error): void {
    if (!(error instanceof DiskError) || passes(error) || error.code === 'ENOENT') return;
    const { from, to } = this.#p;
    (error.path.startsWith(`${to.path}/`) || error.path === to.path ? to : from).fail(error);
  }
}

async function copyChunk(source: DiskFile, target: DiskFile, position: number, bytes: number): Promise<number> {
  const chunk = Buffer.allocUnsafeSlow(bytes);
  const filled = await source.read(chunk, position);
  if (filled > 0) await target.write([chunk.subarray(0, filled)], position);
  return filled;
}

function createEmpty(disk: LogDirectory['disk'], path: string, segment: Segment): void {
  for (const kind of ['log', 'index', 'timeindex'] as const) {
    disk.writeFileSync(`${path}/${segmentFileName(segment.baseOffset, kind)}`, '');
  }
}

/** Nothing is written behind a rename that a power cut could take back. */
async function syncOrFail(directory: LogDirectory): Promise<void> {
  try {
    await directory.disk.syncDirectory(directory.path);
  } catch (error) {
    directory.fail(error);
    throw error;
  }
}

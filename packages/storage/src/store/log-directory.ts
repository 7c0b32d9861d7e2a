// One log dir: its lock, its identity, its checkpoints, and its fate. All logs in it share one StorageContext, which is
// this object; when the disk below fails, all of them stop together (S2).
import {
  assert,
  type Clock,
  type Disk,
  DiskError,
  type DiskLock,
  type Random,
  replaceFile,
  type Timers,
} from '@moldau/kernel';
import { BrokerDiskError } from '../broker-disk-error.ts';
import { formatLeaderEpochs } from '../checkpoint/leader-epochs.ts';
import { formatOffsetCheckpoint, type OffsetsByLog, parseOffsetCheckpoint } from '../checkpoint/offset-checkpoint.ts';
import { LOG_DIRECTORY_FILES, PARTITION_FILES } from '../file-names.ts';
import type { ReadBuffers } from '../log/read-buffers.ts';
import type { PartitionLog } from '../partition-log.ts';
import type { IndexMemory } from '../segment/index-memory.ts';
import type { OpenFiles } from '../segment/open-files.ts';
import type { DirectoryFate, StorageContext, StorageStats } from '../storage-context.ts';
import type { StorageEvents } from '../storage-event.ts';
import type { TailMemory } from '../tail/tail.ts';
import type { SyncSlots } from '../write/sync-slots.ts';
import type { TurnFlusher } from '../write/turn-flusher.ts';
import type { BackgroundQueue } from './background-queue.ts';
import { SharedRun } from './shared-run.ts';

/** What all directories of a store share. */
export interface SharedContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly files: OpenFiles;
  readonly tailMemory: TailMemory;
  readonly indexMemory: IndexMemory;
  readonly readBuffers: ReadBuffers;
  readonly flusher: TurnFlusher;
  readonly syncSlots: SyncSlots;
  readonly events: StorageEvents;
  readonly stats: StorageStats;
  readonly verifyReads: 'first' | 'never';
  readonly producerIdExpirationMs: number;
  readonly background: BackgroundQueue;
  removeLater(paths: readonly string[], delayMs: number): void;
}

/** In 'os' durability a pass syncs logs with more than this unsynced, so that recovery has little to walk. */
const UNSYNCED_BYTES_MAX = 16 << 20;

export class LogDirectory implements StorageContext, DirectoryFate {
  readonly path: string;
  readonly lock: DiskLock;
  readonly logs = new Map<string, PartitionLog>();
  readonly #shared: SharedContext;
  #failure: BrokerDiskError | undefined;
  /** Logs whose recovery point, indexes or epochs on disk may lag behind. */
  #changed = new Set<PartitionLog>();
  #highWatermarksMoved = false;
  #logStartsMoved = false;
  #recoveryPointsMoved = false;
  /** Synced size of a log when its snapshot was last taken in passing. */
  readonly #snapshotAt = new WeakMap<PartitionLog, number>();
  readonly #nameSync: SharedRun;
  readonly #logStartWrite: SharedRun;

  constructor(shared: SharedContext, path: string, lock: DiskLock) {
    this.#shared = shared;
    this.path = path;
    this.lock = lock;
    this.#nameSync = new SharedRun(() => this.disk.syncDirectory(path));
    this.#logStartWrite = new SharedRun(() => this.#writeLogStarts());
  }

  get directory(): DirectoryFate {
    return this;
  }
  get disk(): Disk {
    return this.#shared.disk;
  }
  get clock(): Clock {
    return this.#shared.clock;
  }
  get timers(): Timers {
    return this.#shared.timers;
  }
  get random(): Random {
    return this.#shared.random;
  }
  get files(): OpenFiles {
    return this.#shared.files;
  }
  get tailMemory(): TailMemory {
    return this.#shared.tailMemory;
  }
  get indexMemory(): IndexMemory {
    return this.#shared.indexMemory;
  }
  get readBuffers(): ReadBuffers {
    return this.#shared.readBuffers;
  }
  get flusher(): TurnFlusher {
    return this.#shared.flusher;
  }
  get syncSlots(): SyncSlots {
    return this.#shared.syncSlots;
  }
  get events(): StorageEvents {
    return this.#shared.events;
  }
  get stats(): StorageStats {
    return this.#shared.stats;
  }
  get verifyReads(): 'first' | 'never' {
    return this.#shared.verifyReads;
  }
  get producerIdExpirationMs(): number {
    return this.#shared.producerIdExpirationMs;
  }

  get failure(): BrokerDiskError | undefined {
    return this.#failure;
  }

  /** A log has moved in, with all its files. */
  adopt(log: PartitionLog): void {
    this.logs.set(log.name, log);
    this.#changed.add(log);
    this.#highWatermarksMoved = true;
    this.#logStartsMoved = true;
  }

  /** A log has moved out: the checkpoints no longer speak of it. */
  letGo(log: PartitionLog): void {
    this.logs.delete(log.name);
    this.#changed.delete(log);
    this.#recoveryPointsMoved = true;
    this.#highWatermarksMoved = true;
    this.#logStartsMoved = true;
  }

  changed(log: PartitionLog): void {
    this.#changed.add(log);
  }

  highWatermarkMoved(): void {
    this.#highWatermarksMoved = true;
  }

  logStartMoved(): void {
    this.#logStartsMoved = true;
  }

  checkpointLogStarts(): Promise<void> {
    return this.#logStartWrite.request();
  }

  syncNames(): Promise<void> {
    return this.#nameSync.request();
  }

  removeLater(paths: readonly string[], delayMs: number): void {
    this.#shared.removeLater(paths, delayMs);
  }

  later(run: () => Promise<void> | void): void {
    this.#shared.background.add(async () => {
      if (this.#failure) return;
      try {
        await run();
      } catch (error) {
        // Derived files on a full disk can wait; a disk that fails cannot.
        this.failUnlessPassing(error);
      }
    });
  }

  /** ENOENT is a log that was deleted meanwhile. */
  failUnlessPassing(error: unknown): void {
    if (error instanceof DiskError && ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOENT'].includes(error.code)) return;
    if (error instanceof BrokerDiskError) return;
    this.fail(error);
  }

  fail(error: unknown): void {
    if (this.#failure) return;
    const message = error instanceof Error ? error.message : String(error);
    const failure = new BrokerDiskError('STORAGE_FAILED', `log directory ${this.path} failed: ${message}`, {
      cause: error,
    });
    this.#failure = failure;
    for (const log of this.logs.values()) log.shut(failure);
    this.events({ kind: 'directoryFailed', directory: this.path, error: failure });
    // Not a fault of the disk: a defect of ours must stay loud.
    assert(error instanceof DiskError, `storage of ${this.path}: ${message}`);
  }

  /** The offsets of a checkpoint file; none when it is missing or does not hold up. */
  readCheckpoint(name: string): OffsetsByLog {
    const file = `${this.path}/${name}`;
    if (!this.disk.exists(file)) return new Map();
    try {
      return parseOffsetCheckpoint(this.disk.readTextSync(file));
    } catch (error) {
      this.events({ kind: 'rebuilt', log: '', file, reason: (error as Error).message });
      return new Map();
    }
  }

  /** Brings derived files and recovery points of the logs that changed up to date. */
  async checkpointPass(): Promise<void> {
    if (this.#failure) return;
    const changed = this.#changed;
    this.#changed = new Set();
    try {
      for (const log of changed) {
        if (!log.failure) await this.#checkpointLog(log);
        changed.delete(log);
        if (log.failure) continue;
        this.#recoveryPointsMoved = true;
        if (log.recoveryPoint < log.endOffset) this.#changed.add(log);
      }
    } finally {
      // What a full disk did not take is tried again.
      for (const log of changed) this.#changed.add(log);
    }
    if (this.#recoveryPointsMoved) {
      this.#recoveryPointsMoved = false;
      await this.#write(LOG_DIRECTORY_FILES.recoveryPoint, (log) => log.recoveryPoint);
    }
    if (this.#logStartsMoved) await this.checkpointLogStarts();
  }

  async #checkpointLog(log: PartitionLog): Promise<void> {
    if (log.durability === 'os' && log.writer.unsyncedBytes > UNSYNCED_BYTES_MAX) {
      await log.flush().catch(() => {});
    }
    if (log.failure) return;
    const active = log.segments.active;
    const growth = active.syncedBytes - (this.#snapshotAt.get(log) ?? 0);
    if (growth > UNSYNCED_BYTES_MAX || growth < 0) {
      // Recovery starts at the index entry and the producer snapshot before the recovery point.
      this.#snapshotAt.set(log, active.syncedBytes);
      if (active.indexesUnwritten) active.writeIndexes(this.disk);
      log.files.snapshotProducers(log.producerState, log.endOffset);
      log.files.forgetSnapshotsBetween(log.segments);
    }
    await this.writeEpochs(log);
  }

  /** Writes the epochs of a log that changed them. An empty log's first epoch waits: there is nothing to truncate by it. */
  async writeEpochs(log: PartitionLog): Promise<void> {
    if (!log.epochs.dirty || log.failure) return;
    if (log.endOffset === 0 && log.epochs.entries.length <= 1) return;
    log.epochs.dirty = false;
    try {
      await replaceFile(this.disk, log.path, PARTITION_FILES.leaderEpochs, formatLeaderEpochs(log.epochs.entries));
    } catch (error) {
      // A full disk passes. A clean start believes the file: without its newest epoch a follower would be told to cut where
      // the one before ended.
      log.epochs.dirty = true;
      throw error;
    }
  }

  async checkpointHighWatermarks(): Promise<void> {
    if (!this.#highWatermarksMoved || this.#failure) return;
    this.#highWatermarksMoved = false;
    await this.#write(LOG_DIRECTORY_FILES.highWatermark, (log) => log.highWatermark);
  }

  async #writeLogStarts(): Promise<void> {
    this.#logStartsMoved = false;
    try {
      await this.#writeMovedLogStarts();
    } catch (error) {
      this.#logStartsMoved = true;
      throw error;
    }
  }

  async #writeMovedLogStarts(): Promise<void> {
    // Kafka lists only logs that start past their first segment: the name of the segment tells the others.
    await this.#write(LOG_DIRECTORY_FILES.logStart, (log) =>
      log.startOffset > log.segments.first.baseOffset ? log.startOffset : undefined,
    );
  }

  async #write(name: string, offsetOf: (log: PartitionLog) => number | undefined): Promise<void> {
    const entries: { topic: string; partition: number; offset: number }[] = [];
    for (const log of this.logs.values()) {
      const offset = offsetOf(log);
      if (offset !== undefined) entries.push({ topic: log.topic, partition: log.partition, offset });
    }
    await replaceFile(this.disk, this.path, name, formatOffsetCheckpoint(entries));
  }

  /** The last writes of a clean stop, in the order that makes the marker true (S5, S14). */
  async writeAllCheckpoints(brokerEpoch: number): Promise<void> {
    await this.#write(LOG_DIRECTORY_FILES.recoveryPoint, (log) => log.recoveryPoint);
    await this.#write(LOG_DIRECTORY_FILES.highWatermark, (log) => log.highWatermark);
    await this.checkpointLogStarts();
    const marker = Buffer.from(JSON.stringify({ version: 0, brokerEpoch }));
    await replaceFile(this.disk, this.path, LOG_DIRECTORY_FILES.cleanShutdown, marker);
  }
}

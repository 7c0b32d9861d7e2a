// All logs of a broker, over one or several log directories: opening and closing them, making and removing logs, and the
// housekeeping that runs over all of them from a few timers (none per log).
//
// Opening: lock, identity (`meta.properties`), the clean-stop marker read and removed first (KAFKA-10471), then the logs.
// Closing: timers stop first (KAFKA-13315), then everything is flushed, checkpoints, and the marker last.
import { type Disk, DiskError, must, type Ports, randomUuid } from '@moldau/kernel';
import { BrokerDiskError, passes } from '../broker-disk-error.ts';
import { LeaderEpochs } from '../checkpoint/leader-epochs.ts';
import { formatPartitionMetadata } from '../checkpoint/partition-metadata.ts';
import { LOG_DIRECTORY_FILES, markedDirectoryName, PARTITION_FILES, partitionDirectoryName } from '../file-names.ts';
import { LogFiles } from '../log/log-files.ts';
import { ReadBuffers } from '../log/read-buffers.ts';
import type { LogConfig } from '../log-config.ts';
import { PartitionLog } from '../partition-log.ts';
import { ProducerState } from '../producer/producer-state.ts';
import { IndexMemory } from '../segment/index-memory.ts';
import { OpenFiles } from '../segment/open-files.ts';
import { Segment } from '../segment/segment.ts';
import { SegmentList } from '../segment/segment-list.ts';
import type { StorageStats } from '../storage-context.ts';
import type { StorageEvents } from '../storage-event.ts';
import { TailMemory } from '../tail/tail.ts';
import { SyncSlots } from '../write/sync-slots.ts';
import { TurnFlusher } from '../write/turn-flusher.ts';
import { BackgroundQueue } from './background-queue.ts';
import { DelayedRemovals } from './delayed-removals.ts';
import { Housekeeping } from './housekeeping.ts';
import { type LoadedDirectory, loadDirectory } from './load-directory.ts';
import { LogDirectory, type SharedContext } from './log-directory.ts';
import { LogMoves } from './log-moves.ts';
import { LogPlace } from './log-place.ts';
import { LogStoreError } from './log-store-error.ts';
import { PreferredDirectories } from './preferred-directories.ts';
import { type SettledMoves, settleMoves } from './settle-moves.ts';
import { settleIdentity } from './store-identity.ts';

export interface LogStoreOptions {
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random' | 'disk'>;
  /** log.dirs, absolute. Made when missing. */
  readonly directories: readonly string[];
  readonly brokerId: number;
  /** Refused when the directories say otherwise; unset: theirs, or a new one. */
  readonly clusterId?: string;
  /** For logs that nobody has configured yet. */
  readonly defaults: LogConfig;
  readonly events: StorageEvents;
  /** cordoned.log.dirs: those that get no new logs, as of now; `*` for all. Default: none. */
  readonly cordoned?: () => readonly string[];
  /** replica.alter.log.dirs.io.max.bytes.per.second, as of now. Default: no limit. */
  readonly moveBytesPerSecond?: () => number;
  /** log.retention.check.interval.ms. Default 5 min. */
  readonly retentionCheckIntervalMs?: number;
  /** log.flush.offset.checkpoint.interval.ms. Default 1 min. */
  readonly flushOffsetCheckpointIntervalMs?: number;
  /** replica.high.watermark.checkpoint.interval.ms. Default 5 s. */
  readonly highWatermarkCheckpointIntervalMs?: number;
  /** producer.id.expiration.ms. Default 1 day. */
  readonly producerIdExpirationMs?: number;
  /** producer.id.expiration.check.interval.ms. Default 10 min. */
  readonly producerIdExpirationCheckIntervalMs?: number;
  /** num.recovery.threads.per.data.dir: logs recovered at a time. Default 2. */
  readonly recoveryThreadsPerDirectory?: number;
  /** Memory for records written lately, over all logs. Default 32 MiB. */
  readonly tailBytesMax?: number;
  /** Memory for loaded indexes of closed segments, over all logs. Default 32 MiB. */
  readonly indexBytesMax?: number;
  /** Memory kept ready for reads from disk, over all logs. Default 16 MiB. */
  readonly readBytesMax?: number;
  /** Descriptors to keep open. Default: half of what the process may have. */
  readonly openFilesMax?: number;
  /** Syncs under way at a time, over all logs. Default 2. */
  readonly syncsAtATime?: number;
  /** Checksums of batches read from disk: the first time since start ('first', default), or never. */
  readonly verifyReads?: 'first' | 'never';
}

export interface LogDirectoryInfo {
  readonly path: string;
  readonly totalBytes: number;
  readonly usableBytes: number;
  /** Why it is offline, when it is. */
  readonly error: string | undefined;
  readonly logs: readonly PartitionLog[];
  /** Logs of other directories that are being moved into this one. */
  readonly futures: readonly FutureLog[];
}

/** A copy in the making (KIP-113: the future replica). */
export interface FutureLog {
  readonly topic: string;
  readonly partition: number;
  readonly sizeBytes: number;
  /** Records that it lacks. */
  readonly offsetLag: number;
}

const NOTHING_SETTLED: SettledMoves = { unfinished: [], facts: new Map(), movedFiles: [] };
const MIB = 1 << 20;
const DAY_MS = 86_400_000;
/** Two keep the disk busy while the loop handles what one of them released, and leave half of the pool to reads. */
const SYNCS_AT_A_TIME = 2;
/** Of what is open in all, some belongs to sockets. */
const OPEN_FILES_MAX = 10_000;
/** Syncs of a clean stop under way at a time: as many as the thread pool has threads. */
const CLOSING_AT_A_TIME = 4;

/** Makes a directory and its missing parents so that a power cut does not take them back with all they hold by then. */
async function makeDurably(disk: Disk, path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = path; at !== '' && !disk.exists(at); at = parentOf(at)) missing.push(at);
  if (missing.length === 0) return;
  await disk.makeDirectory(path);
  for (const made of missing.reverse()) await disk.syncDirectory(parentOf(made) || '/');
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export class LogStore {
  readonly clusterId: string;
  readonly stats: StorageStats;
  /** The broker epoch under which all directories were closed in order the last time; -1 when one was not (KIP-966). */
  readonly previousBrokerEpoch: number;
  readonly #shared: SharedContext;
  readonly #directories: LogDirectory[];
  readonly #preferred = new PreferredDirectories();
  readonly #cordoned: () => readonly string[];
  /** Directories that could not be used from the start, and why. */
  readonly #offline: ReadonlyMap<string, string>;
  readonly #logs = new Map<string, Map<number, PartitionLog>>();
  #logCount = 0;
  readonly #removals: DelayedRemovals;
  readonly #housekeeping: Housekeeping;
  readonly #moves: LogMoves;
  /** That a crash or a stop broke off. */
  #unfinished: SettledMoves['unfinished'];
  #closed = false;

  private constructor(o: {
    clusterId: string;
    shared: SharedContext;
    directories: LogDirectory[];
    offline: ReadonlyMap<string, string>;
    removals: DelayedRemovals;
    options: LogStoreOptions;
    previousBrokerEpoch: number;
    unfinished: SettledMoves['unfinished'];
  }) {
    this.clusterId = o.clusterId;
    this.previousBrokerEpoch = o.previousBrokerEpoch;
    this.stats = o.shared.stats;
    this.#shared = o.shared;
    this.#directories = o.directories;
    this.#offline = o.offline;
    this.#removals = o.removals;
    this.#cordoned = o.options.cordoned ?? (() => []);
    this.#housekeeping = new Housekeeping(o.shared, o.directories, {
      retentionCheckIntervalMs: o.options.retentionCheckIntervalMs ?? 300_000,
      flushOffsetCheckpointIntervalMs: o.options.flushOffsetCheckpointIntervalMs ?? 60_000,
      highWatermarkCheckpointIntervalMs: o.options.highWatermarkCheckpointIntervalMs ?? 5_000,
      producerIdExpirationCheckIntervalMs: o.options.producerIdExpirationCheckIntervalMs ?? 600_000,
    });
    this.#unfinished = o.unfinished;
    this.#moves = new LogMoves({
      shared: o.shared,
      removals: o.removals,
      directoryOf: (log) => must(this.#directoryAt(log.directory), 'a log is in a directory of its store'),
      checkpoint: () => this.#housekeeping.checkpoint(),
      bytesPerSecond: o.options.moveBytesPerSecond ?? (() => Number.POSITIVE_INFINITY),
    });
  }

  /**
   * Claims the directories, loads every log. Throws DiskError LOCKED, or LogStoreError (other cluster, other broker, one
   * partition in two directories, no directory usable), each saying what to do.
   */
  static async open(options: LogStoreOptions): Promise<LogStore> {
    const { disk, clock, timers, random } = options.ports;
    const stats: StorageStats = {
      writes: 0,
      writtenBytes: 0,
      syncs: 0,
      syncMs: 0,
      tailReads: 0,
      tailReadBytes: 0,
      diskReads: 0,
      diskReadBytes: 0,
    };
    const removals = new DelayedRemovals(disk, clock, timers);
    const shared: SharedContext = {
      disk,
      clock,
      timers,
      random,
      files: new OpenFiles(disk, options.openFilesMax ?? Math.min(OPEN_FILES_MAX, disk.openFilesLimit() >>> 1)),
      tailMemory: new TailMemory(options.tailBytesMax ?? 32 * MIB),
      indexMemory: new IndexMemory(options.indexBytesMax ?? 32 * MIB),
      readBuffers: new ReadBuffers(options.readBytesMax ?? 16 * MIB),
      syncSlots: new SyncSlots(options.syncsAtATime ?? SYNCS_AT_A_TIME),
      flusher: new TurnFlusher(
        (run) => timers.afterTurn(run),
        () => clock.monotonic(),
      ),
      events: options.events,
      stats,
      verifyReads: options.verifyReads ?? 'first',
      producerIdExpirationMs: options.producerIdExpirationMs ?? DAY_MS,
      background: new BackgroundQueue(
        (run) => timers.afterTurn(run),
        (error) => {
          throw error;
        },
      ),
      removeLater: (paths, delayMs) => removals.add(paths, delayMs),
    };
    const directories: LogDirectory[] = [];
    const offline = new Map<string, string>();
    try {
      for (const path of options.directories) {
        try {
          await makeDurably(disk, path);
          directories.push(new LogDirectory(shared, path, await disk.lock(path, LOG_DIRECTORY_FILES.lock)));
        } catch (error) {
          // A directory in use is a mistake of the set-up; one that fails is a disk to replace, the others go on.
          if (!(error instanceof DiskError) || error.code === 'LOCKED') throw error;
          offline.set(path, error.message);
        }
      }
      if (directories.length === 0) {
        const reasons = [...offline.values()].join('; ');
        throw new LogStoreError('NO_DIRECTORY', `none of the log directories can be used: ${reasons}`);
      }
      const clusterId = await settleIdentity(disk, directories, {
        clusterId: options.clusterId,
        brokerId: options.brokerId,
        drawUuid: () => randomUuid(random),
      });
      const paths = directories.map(({ path }) => path);
      const settled = options.directories.length > 1 ? settleMoves(shared, paths, offline.size === 0) : NOTHING_SETTLED;
      const loaded: LoadedDirectory[] = [];
      for (const directory of directories) {
        loaded.push(
          await loadDirectory(directory, shared, {
            defaults: options.defaults,
            recoveriesAtATime: options.recoveryThreadsPerDirectory ?? 2,
            moved: settled.facts.get(directory.path),
          }),
        );
      }
      const epochs = new Set(loaded.map(({ brokerEpoch }) => brokerEpoch));
      const previousBrokerEpoch = epochs.size === 1 && offline.size === 0 ? loaded[0]!.brokerEpoch : -1;
      const store = new LogStore({
        ...{ clusterId, shared, directories, offline, removals, options, previousBrokerEpoch },
        unfinished: settled.unfinished,
      });
      for (const { logs, deleted } of loaded) {
        for (const log of logs) store.#register(log);
        if (deleted.length > 0) removals.add(deleted, options.defaults.fileDeleteDelayMs);
      }
      store.#housekeeping.startCheckpoints();
      // What the files say is written down where it belongs; then they go.
      for (const [path, facts] of settled.facts) {
        const directory = store.#directoryAt(path);
        for (const name of facts.keys()) {
          const log = directory?.logs.get(name);
          if (log) directory?.adopt(log);
        }
      }
      if (settled.movedFiles.length > 0) {
        await store.#housekeeping.checkpoint();
        for (const path of settled.movedFiles) await disk.remove(path).catch(() => {});
      }
      return store;
    } catch (error) {
      removals.stop();
      shared.files.closeAll();
      for (const directory of directories) await directory.lock.release();
      throw error;
    }
  }

  get logCount(): number {
    return this.#logCount;
  }

  /** Bytes appended that no file has yet, over all logs: what a slow disk makes the broker hold. */
  get tailBytes(): number {
    return this.#shared.tailMemory.usedBytes;
  }

  get openFiles(): number {
    return this.#shared.files.count;
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.#logs.get(topic)?.get(partition);
  }

  *logs(): IterableIterator<PartitionLog> {
    for (const partitions of this.#logs.values()) yield* partitions.values();
  }

  /** Retention and its like begin; call once the logs are configured (a default could delete what a topic keeps). */
  startHousekeeping(): void {
    this.#housekeeping.startRetention();
    for (const { topic, partition, directory } of this.#unfinished) {
      const log = this.get(topic, partition);
      try {
        if (log && !log.failure) this.move(topic, partition, directory);
      } catch (error) {
        this.#shared.events({ kind: 'logMoveFailed', log: log!.name, directory, error: error as Error });
      }
    }
    this.#unfinished = [];
  }

  /**
   * Makes the directory and first files of a log and answers it, usable at once. Synchronous, so that a topic is there
   * when CreateTopics is answered. Throws BrokerDiskError, or LogStoreError LOG_EXISTS.
   */
  create(o: { topic: string; topicId: string; partition: number; config: LogConfig }): PartitionLog {
    const { topic, topicId, partition, config } = o;
    if (this.#closed) throw new BrokerDiskError('STORAGE_CLOSED', 'the store is closed');
    if (this.get(topic, partition)) {
      throw new LogStoreError('LOG_EXISTS', `${topic}-${partition} exists already`);
    }
    const directory = this.#placeFor(topic, partition);
    const place = new LogPlace(directory);
    const { disk } = directory;
    const path = `${directory.path}/${partitionDirectoryName(topic, partition)}`;
    const home = { path };
    const segment = new Segment(home, 0, directory.clock.now());
    try {
      if (disk.exists(path)) {
        throw new LogStoreError('LOG_EXISTS', `${path} exists already and was not loaded; move it away`);
      }
      disk.makeDirectorySync(path);
      segment.createFiles(disk);
      disk.writeFileSync(`${path}/${PARTITION_FILES.metadata}`, formatPartitionMetadata(topicId));
      disk.writeFileSync(`${path}/${PARTITION_FILES.leaderEpochs}`, '');
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      // A half-made directory holds nothing; it must not be in the way of the next try.
      void disk.removeTree(path).catch(() => {});
      if (!passes(error)) directory.fail(error);
      throw new BrokerDiskError(passes(error) ? 'STORAGE_FULL' : 'STORAGE_FAILED', error.message, { cause: error });
    }
    const log = new PartitionLog(place, {
      topic,
      partition,
      topicId,
      config,
      home,
      segments: new SegmentList([segment]),
      startOffset: 0,
      endOffset: 0,
      highWatermark: 0,
      recoveryPoint: 0,
      epochs: new LeaderEpochs(),
      producers: new ProducerState(),
      files: new LogFiles(place, home, partitionDirectoryName(topic, partition)),
      unsyncedNames: 'directory',
    });
    directory.logs.set(log.name, log);
    this.#register(log);
    this.#preferred.done(topic, partition);
    return log;
  }

  /** Renamed at once to `<topic>-<p>.<hex>-delete`; removed after file.delete.delay.ms. */
  async delete(topic: string, partition: number): Promise<void> {
    const log = this.get(topic, partition);
    if (!log) return;
    const moved = await this.#moveAway(log, 'delete');
    this.#removals.add([moved], log.config.fileDeleteDelayMs);
    this.#shared.events({ kind: 'logDeleted', log: log.name, directory: log.directory });
  }

  /** Sets a log aside that metadata does not know (`<topic>-<p>.<hex>-stray`): never deleted, an event names it (23). */
  async quarantine(topic: string, partition: number, reason: string): Promise<void> {
    const log = this.get(topic, partition);
    if (!log) return;
    await log.flush().catch(() => {});
    const path = await this.#moveAway(log, 'stray');
    this.#shared.events({ kind: 'quarantined', log: log.name, path, reason });
  }

  async #moveAway(log: PartitionLog, mark: 'delete' | 'stray'): Promise<string> {
    this.#moves.cancel(log);
    const directory = must(this.#directoryAt(log.directory), 'a log is in a directory of its store');
    const failure = directory.failure;
    if (failure) throw failure;
    log.shut(new BrokerDiskError('STORAGE_CLOSED', `${log.name} was ${mark === 'delete' ? 'deleted' : 'set aside'}`));
    const name = markedDirectoryName(log.topic, log.partition, mark, directory.random.bytes(16));
    const path = `${directory.path}/${name}`;
    try {
      directory.disk.renameSync(log.path, path);
    } catch (error) {
      directory.failUnlessPassing(error);
      throw new BrokerDiskError('STORAGE_FAILED', (error as Error).message, { cause: error });
    }
    log.home.path = path;
    directory.logs.delete(log.name);
    const partitions = this.#logs.get(log.topic)!;
    partitions.delete(log.partition);
    if (partitions.size === 0) this.#logs.delete(log.topic);
    this.#logCount--;
    if (log.startOffset > 0) directory.logStartMoved();
    await directory.syncNames().catch((error: unknown) => directory.failUnlessPassing(error));
    return path;
  }

  /** A log that is made later under this name goes into `path`, one of `directories`, unless that has failed by then. */
  preferDirectory(topic: string, partition: number, path: string): void {
    this.#preferred.set(topic, partition, path);
  }

  /**
   * Begins to move a log into `path`, another one of `directories`; it is written and read meanwhile, and a move that is
   * under way ends for it. Into where it is: the move under way ends. Throws LogStoreError NO_DIRECTORY, BrokerDiskError.
   */
  move(topic: string, partition: number, path: string): void {
    const log = this.get(topic, partition);
    const to = this.#directoryAt(path);
    if (!log || !to) throw new LogStoreError('NO_DIRECTORY', `${path} is no directory for ${topic}-${partition}`);
    const obstacle = log.failure ?? to.failure;
    if (obstacle) throw obstacle;
    if (log.directory === path) this.#moves.cancel(log);
    else if (this.#moves.of(log)?.to !== to) {
      try {
        this.#moves.begin(log, to);
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        to.failUnlessPassing(error);
        throw new BrokerDiskError(passes(error) ? 'STORAGE_FULL' : 'STORAGE_FAILED', error.message, { cause: error });
      }
    }
  }

  #directoryAt(path: string): LogDirectory | undefined {
    return this.#directories.find((directory) => directory.path === path);
  }

  /** Whether every directory that can be used is closed to new logs. */
  get isCordoned(): boolean {
    const cordoned = new Set(this.#cordoned());
    const isOpen = ({ path, failure }: LogDirectory) => !failure && !cordoned.has(path) && !cordoned.has('*');
    return cordoned.size > 0 && !this.#directories.some(isOpen);
  }

  directories(): LogDirectoryInfo[] {
    const infos: LogDirectoryInfo[] = this.#directories.map((directory) => {
      const { path } = directory;
      let volume = { totalBytes: -1, usableBytes: -1 };
      let error = directory.failure?.message;
      try {
        if (!error) volume = this.#shared.disk.volumeSync(path);
      } catch (cause) {
        error = (cause as Error).message;
      }
      const futures = Array.from(this.#moves.into(directory), ({ log, copiedBytes, offsetLag }) => ({
        ...{ topic: log.topic, partition: log.partition, sizeBytes: copiedBytes, offsetLag },
      }));
      return { path, ...volume, error, logs: [...directory.logs.values()], futures };
    });
    for (const [path, error] of this.#offline) {
      infos.push({ path, totalBytes: -1, usableBytes: -1, error, logs: [], futures: [] });
    }
    return infos;
  }

  /** One retention pass now, as the timer does it. */
  retain(): Promise<void> {
    return this.#housekeeping.retain();
  }

  /** One pass over recovery points, epochs and high watermarks now, as the timers do it. */
  checkpoint(): Promise<void> {
    return this.#housekeeping.checkpoint();
  }

  /** Flushes, writes checkpoints, marks the stop clean (as one under this broker epoch), releases the directories. */
  async close(o: { readonly brokerEpoch?: number } = {}): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#moves.stop();
    await this.#housekeeping.stop();
    this.#removals.stop();
    await this.#shared.background.drained();
    for (const directory of this.#directories) {
      if (directory.failure) continue;
      try {
        await this.#closeDirectory(directory, o.brokerEpoch ?? -1);
      } catch (error) {
        // Without the marker the next start recovers.
        directory.failUnlessPassing(error);
      }
    }
    this.#shared.files.closeAll();
    for (const directory of this.#directories) await directory.lock.release();
  }

  /** As kill -9 leaves it: what is not in a file by now never will be, nothing is marked, the directories are let go. */
  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#moves.stop();
    await this.#housekeeping.stop();
    this.#removals.stop();
    for (const directory of this.#directories) {
      for (const log of directory.logs.values()) {
        log.shut(new BrokerDiskError('STORAGE_CLOSED', `${log.name} was abandoned`));
      }
    }
    await this.#shared.background.drained();
    this.#shared.files.closeAll();
    for (const directory of this.#directories) await directory.lock.release();
  }

  async #closeDirectory(directory: LogDirectory, brokerEpoch: number): Promise<void> {
    const logs = [...directory.logs.values()];
    let next = 0;
    let whole = true;
    const closeSome = async () => {
      while (next < logs.length && !directory.failure) {
        const log = logs[next++]!;
        if (!(await this.#closeLog(directory, log))) whole = false;
      }
    };
    await Promise.all(Array.from({ length: CLOSING_AT_A_TIME }, closeSome));
    await this.#shared.background.drained();
    if (directory.failure || !whole) return;
    await directory.writeAllCheckpoints(brokerEpoch);
    for (const log of logs) log.shut(new BrokerDiskError('STORAGE_CLOSED', `${log.name} is closed`));
  }

  /** False when something of it did not reach the disk: the stop is not clean then. */
  async #closeLog(directory: LogDirectory, log: PartitionLog): Promise<boolean> {
    try {
      if (log.recoveryPoint < log.endOffset || log.writer.queuedBytes > 0) await log.flush();
      const { active } = log.segments;
      if (active.indexes && active.indexesUnwritten) active.writeIndexes(directory.disk);
      if (log.endOffset > (log.files.latestSnapshot ?? log.segments.first.baseOffset)) {
        log.files.snapshotProducers(log.producerState, log.endOffset);
      }
      await directory.writeEpochs(log);
      return true;
    } catch (error) {
      directory.failUnlessPassing(error);
      return false;
    }
  }

  #register(log: PartitionLog): void {
    let partitions = this.#logs.get(log.topic);
    if (!partitions) {
      partitions = new Map();
      this.#logs.set(log.topic, partitions);
    }
    const twin = partitions.get(log.partition);
    if (twin) {
      throw new LogStoreError(
        'DUPLICATE_LOG',
        `${log.name} lies in two log directories, ${twin.directory} and ${log.directory}; move one of them away`,
      );
    }
    partitions.set(log.partition, log);
    this.#logCount++;
  }

  /** Where a new log goes: into the directory that was named for it, if that is sound. */
  #placeFor(topic: string, partition: number): LogDirectory {
    const path = this.#preferred.get(topic, partition);
    const named = this.#directories.find((directory) => directory.path === path && !directory.failure);
    return named ?? this.#roomiest();
  }

  /**
   * The sound directory with the fewest logs, of those that are not cordoned (KIP-1066). Where all are, somebody assigned
   * the replica to this broker by hand: it has to be somewhere.
   */
  #roomiest(): LogDirectory {
    const sound = this.#directories.filter(({ failure }) => !failure);
    if (sound.length === 0) throw new BrokerDiskError('STORAGE_FAILED', 'every log directory has failed');
    const cordoned = new Set(this.#cordoned());
    const open = cordoned.has('*') ? [] : sound.filter(({ path }) => !cordoned.has(path));
    return (open.length > 0 ? open : sound).reduce((best, one) => (one.logs.size < best.logs.size ? one : best));
  }
}

// Brings what was appended to one log to its files: many appends become one write, and in 'fsync' durability one
// fdatasync covers all of them (group commit: at most one write and one sync under way, everything that arrives meanwhile
// goes into the next).
//
// Always: bytes reach a file in the order of their offsets, at the place they were given; writtenEnd and syncedEnd move
// only over bytes that are there; after a failed write or sync nothing more of this directory is acknowledged (S2, S17).
// Out of space or descriptors is different (S3, 18): nothing is lost, what is queued waits in memory and is tried again,
// whoever waits for it is told at once, and appends are refused meanwhile.
import { BrokerDiskError, passes } from '../broker-disk-error.ts';
import { PARTITION_FILES } from '../file-names.ts';
import type { Durability } from '../log-config.ts';
import type { OpenFile } from '../segment/open-files.ts';
import type { Segment } from '../segment/segment.ts';
import type { SegmentList } from '../segment/segment-list.ts';
import type { StorageContext } from '../storage-context.ts';
import { type PersistedCallback, PersistenceWaiters } from './persistence-waiters.ts';
import type { TurnWriter } from './turn-flusher.ts';

/** What the writer asks of its log. */
export interface WriterHost {
  readonly name: string;
  readonly path: string;
  readonly durability: Durability;
  /** persistedEnd moved. */
  persisted(): void;
}

interface WriteGroup {
  readonly segment: Segment;
  readonly position: number;
  readonly chunks: Buffer[];
  sizeBytes: number;
  endOffset: number;
}

/** How soon a full disk is tried again. */
const RETRY_MS = 1_000;

export class LogWriter implements TurnWriter {
  readonly #context: StorageContext;
  readonly #host: WriterHost;
  scheduled = false;
  queuedBytes = 0;
  #queue: WriteGroup[] = [];
  #writing = false;
  #syncing = false;
  #waitsForSlot = false;
  /** Nothing is written or synced: the files are being moved. */
  #atRest = false;
  /** Offsets: handed to the operating system, and on stable storage. */
  #writtenEnd: number;
  #syncedEnd: number;
  /** Never goes back, even when durability changes to the stricter one. */
  #persistedEnd: number;
  /** A sync was asked for up to here. */
  #syncGoal = 0;
  /** Segments with written bytes that are not synced, oldest first. */
  #unsynced: Segment[] = [];
  /** Names that a power cut could still take: of segment files, and of the log's directory itself. */
  #unsyncedNames: 'none' | 'files' | 'directory' = 'none';
  readonly #waiters = new PersistenceWaiters<BrokerDiskError>();
  #syncWaiters: PersistenceWaiters<BrokerDiskError> | undefined;
  #stalled: BrokerDiskError | undefined;
  #stallAnnounced = false;
  #failure: BrokerDiskError | undefined;
  /** Since when there has been something unsynced, in monotonic ms; undefined when nothing is. */
  #unsyncedSinceMs: number | undefined;
  #idle: (() => void)[] = [];

  constructor(context: StorageContext, host: WriterHost, ends: { readonly written: number; readonly synced: number }) {
    this.#context = context;
    this.#host = host;
    this.#writtenEnd = ends.written;
    this.#syncedEnd = Math.min(ends.synced, ends.written);
    this.#syncGoal = this.#syncedEnd;
    this.#persistedEnd = host.durability === 'fsync' ? this.#syncedEnd : this.#writtenEnd;
  }

  get persistedEnd(): number {
    return this.#persistedEnd;
  }

  get writtenEnd(): number {
    return this.#writtenEnd;
  }

  get syncedEnd(): number {
    return this.#syncedEnd;
  }

  get unsyncedSinceMs(): number | undefined {
    return this.#unsyncedSinceMs;
  }

  /** Why appends are refused: a failure for good, or a shortage that passes. */
  get obstacle(): BrokerDiskError | undefined {
    return this.#failure ?? this.#stalled;
  }

  get failure(): BrokerDiskError | undefined {
    return this.#failure;
  }

  /** Bytes written and not synced. */
  get unsyncedBytes(): number {
    let bytes = 0;
    for (const segment of this.#unsynced) bytes += segment.writtenBytes - segment.syncedBytes;
    return bytes;
  }

  /** Queues what was appended to the end of `segment`, up to `endOffset`. */
  add(segment: Segment, position: number, chunk: Buffer, endOffset: number): void {
    const last = this.#queue[this.#queue.length - 1];
    if (last && last.segment === segment) {
      const before = last.chunks[last.chunks.length - 1]!;
      // Neighbours in a slab are one chunk to write.
      if (before.buffer === chunk.buffer && before.byteOffset + before.length === chunk.byteOffset) {
        last.chunks[last.chunks.length - 1] = Buffer.from(
          chunk.buffer,
          before.byteOffset,
          before.length + chunk.length,
        );
      } else {
        last.chunks.push(chunk);
      }
      last.sizeBytes += chunk.length;
      last.endOffset = endOffset;
    } else {
      this.#queue.push({ segment, position, chunks: [chunk], sizeBytes: chunk.length, endOffset });
    }
    this.queuedBytes += chunk.length;
    this.#context.flusher.schedule(this);
  }

  /** A segment file was made (or the log's directory itself); its name is synced with the next data. */
  nameMade(what: 'files' | 'directory'): void {
    if (this.#unsyncedNames !== 'directory') this.#unsyncedNames = what;
  }

  /** There are bytes in files that no sync of this run has covered (after a recovery). */
  adoptUnsynced(segment: Segment): void {
    if (!this.#unsynced.includes(segment)) this.#unsynced.push(segment);
  }

  whenPersisted(endOffset: number, done: PersistedCallback<BrokerDiskError>): void {
    if (this.#persistedEnd >= endOffset) done();
    else if (this.obstacle) done(this.obstacle);
    else this.#waiters.add(endOffset, done);
  }

  /** On stable storage up to `endOffset`, whatever the durability. */
  sync(endOffset: number): Promise<void> {
    if (this.#syncedEnd >= endOffset && this.#unsyncedNames === 'none') return Promise.resolve();
    if (this.obstacle) return Promise.reject(this.obstacle);
    this.#syncGoal = Math.max(this.#syncGoal, endOffset);
    this.#syncWaiters ??= new PersistenceWaiters();
    const waiters = this.#syncWaiters;
    return new Promise((resolve, reject) => {
      waiters.add(endOffset, (error) => (error ? reject(error) : resolve()));
      this.#pump(this.#context.flusher.syncBytesMax);
    });
  }

  /** Nothing queued and nothing under way. Rejects when it will not come to that. */
  async quiet(): Promise<void> {
    while (this.#isBusy || (this.#queue.length > 0 && !this.obstacle)) {
      this.#pump(0);
      if (!this.#isBusy) continue;
      await this.#nextIdle();
    }
    if (this.obstacle) throw this.obstacle;
  }

  /** Starts nothing from here on until `goOn`; answers when nothing is under way. What is appended meanwhile is queued. */
  async rest(): Promise<void> {
    this.#atRest = true;
    while (this.#writing || this.#syncing || this.#waitsForSlot) await this.#nextIdle();
  }

  goOn(): void {
    this.#atRest = false;
    this.#settle();
  }

  get #isBusy(): boolean {
    return this.#writing || this.#syncing || this.#waitsForSlot || this.#atRest;
  }

  #nextIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** The log was cut or started over while quiet: from here on this is what is written and synced, in `segments` only. */
  reset(end: number, segments: SegmentList): void {
    this.#writtenEnd = end;
    this.#syncedEnd = Math.min(this.#syncedEnd, end);
    this.#persistedEnd = Math.min(this.#persistedEnd, end);
    this.#syncGoal = Math.min(this.#syncGoal, end);
    // The file of one that is gone cannot be synced any more, and need not be.
    this.#unsynced = this.#unsynced.filter(
      (segment) => segments.includes(segment) && segment.writtenBytes > segment.syncedBytes,
    );
  }

  /** Nothing more is written; everyone who waits is told. */
  fail(error: BrokerDiskError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#queue = [];
    this.queuedBytes = 0;
    this.#waiters.reject(error);
    this.#syncWaiters?.reject(error);
  }

  writeQueued(syncBytesMax: number): void {
    this.#pump(syncBytesMax);
  }

  /** Starts whatever can start now. */
  #pump(syncBytesMax: number): void {
    if (this.#failure || this.#atRest) return;
    const durable = this.#host.durability === 'fsync';
    if (!this.#writing && this.#queue.length > 0 && !this.#stalled && !(durable && this.#syncing)) {
      const groups = this.#queue;
      const bytes = this.queuedBytes;
      this.#queue = [];
      this.queuedBytes = 0;
      if (bytes <= syncBytesMax) this.#writeSync(groups);
      else void this.#writeOnPool(groups);
    }
    if (durable) this.#syncGoal = Math.max(this.#syncGoal, this.#writtenEnd);
    if (!this.#syncing && !this.#failure && !this.#stalled && this.#wantsSync()) {
      if (this.#waitsForSlot) return;
      this.#waitsForSlot = true;
      this.#context.syncSlots.take(() => {
        this.#waitsForSlot = false;
        if (this.#failure || this.#stalled || this.#syncing || this.#atRest || !this.#wantsSync()) {
          this.#context.syncSlots.release();
          this.#settle();
        } else void this.#syncOnPool();
      });
    }
  }

  #wantsSync(): boolean {
    if (this.#writtenEnd > this.#syncedEnd && this.#syncGoal > this.#syncedEnd) return true;
    return this.#unsyncedNames !== 'none' && (this.#syncWaiters?.size ?? 0) > 0;
  }

  #writeSync(groups: WriteGroup[]): void {
    let done = 0;
    try {
      for (; done < groups.length; done++) {
        const group = groups[done]!;
        this.#context.files.use(group.segment).file.writeSync(group.chunks, group.position);
        this.#wrote(group);
      }
    } catch (error) {
      this.#writeFailed(groups.slice(done), error);
    }
    this.#advance();
  }

  async #writeOnPool(groups: WriteGroup[]): Promise<void> {
    this.#writing = true;
    let done = 0;
    try {
      for (; done < groups.length; done++) {
        const group = groups[done]!;
        const open = this.#context.files.hold(group.segment);
        try {
          await open.file.write(group.chunks, group.position);
        } finally {
          this.#context.files.release(open);
        }
        if (this.#failure) break;
        this.#wrote(group);
      }
    } catch (error) {
      this.#writeFailed(groups.slice(done), error);
    }
    this.#writing = false;
    this.#advance();
    this.#settle();
  }

  #wrote(group: WriteGroup): void {
    const { segment } = group;
    segment.writtenBytes = group.position + group.sizeBytes;
    this.#writtenEnd = group.endOffset;
    this.#context.stats.writes++;
    this.#context.stats.writtenBytes += group.sizeBytes;
    if (this.#unsynced[this.#unsynced.length - 1] !== segment) this.adoptUnsynced(segment);
    if (this.#unsyncedSinceMs === undefined && this.#host.durability === 'os') {
      this.#unsyncedSinceMs = this.#context.clock.monotonic();
    }
  }

  async #syncOnPool(): Promise<void> {
    this.#syncing = true;
    const end = this.#writtenEnd;
    const names = this.#unsyncedNames;
    this.#unsyncedNames = 'none';
    // A copy: what is written while we sync is not covered.
    const segments = [...this.#unsynced];
    const sizes = segments.map((segment) => segment.writtenBytes);
    const sinceMs = this.#context.clock.monotonic();
    this.#unsyncedSinceMs = undefined;
    const held: OpenFile[] = [];
    try {
      for (const segment of segments) held.push(this.#context.files.hold(segment));
    } catch (error) {
      for (const open of held) this.#context.files.release(open);
      this.#unsyncedNames = names;
      this.#unsyncedSinceMs = sinceMs;
      this.#syncing = false;
      this.#context.syncSlots.release();
      if (passes(error)) this.#stall(error);
      else this.#fence(error);
      this.#settle();
      return;
    }
    try {
      if (held.length === 1) await held[0]!.file.datasync();
      else await Promise.all(held.map((open) => open.file.datasync()));
      if (names !== 'none') await this.#context.disk.syncDirectory(this.#host.path);
      if (names === 'directory') await this.#syncDirectoryOfLog();
      if (!this.#failure) {
        segments.forEach((segment, i) => {
          segment.syncedBytes = Math.max(segment.syncedBytes, Math.min(sizes[i]!, segment.writtenBytes));
        });
        this.#unsynced = this.#unsynced.filter((segment) => segment.writtenBytes > segment.syncedBytes);
        this.#syncedEnd = Math.max(this.#syncedEnd, Math.min(end, this.#writtenEnd));
        this.#context.stats.syncs++;
        this.#context.stats.syncMs += this.#context.clock.monotonic() - sinceMs;
      }
    } catch (error) {
      this.#fence(error);
    }
    for (const open of held) this.#context.files.release(open);
    this.#syncing = false;
    this.#context.syncSlots.release();
    this.#advance();
    this.#syncWaiters?.release(this.#syncedEnd);
    this.#settle();
  }

  /** Once in the life of a log: its topic id and the name of its directory. */
  async #syncDirectoryOfLog(): Promise<void> {
    const metadata = await this.#context.disk.open(`${this.#host.path}/${PARTITION_FILES.metadata}`, 'write');
    try {
      await metadata.datasync();
    } finally {
      await metadata.close();
    }
    await this.#context.directory.syncNames();
  }

  /** Moves persistedEnd and tells whoever waits for it. */
  #advance(): void {
    if (this.#failure) return;
    const end = this.#host.durability === 'fsync' ? this.#syncedEnd : this.#writtenEnd;
    if (end <= this.#persistedEnd) return;
    this.#persistedEnd = end;
    this.#host.persisted();
    this.#waiters.release(end);
  }

  /** Goes on with what came meanwhile. */
  #settle(): void {
    this.#pump(this.#context.flusher.syncBytesMax);
    if (this.#writing || this.#syncing || this.#waitsForSlot || this.#idle.length === 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #writeFailed(groups: WriteGroup[], error: unknown): void {
    if (this.#failure) return;
    if (!passes(error)) {
      this.#fence(error);
      return;
    }
    this.#queue = [...groups, ...this.#queue];
    for (const group of groups) this.queuedBytes += group.sizeBytes;
    // Part of a batch may be in the file; whoever reads it before the next try must not see it.
    const { segment } = groups[0]!;
    try {
      this.#context.files.use(segment).file.truncateSync(segment.writtenBytes);
    } catch {
      // The next write overwrites it, and recovery cuts it.
    }
    this.#stall(error);
  }

  #stall(error: unknown): void {
    const { name } = this.#host;
    const stalled = new BrokerDiskError('STORAGE_FULL', `${name}: ${(error as Error).message}`, { cause: error });
    if (!this.#stallAnnounced) {
      this.#stallAnnounced = true;
      this.#context.events({
        kind: 'storageStalled',
        log: name,
        directory: this.#context.directory.path,
        error: stalled,
      });
    }
    this.#stalled = stalled;
    this.#waiters.reject(stalled);
    this.#syncWaiters?.reject(stalled);
    this.#context.timers.set(RETRY_MS, () => this.#retry());
  }

  #retry(): void {
    if (this.#failure || !this.#stalled) return;
    this.#stalled = undefined;
    // Small, and on the loop: whether it went through is known when this returns.
    this.#pump(Number.POSITIVE_INFINITY);
    if (this.obstacle) return;
    this.#stallAnnounced = false;
    this.#context.events({ kind: 'storageResumed', log: this.#host.name, directory: this.#context.directory.path });
  }

  #fence(error: unknown): void {
    this.#context.directory.fail(error);
  }
}

// The log of one partition: the owner of its segments, its end, its producers and its epochs. Everything that changes it
// goes through here; how it is written, read, looked up, cut and shortened is in `write/` and `log/`.
//
// On the road of a Produce: `append` checks the batch, gives offsets, puts it into the tail in memory and returns; the
// writer brings it to disk at the end of the turn and moves `persistedEnd`, which releases whoever waits.
//
// Always: startOffset <= highWatermark <= endOffset; persistedEnd <= endOffset; offsets are given once and in order; an
// append either changes everything (segment, index, tail, producers, epochs) or nothing.
//
// Longer than most files here because every change of a log's state is in one class and can be read in one place.
import { assert, DiskError } from '@moldau/kernel';
import { checkBatch } from '@moldau/protocol/records/batch-check';
import {
  baseOffsetOf,
  batchSizeOf,
  isLogAppendTime,
  lastOffsetDeltaOf,
  maxTimestampOf,
  producerIdOf,
  setBaseOffset,
  setLeaderEpoch,
  stampLogAppendTime,
} from '@moldau/protocol/records/batch-header';
import { type BrokerDiskError, passes } from './broker-disk-error.ts';
import type { LeaderEpochs } from './checkpoint/leader-epochs.ts';
import { formatPartitionMetadata } from './checkpoint/partition-metadata.ts';
import { PARTITION_FILES } from './file-names.ts';
import { RELATIVE_OFFSET_MAX } from './index/offset-index.ts';
import { type AppendOptions, checkAppend, checkProducer } from './log/append-check.ts';
import { cutLog } from './log/cut-log.ts';
import { LogDamage } from './log/log-damage.ts';
import type { LogFiles } from './log/log-files.ts';
import { LogReader, type ReadableLog } from './log/log-reader.ts';
import { latestTimestamp, offsetForTimestamp } from './log/timestamp-lookup.ts';
import type { Appended, LogRefusal, LogSlice, ProducerSummary, ReadOptions, TimestampOffset } from './log-answers.ts';
import type { Durability, LogConfig } from './log-config.ts';
import { producerFactsOf } from './producer/producer-facts.ts';
import type { CompletedTransaction, ProducerState } from './producer/producer-state.ts';
import { loadIndexes } from './segment/index-access.ts';
import { type LogHome, Segment } from './segment/segment.ts';
import type { SegmentList } from './segment/segment-list.ts';
import type { StorageContext } from './storage-context.ts';
import { LogTail } from './tail/tail.ts';
import { LogWriter, type WriterHost } from './write/log-writer.ts';

export type { AppendOptions } from './log/append-check.ts';

/** What a new or loaded log starts from. */
export interface LogParts {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly config: LogConfig;
  readonly home: LogHome;
  readonly segments: SegmentList;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly highWatermark: number;
  readonly recoveryPoint: number;
  readonly epochs: LeaderEpochs;
  readonly producers: ProducerState;
  readonly files: LogFiles;
  /** Names that a power cut could take back: of files in it, or of its directory as well because that is new. */
  readonly unsyncedNames: 'none' | 'files' | 'directory';
  /** Segments in which recovery found damage. Default: none. */
  readonly damaged?: readonly Segment[];
  /** Default false. */
  readonly recoveredShort?: boolean;
}

export const NO_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

export class PartitionLog implements ReadableLog, WriterHost {
  readonly topic: string;
  readonly partition: number;
  #topicId: string;
  readonly context: StorageContext;
  readonly home: LogHome;
  readonly segments: SegmentList;
  readonly tail: LogTail;
  readonly epochs: LeaderEpochs;
  readonly producerState: ProducerState;
  /** Snapshots and other files beside the segments. */
  readonly files: LogFiles;
  readonly writer: LogWriter;
  /** What is known of damage in it, and its mending. */
  readonly damage: LogDamage;
  /** After an unclean stop it ended before what it had known to be safe: records that were promised are missing here. */
  readonly recoveredShort: boolean;
  readonly #reader: LogReader;
  #config: LogConfig;
  #startOffset: number;
  #endOffset: number;
  #highWatermark: number;
  #truncations = 0;
  #listeners: (() => void)[] = [];
  #failure: BrokerDiskError | undefined;
  /** A truncation or deletion is under way: appends would be lost in it. */
  #exclusive = false;
  /** Its files are being moved: nothing in them changes. */
  #atRest = false;

  /** Made by LogStore. */
  constructor(context: StorageContext, parts: LogParts) {
    this.context = context;
    this.topic = parts.topic;
    this.partition = parts.partition;
    this.#topicId = parts.topicId;
    this.#config = parts.config;
    this.home = parts.home;
    this.segments = parts.segments;
    this.#startOffset = parts.startOffset;
    this.#endOffset = parts.endOffset;
    this.#highWatermark = parts.highWatermark;
    this.epochs = parts.epochs;
    this.producerState = parts.producers;
    this.files = parts.files;
    this.tail = new LogTail(context.tailMemory);
    this.#reader = new LogReader(context, this);
    this.recoveredShort = parts.recoveredShort ?? false;
    this.damage = new LogDamage(context, this, {
      found: parts.damaged ?? [],
      forget: (segment) => this.#reader.forgetDamage(segment),
    });
    this.writer = new LogWriter(context, this, { written: parts.endOffset, synced: parts.recoveryPoint });
    if (parts.unsyncedNames !== 'none') this.writer.nameMade(parts.unsyncedNames);
    this.segments.active.rollJitterMs = this.#drawJitterMs();
  }

  /** `topic-partition`, for people. */
  get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  get topicId(): string {
    return this.#topicId;
  }

  /** The log dir it lives in. */
  get directory(): string {
    return this.context.directory.path;
  }

  /** Its own directory. */
  get path(): string {
    return this.home.path;
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  /** The offset that the next record gets (LEO). */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Everything below is on stable storage ('fsync') or with the operating system ('os'). */
  get persistedEnd(): number {
    return this.writer.persistedEnd;
  }

  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Below it no transaction is open: what read_committed consumers see. */
  get lastStableOffset(): number {
    const unstable = this.producerState.firstUnstableOffset;
    return unstable === undefined ? this.#highWatermark : Math.min(unstable, this.#highWatermark);
  }

  /** On stable storage for sure: after an unclean stop, recovery starts here. */
  get recoveryPoint(): number {
    return this.writer.syncedEnd;
  }

  get sizeBytes(): number {
    return this.segments.sizeBytes;
  }

  get segmentCount(): number {
    return this.segments.count;
  }

  get config(): LogConfig {
    return this.#config;
  }

  get durability(): Durability {
    return this.#config.durability;
  }

  get indexIntervalBytes(): number {
    return this.#config.indexIntervalBytes;
  }

  /** Set when nothing can be appended or read: the directory failed, or the log is closed. */
  get failure(): BrokerDiskError | undefined {
    return this.#failure;
  }

  /** The leader epoch that an offset was written in; -1 when unknown. */
  epochAt(offset: number): number {
    return this.epochs.epochOf(offset) ?? -1;
  }

  get latestEpoch(): number | undefined {
    return this.epochs.latest?.epoch;
  }

  get truncations(): number {
    return this.#truncations;
  }

  get isBeingCut(): boolean {
    return this.#exclusive || this.#atRest;
  }

  /** Nothing is written, mended or cut from here on until `goOn`; answers when nothing is under way. Appends are queued. */
  async rest(): Promise<void> {
    this.#atRest = true;
    await this.damage.quiet();
    await this.writer.rest();
  }

  goOn(): void {
    this.#atRest = false;
    this.writer.goOn();
  }

  configure(config: LogConfig): void {
    this.#config = config;
  }

  /** For a log whose partition.metadata is missing or torn; it is synced before the next record counts as durable. */
  assignTopicId(topicId: string): void {
    assert(this.#topicId === NO_TOPIC_ID || this.#topicId === topicId, `${this.name} has another topic id`);
    if (this.#topicId === topicId) return;
    this.#topicId = topicId;
    const write = (): void => {
      const file = `${this.home.path}/${PARTITION_FILES.metadata}`;
      this.context.disk.writeFileSync(file, formatPartitionMetadata(topicId));
    };
    try {
      write();
    } catch {
      // A full disk may have room again by then; a disk that fails ends there.
      this.context.later(write);
    }
    this.writer.nameMade('directory');
  }

  /** This broker leads from `epoch` on: remembered with the log end, even when nothing is ever written (KAFKA-7415). */
  assignLeaderEpoch(epoch: number): void {
    this.epochs.assign(epoch, this.#endOffset);
    this.context.changed(this);
  }

  /** Never goes back, never past the log end. */
  advanceHighWatermark(offset: number): void {
    const next = Math.min(offset, this.#endOffset);
    if (next <= this.#highWatermark) return;
    this.#highWatermark = next;
    this.producerState.onHighWatermark(next);
    this.context.highWatermarkMoved();
  }

  /**
   * Takes batches: exactly one from a client or coordinator, any number from replication. `records` is
   * copied, with offset and epoch written into it before. Nothing is on disk when this returns; see `whenPersisted`.
   */
  append(records: Buffer, options: AppendOptions): Appended | LogRefusal {
    const obstacle = this.#failure ?? this.writer.obstacle;
    if (obstacle) return refuse('KAFKA_STORAGE_ERROR', obstacle.message);
    assert(!this.#exclusive, `append to ${this.name} while it is being cut`);
    return options.origin === 'replication' ? this.#appendCopy(records, options) : this.#appendNew(records, options);
  }

  #appendNew(records: Buffer, options: AppendOptions): Appended | LogRefusal {
    const config = this.#config;
    if (!options.checked) {
      const refusal = checkAppend(records, options, config);
      if (refusal) return refusal;
    }
    const logAppendTime = config.timestampType === 'LogAppendTime';
    if (producerIdOf(records, 0) >= 0) {
      const origin = options.origin === 'client' ? 'client' : 'coordinator';
      const verdict = checkProducer(records, this.producerState, origin);
      if (verdict) {
        if ('kind' in verdict) return verdict;
        const { lastOffset, offsetDelta, timestamp } = verdict;
        return {
          kind: 'appended',
          baseOffset: lastOffset - offsetDelta,
          lastOffset,
          logAppendTimeMs: logAppendTime ? timestamp : -1,
          logStartOffset: this.#startOffset,
          duplicate: true,
        };
      }
    }
    const baseOffset = this.#endOffset;
    const lastOffset = baseOffset + lastOffsetDeltaOf(records, 0);
    assert(Number.isSafeInteger(lastOffset), `offsets of ${this.name} ran out`);
    if (logAppendTime) stampLogAppendTime(records, 0, options.now);
    const failed = this.#makeRoom(records.length, lastOffset, maxTimestampOf(records, 0), options.now);
    if (failed) return failed;

    setBaseOffset(records, 0, baseOffset);
    setLeaderEpoch(records, 0, options.leaderEpoch);
    this.#take(records, baseOffset, options.now);
    return {
      kind: 'appended',
      baseOffset,
      lastOffset,
      logAppendTimeMs: logAppendTime ? options.now : -1,
      logStartOffset: this.#startOffset,
      duplicate: false,
    };
  }

  /** Batches that another broker checked and gave offsets. */
  #appendCopy(records: Buffer, options: AppendOptions): Appended | LogRefusal {
    let nextOffset = this.#endOffset;
    let maxTimestamp = -1;
    let baseOffset = -1;
    if (records.length === 0) return refuse('INVALID_RECORD', 'nothing to append');
    for (let at = 0; at < records.length; at += batchSizeOf(records, at)) {
      const fault = checkBatch(records, at, records.length, {
        batchBytesMax: Number.POSITIVE_INFINITY,
        origin: 'replication',
      });
      if (fault) return refuse(fault.error, fault.detail);
      const first = baseOffsetOf(records, at);
      if (!(first >= nextOffset)) {
        return refuse('OFFSET_OUT_OF_RANGE', `batch at ${first} for ${this.name}, which goes on at ${nextOffset}`);
      }
      if (baseOffset < 0) baseOffset = first;
      nextOffset = first + lastOffsetDeltaOf(records, at) + 1;
      maxTimestamp = Math.max(maxTimestamp, maxTimestampOf(records, at));
    }
    const failed = this.#makeRoom(records.length, nextOffset - 1, maxTimestamp, options.now);
    if (failed) return failed;
    this.#take(records, baseOffset, options.now);
    return {
      kind: 'appended',
      baseOffset,
      lastOffset: nextOffset - 1,
      logAppendTimeMs: isLogAppendTime(records, 0) ? maxTimestampOf(records, 0) : -1,
      logStartOffset: this.#startOffset,
      duplicate: false,
    };
  }

  /** The one place where a log grows. The batches have their offsets, and nothing can fail any more. */
  #take(records: Buffer, baseOffset: number, nowMs: number): void {
    const segment = this.segments.active;
    const position = segment.sizeBytes;
    let endOffset = baseOffset;
    for (let at = 0; at < records.length; ) {
      const size = batchSizeOf(records, at);
      const firstOffset = baseOffsetOf(records, at);
      const lastOffset = firstOffset + lastOffsetDeltaOf(records, at);
      segment.append(size, lastOffset, maxTimestampOf(records, at), this.#config.indexIntervalBytes, nowMs);
      const epoch = records.readInt32BE(at + 12);
      if (epoch >= 0 && epoch !== this.epochs.latest?.epoch) this.epochs.assign(epoch, firstOffset);
      if (producerIdOf(records, at) >= 0) this.#noteProducer(records, at, nowMs);
      endOffset = lastOffset + 1;
      at += size;
    }
    const kept = this.tail.add(segment, position, baseOffset, endOffset, records);
    this.#endOffset = endOffset;
    this.producerState.endOffset = endOffset;
    this.writer.add(segment, position, kept, endOffset);
    this.context.changed(this);
    this.context.tailMemory.evict();
    if (this.#config.durability === 'os' && endOffset - this.writer.syncedEnd >= this.#config.flushMessages) {
      this.#syncSoon();
    }
  }

  #noteProducer(records: Buffer, at: number, nowMs: number): void {
    const facts = producerFactsOf(records, at);
    if (!facts) return;
    const completed = this.producerState.apply(facts, nowMs);
    if (completed?.aborted) this.#noteAborted(completed);
  }

  /** Into the transaction index of the segment that holds the marker. */
  #noteAborted(completed: CompletedTransaction): void {
    const { producerId, firstOffset, lastOffset } = completed;
    const lastStableOffset = this.producerState.lastStableOffsetAfter(completed);
    this.files.addAborted(this.segments.active, { producerId, firstOffset, lastOffset, lastStableOffset });
  }

  /** Rolls when the active segment should not take this append. Nothing has changed when it refuses. */
  #makeRoom(sizeBytes: number, lastOffset: number, maxTimestamp: number, nowMs: number): LogRefusal | undefined {
    try {
      const reason = this.#rollReason(sizeBytes, lastOffset, maxTimestamp, nowMs);
      if (reason) this.roll(reason, nowMs);
      loadIndexes(this.context, this, this.segments.active);
      return undefined;
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      // Full, or out of descriptors: this append is refused, the directory is sound (18, S15).
      if (!passes(error)) this.context.directory.fail(error);
      return refuse('KAFKA_STORAGE_ERROR', error.message);
    }
  }

  #rollReason(sizeBytes: number, lastOffset: number, maxTimestamp: number, nowMs: number): RollReason | undefined {
    const { active } = this.segments;
    const config = this.#config;
    if (lastOffset - active.baseOffset > RELATIVE_OFFSET_MAX && active.baseOffset < this.#endOffset) {
      return 'offset range';
    }
    if (active.sizeBytes === 0) return undefined;
    if (active.sizeBytes > config.segmentBytes - sizeBytes) return 'size';
    const { indexes } = active;
    if (indexes) {
      const { offsets, times } = indexes;
      if (offsets.count >= Math.floor(config.segmentIndexBytes / 8)) return 'index';
      if (times.count >= Math.floor(config.segmentIndexBytes / 12) - 1) return 'index';
    }
    active.firstTimestamp ??= this.#readFirstTimestamp(active);
    const waitedMs = active.firstTimestamp >= 0 ? maxTimestamp - active.firstTimestamp : nowMs - active.createdMs;
    return waitedMs > config.segmentMs - active.rollJitterMs ? 'time' : undefined;
  }

  #readFirstTimestamp(segment: Segment): number {
    const header = Buffer.alloc(61);
    const filled = this.context.files.use(segment).file.readSync(header, 0);
    return filled === header.length && header[16] === 2 ? maxTimestampOf(header, 0) : -1;
  }

  /** Closes the active segment and starts a new one at the log end. Throws DiskError, with nothing changed. */
  roll(reason: RollReason, nowMs: number): void {
    const sealed = this.segments.active;
    const segment = new Segment(this.home, this.#endOffset, nowMs);
    segment.createFiles(this.context.disk);
    segment.rollJitterMs = this.#drawJitterMs();
    segment.startIndexes('empty');
    loadIndexes(this.context, this, sealed);
    sealed.seal();
    this.segments.add(segment);
    this.writer.nameMade('files');
    // Derived files: they may be written late, or never.
    this.files.snapshotProducers(this.producerState, this.#endOffset);
    this.context.later(() => {
      sealed.writeIndexes(this.context.disk);
      if (this.segments.includes(sealed)) this.context.indexMemory.touch(sealed);
    });
    if (this.#config.durability === 'os') this.#syncSoon();
    this.context.events({ kind: 'segmentRolled', log: this.name, baseOffset: segment.baseOffset, reason });
  }

  #drawJitterMs(): number {
    const { segmentJitterMs } = this.#config;
    return segmentJitterMs > 0 ? this.context.random.float() * segmentJitterMs : 0;
  }

  /** In the background; what becomes of it is told by the directory's fate. */
  #syncSoon(): void {
    this.writer.sync(this.#endOffset).catch(() => {});
  }

  /** Calls `done` once persistedEnd >= endOffset (possibly before this returns), or with why that will not happen. */
  whenPersisted(endOffset: number, done: (error?: BrokerDiskError) => void): void {
    this.writer.whenPersisted(endOffset, done);
  }

  /** Calls after each move of persistedEnd, before the `done`s it releases. Answers how to stop. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** The writer's word that persistedEnd moved. */
  persisted(): void {
    for (const listener of this.#listeners) listener();
  }

  read(options: ReadOptions): LogSlice | LogRefusal | Promise<LogSlice | LogRefusal> {
    if (this.#failure) return refuse('KAFKA_STORAGE_ERROR', this.#failure.message);
    return this.#reader.read(options);
  }

  /** The first record at or after startOffset whose timestamp is `timestamp` or later. */
  offsetForTimestamp(timestamp: number): Promise<TimestampOffset | undefined> {
    return offsetForTimestamp(this.context, this, timestamp);
  }

  /** The first record with the largest timestamp. */
  maxTimestamp(): Promise<TimestampOffset | undefined> {
    return latestTimestamp(this.context, this);
  }

  /** End offset of the largest epoch at or below `epoch` (KIP-101, KIP-279); both -1 when unknown. */
  epochEndOffset(epoch: number): { epoch: number; endOffset: number } {
    return this.epochs.endOffset(epoch, this.#endOffset);
  }

  /** DeleteRecords: -1 is the high watermark. Answers the new start offset, once it is checkpointed. */
  async deleteRecordsBefore(offset: number): Promise<number | LogRefusal> {
    if (this.#failure) return refuse('KAFKA_STORAGE_ERROR', this.#failure.message);
    if (!this.#config.cleanupPolicy.has('delete')) {
      return refuse('POLICY_VIOLATION', `records of ${this.name} are kept by cleanup.policy, which has no "delete"`);
    }
    const target = offset === -1 ? this.#highWatermark : offset;
    if (target < 0 || target > this.#highWatermark) {
      return refuse('OFFSET_OUT_OF_RANGE', `${offset} is beyond the high watermark ${this.#highWatermark}`);
    }
    this.raiseStartOffset(target);
    await this.context.checkpointLogStarts();
    return this.#startOffset;
  }

  /** What lies before `offset` is gone for readers; its segments go with the next retention pass. */
  raiseStartOffset(offset: number): void {
    if (offset <= this.#startOffset) return;
    this.#startOffset = offset;
    this.epochs.truncateFromStart(offset);
    this.context.logStartMoved();
  }

  /** Takes the first `count` segments away; their files go after file.delete.delay.ms. Retention's hand. */
  removeFirstSegments(count: number): Segment[] {
    const removed = this.segments.removeFirst(count);
    const startOffset = this.segments.first.baseOffset;
    this.tail.dropBefore(startOffset);
    this.#reader.forgetPlaces();
    this.files.removeSegments(removed, this.#config.fileDeleteDelayMs);
    this.raiseStartOffset(startOffset);
    return removed;
  }

  /** Replication: everything at and past `offset` goes, in whole batches. */
  async truncateTo(offset: number): Promise<void> {
    if (offset >= this.#endOffset) return;
    if (offset <= this.#startOffset) return await this.truncateFullyAndStartAt(offset);
    await this.#alone(async () => {
      const endOffset = await cutLog(this.context, this, offset);
      this.#endAt(endOffset);
      this.epochs.truncateFromEnd(endOffset);
      await this.files.reloadProducers(this, this.producerState, endOffset);
    });
  }

  /** Replication: everything goes, and the log goes on at `offset`. */
  async truncateFullyAndStartAt(offset: number): Promise<void> {
    await this.#alone(async () => {
      const segment = new Segment(this.home, offset, this.context.clock.now());
      const removed = this.segments.removeFrom(0);
      this.files.removeSegments(removed, this.#config.fileDeleteDelayMs);
      segment.createFiles(this.context.disk);
      this.segments.add(segment);
      this.writer.nameMade('files');
      this.#startOffset = offset;
      this.#endAt(offset);
      this.epochs.clear();
      this.files.forgetSnapshots(Number.NEGATIVE_INFINITY);
      this.producerState.clear(offset);
      this.context.logStartMoved();
    });
  }

  /** Runs while nothing is appended or written. */
  async #alone(run: () => Promise<void>): Promise<void> {
    assert(!this.#exclusive, `${this.name} is being cut already`);
    this.#exclusive = true;
    try {
      await this.writer.quiet();
      await this.damage.quiet();
      this.#truncations++;
      await run();
    } catch (error) {
      if (error instanceof DiskError && !passes(error)) this.context.directory.fail(error);
      throw error;
    } finally {
      this.#exclusive = false;
    }
  }

  #endAt(offset: number): void {
    this.#endOffset = offset;
    this.#highWatermark = Math.min(this.#highWatermark, offset);
    this.tail.truncateTo(offset);
    this.#reader.forgetPlaces();
    this.writer.reset(offset, this.segments);
    this.context.changed(this);
    this.context.highWatermarkMoved();
  }

  /** No more appends or reads; whoever waits is told. The files stay as they are. */
  shut(error: BrokerDiskError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.writer.fail(error);
    this.tail.clear();
    this.#listeners = [];
    for (const segment of this.segments.all) {
      this.context.files.close(segment);
      this.context.indexMemory.forget(segment);
    }
  }

  /** Everything appended so far is on stable storage. */
  flush(): Promise<void> {
    return this.writer.sync(this.#endOffset);
  }

  producers(): ProducerSummary[] {
    return Array.from(this.producerState.entries(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.batches[entry.batches.length - 1]?.lastSequence ?? -1,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionFirstOffset,
    }));
  }
}

export type RollReason = 'size' | 'time' | 'index' | 'offset range' | 'retention';

function refuse(error: LogRefusal['error'], detail: string): LogRefusal {
  return { kind: 'refused', error, detail };
}

import type { BrokerDiskError } from './broker-disk-error.ts';
import type { Appended, LogRefusal, LogSlice, ProducerSummary, ReadOptions, TimestampOffset } from './log-answers.ts';
import type { LogConfig } from './log-config.ts';

export interface AppendOptions {
  /** Written into the batches; for 'replication' the batches carry it already. */
  readonly leaderEpoch: number;
  readonly origin: 'client' | 'coordinator' | 'replication';
  /** Wall-clock ms. */
  readonly now: number;
}

/** The log of one partition: see packages/storage/README.md. */
export declare class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** `topic-partition`, for people. */
  readonly name: string;
  readonly topicId: string;
  /** Directory of the log dir it lives in (not its own). */
  readonly directory: string;
  readonly startOffset: number;
  /** The offset that the next record gets (LEO). */
  readonly endOffset: number;
  /** Everything below is on stable storage ('fsync') or with the operating system ('os'). */
  readonly persistedEnd: number;
  /** Moved by its owner with `advanceHighWatermark`. */
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly recoveryPoint: number;
  readonly sizeBytes: number;
  readonly segmentCount: number;
  readonly config: LogConfig;
  /** Set when nothing can be appended or read: the directory failed, or the log is closed. */
  readonly failure: BrokerDiskError | undefined;
  readonly latestEpoch: number | undefined;
  configure(config: LogConfig): void;
  /** For a log whose partition.metadata is missing. */
  assignTopicId(topicId: string): void;
  /** This broker leads from `epoch` on: remembered with the log end (KAFKA-7415). */
  assignLeaderEpoch(epoch: number): void;
  /** Never goes back, never past the log end. */
  advanceHighWatermark(offset: number): void;
  append(records: Buffer, options: AppendOptions): Appended | LogRefusal;
  /** Calls `done` once persistedEnd >= endOffset (possibly before this returns), or with why that will not happen. */
  whenPersisted(endOffset: number, done: (error?: BrokerDiskError) => void): void;
  /** Calls after each move of persistedEnd, before the `done`s it releases. Answers how to stop. */
  onAdvance(listener: () => void): () => void;
  read(options: ReadOptions): LogSlice | LogRefusal | Promise<LogSlice | LogRefusal>;
  /** The first record at or after startOffset whose timestamp is `timestamp` or later. */
  offsetForTimestamp(timestamp: number): Promise<TimestampOffset | undefined>;
  /** The first record with the largest timestamp. */
  maxTimestamp(): Promise<TimestampOffset | undefined>;
  /** End offset of the largest epoch at or below `epoch` (KIP-101, KIP-279); both -1 when unknown. */
  epochEndOffset(epoch: number): { epoch: number; endOffset: number };
  /** DeleteRecords: -1 is the high watermark. Answers the new start offset, once it is checkpointed. */
  deleteRecordsBefore(offset: number): Promise<number | LogRefusal>;
  /** Replication: everything at and past `offset` goes. */
  truncateTo(offset: number): Promise<void>;
  /** Replication: everything goes, and the log goes on at `offset`. */
  truncateFullyAndStartAt(offset: number): Promise<void>;
  /** Everything appended so far is on stable storage. */
  flush(): Promise<void>;
  producers(): ProducerSummary[];
}

import type { Ports } from '@moldau/kernel';
import type { LogConfig } from './log-config.ts';
import type { PartitionLog } from './partition-log.ts';
import type { StorageEvents } from './storage-event.ts';

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
  /** Kafka's settings of the same names, with its defaults. */
  readonly retentionCheckIntervalMs?: number;
  readonly flushOffsetCheckpointIntervalMs?: number;
  readonly highWatermarkCheckpointIntervalMs?: number;
  readonly producerIdExpirationMs?: number;
  readonly producerIdExpirationCheckIntervalMs?: number;
  readonly recoveryThreadsPerDirectory?: number;
  /** Memory for records written lately, over all logs. Default 32 MiB. */
  readonly tailBytesMax?: number;
  /** Memory for loaded indexes of closed segments, over all logs. Default 32 MiB. */
  readonly indexBytesMax?: number;
  /** Descriptors to keep open. Default: half of what the process may have. */
  readonly openFilesMax?: number;
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
}

/** All logs of a broker: see packages/storage/README.md. */
export declare class LogStore {
  /**
   * Claims the directories, loads every log. Throws DiskError LOCKED, or LogStoreError (other cluster, other broker, one
   * partition in two directories, no directory usable), each saying what to do.
   */
  static open(options: LogStoreOptions): Promise<LogStore>;
  readonly clusterId: string;
  readonly logCount: number;
  get(topic: string, partition: number): PartitionLog | undefined;
  logs(): IterableIterator<PartitionLog>;
  /** Retention and its like begin; call once the logs are configured (a default could delete what a topic keeps). */
  startHousekeeping(): void;
  /** Makes the directory and first files of a log and answers it, usable at once. Throws BrokerDiskError. */
  create(o: { topic: string; topicId: string; partition: number; config: LogConfig }): PartitionLog;
  /** Renamed at once to `<topic>-<p>.<hex>-delete`; removed after file.delete.delay.ms. */
  delete(topic: string, partition: number): Promise<void>;
  /** Sets a log aside that metadata does not know (`<topic>-<p>.<hex>-stray`): never deleted, an event names it. */
  quarantine(topic: string, partition: number, reason: string): Promise<void>;
  directories(): LogDirectoryInfo[];
  /** One retention pass now, as the timer does it. */
  retain(): Promise<void>;
  /** Flushes, writes checkpoints, marks the stop clean, releases the directories. */
  close(): Promise<void>;
}

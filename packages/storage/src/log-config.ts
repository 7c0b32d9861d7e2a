// The settings of one log: Kafka's topic settings, resolved. A log is handed one and keeps the reference; logs of a topic
// share one object. Values at or past 2^53 (Kafka's Long.MAX) mean "never".

/** When an append counts as persisted: on stable storage (fdatasync), or handed to the operating system (Kafka's way). */
export type Durability = 'fsync' | 'os';

export interface LogConfig {
  /** segment.bytes: a segment is closed before it would grow past this. */
  readonly segmentBytes: number;
  /** segment.ms: a segment is closed when its first record is older than this at the next append. */
  readonly segmentMs: number;
  /** segment.jitter.ms: up to this much is taken off segment.ms, at random for each segment. */
  readonly segmentJitterMs: number;
  /** segment.index.bytes: a segment is closed when one of its indexes would grow past this. */
  readonly segmentIndexBytes: number;
  /** index.interval.bytes: one index entry for every so many bytes of records. */
  readonly indexIntervalBytes: number;
  /** retention.ms; -1 keeps for ever. */
  readonly retentionMs: number;
  /** retention.bytes, per partition; -1 does not bound. */
  readonly retentionBytes: number;
  /** cleanup.policy; empty keeps for ever. */
  readonly cleanupPolicy: ReadonlySet<'delete' | 'compact'>;
  /** max.message.bytes: the largest batch a client or coordinator may append, with its overhead. */
  readonly maxMessageBytes: number;
  /** flush.messages: a sync is forced after so many records. Matters in 'os' only: 'fsync' syncs every append. */
  readonly flushMessages: number;
  /** flush.ms: a sync is forced when something has been unsynced for so long. Matters in 'os' only. */
  readonly flushMs: number;
  /** file.delete.delay.ms: how long removed segments and logs stay on disk under a `.deleted` or `-delete` name. */
  readonly fileDeleteDelayMs: number;
  /** message.timestamp.type */
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /** message.timestamp.before.max.ms and message.timestamp.after.max.ms: how far from now a client's timestamp may be. */
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** log.durability: decision D5. */
  readonly durability: Durability;
}

const HOUR_MS = 3_600_000;

/** Kafka's defaults, with our durability. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 168 * HOUR_MS,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4_096,
  retentionMs: 168 * HOUR_MS,
  retentionBytes: -1,
  cleanupPolicy: new Set(['delete'] as const),
  maxMessageBytes: 1_048_588,
  flushMessages: Number.POSITIVE_INFINITY,
  flushMs: Number.POSITIVE_INFINITY,
  fileDeleteDelayMs: 60_000,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  timestampAfterMaxMs: HOUR_MS,
  durability: 'fsync',
};

// Names on disk: partition directories and the files in them. Kafka's, so that its tools find their way.

export type PartitionDirectory =
  | { readonly kind: 'log'; readonly topic: string; readonly partition: number }
  /** Deleted, to be removed; set aside. */
  | { readonly kind: 'deleted' | 'stray' }
  /** The copy that a move between log dirs makes; of which log, `markedDirectoryName` tells (a long topic is cut). */
  | { readonly kind: 'future'; readonly hex: string }
  | { readonly kind: 'other' };

const MARKED = /^.+\.[0-9a-f]{32}-(delete|stray|future)$/;
const OF_A_MOVE = /\.([0-9a-f]{32})-(future|moved)$/;
const NAMED = /^([a-zA-Z0-9._-]{1,249})-(0|[1-9]\d{0,9})$/;
/** What every file system takes as one name. */
const NAME_LENGTH_MAX = 255;

export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

export function parsePartitionDirectory(name: string): PartitionDirectory {
  const marked = MARKED.exec(name)?.[1];
  if (marked === 'future') return { kind: 'future', hex: OF_A_MOVE.exec(name)![1]! };
  if (marked !== undefined) return { kind: marked === 'delete' ? 'deleted' : 'stray' };
  // The metadata of a KRaft broker lies beside its logs and is not a log of topics.
  if (name.startsWith('__cluster_metadata-')) return { kind: 'other' };
  const parts = NAMED.exec(name);
  if (!parts) return { kind: 'other' };
  return { kind: 'log', topic: parts[1]!, partition: Number(parts[2]) };
}

/** `<topic>-<p>.<32 hex>-moved`: the file that says of the copy of that hex that it is whole. */
export function movedFileName(topic: string, partition: number, unique: Buffer): string {
  return markedDirectoryName(topic, partition, 'moved', unique);
}

/** The hex of such a file. */
export function parseMovedFile(name: string): string | undefined {
  return name.endsWith('-moved') ? OF_A_MOVE.exec(name)?.[1] : undefined;
}

/** `<topic>-<p>.<32 hex>-delete` (or -stray); a long topic is cut so that the name stays valid (KAFKA-4893). */
export function markedDirectoryName(
  topic: string,
  partition: number,
  mark: 'delete' | 'stray' | 'future' | 'moved',
  unique: Buffer,
): string {
  const suffix = `-${partition}.${unique.toString('hex')}-${mark}`;
  return topic.slice(0, NAME_LENGTH_MAX - suffix.length) + suffix;
}

export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot';
/** `.deleted` awaits removal, `.cleaned` is compaction output in the making, `.swap` is complete and replaces what it covers. */
export type SegmentFileMark = 'deleted' | 'cleaned' | 'swap';

const SEGMENT_FILE = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)(?:\.(deleted|cleaned|swap))?$/;

export function segmentFileName(baseOffset: number, kind: SegmentFileKind): string {
  return `${String(baseOffset).padStart(20, '0')}.${kind}`;
}

export function parseSegmentFile(
  name: string,
): { baseOffset: number; kind: SegmentFileKind; mark: SegmentFileMark | undefined } | undefined {
  const parts = SEGMENT_FILE.exec(name);
  if (!parts) return undefined;
  const baseOffset = Number(parts[1]);
  if (!Number.isSafeInteger(baseOffset)) return undefined;
  return { baseOffset, kind: parts[2] as SegmentFileKind, mark: parts[3] as SegmentFileMark | undefined };
}

/** Files of a log directory that belong to no single log. */
export const LOG_DIRECTORY_FILES = {
  lock: '.lock',
  cleanShutdown: '.kafka_cleanshutdown',
  metaProperties: 'meta.properties',
  recoveryPoint: 'recovery-point-offset-checkpoint',
  highWatermark: 'replication-offset-checkpoint',
  logStart: 'log-start-offset-checkpoint',
  cleaner: 'cleaner-offset-checkpoint',
} as const;

export const PARTITION_FILES = {
  metadata: 'partition.metadata',
  leaderEpochs: 'leader-epoch-checkpoint',
} as const;

// Opens a log that lies on disk. After a clean stop nearly nothing is read: the end of the active segment, two small
// checkpoints and the newest producer snapshot. Otherwise (an unclean stop, or derived files that are missing) the log is
// walked from its recovery point on: `recover-log.ts`.
import { LeaderEpochs, parseLeaderEpochs } from '../checkpoint/leader-epochs.ts';
import { parsePartitionMetadata } from '../checkpoint/partition-metadata.ts';
import { PARTITION_FILES } from '../file-names.ts';
import { RELATIVE_OFFSET_MAX } from '../index/offset-index.ts';
import type { LogConfig } from '../log-config.ts';
import { type LogParts, NO_TOPIC_ID } from '../partition-log.ts';
import { ProducerState } from '../producer/producer-state.ts';
import { refillBatches } from '../producer/refill-batches.ts';
import { lastOffsetAt, maxTimestampAt } from '../segment/batch-facts.ts';
import { walkBatchesSync } from '../segment/batch-walk.ts';
import { type LogHome, Segment } from '../segment/segment.ts';
import { SegmentList } from '../segment/segment-list.ts';
import type { StorageContext } from '../storage-context.ts';
import { LogFiles } from './log-files.ts';
import { type Recovered, recoverLog } from './recover-log.ts';
import { settleSegmentFiles } from './segment-files.ts';

export interface LoadInput {
  readonly context: StorageContext;
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
  readonly config: LogConfig;
  /** The directory was left in order: what checkpoints say is so. */
  readonly clean: boolean;
  /** From the checkpoints of the directory. */
  readonly recoveryPoint: number;
  readonly highWatermark: number;
  readonly logStart: number;
}

export async function loadLog(input: LoadInput): Promise<LogParts> {
  const { context, path, topic, partition, config } = input;
  const { disk } = context;
  const name = `${topic}-${partition}`;
  const home: LogHome = { path };
  const found = settleSegmentFiles(disk, path);
  const nowMs = context.clock.now();
  const list = found.baseOffsets.map((baseOffset) => {
    const segment = new Segment(home, baseOffset, nowMs);
    const { sizeBytes, modifiedMs } = disk.statSync(segment.filePath);
    return adoptFile(segment, sizeBytes, modifiedMs);
  });
  for (let i = 0; i < list.length - 1; i++) list[i]!.sealed = true;
  if (list.length === 0) {
    const segment = new Segment(home, input.logStart, nowMs);
    segment.createFiles(disk);
    list.push(segment);
  }
  const segments = new SegmentList(list);
  const epochs = readEpochs(input, found.names, segments.active.sizeBytes > 0 || segments.count > 1);
  const files = new LogFiles(context, home, name, [...found.snapshots]);
  const producers = new ProducerState();
  const log: OpeningLog = { name, config, home, segments, files, indexIntervalBytes: config.indexIntervalBytes };

  let recovered: Recovered | undefined;
  let endOffset = input.clean && epochs ? readCleanEnd(input, log) : undefined;
  const resumesAt = endOffset === undefined ? undefined : restoreProducers(input, log, producers, endOffset);
  if (endOffset === undefined || resumesAt !== endOffset) {
    recovered = await recoverLog(input, log, producers, epochs);
    endOffset = recovered.endOffset;
  }
  const keptEpochs = epochs ?? recovered?.epochs ?? new LeaderEpochs();
  producers.endOffset = endOffset;
  // A producer that was cut off by a crash or a quick restart sends again; one that was away for long does not.
  if (!input.clean || nowMs - segments.active.lastAppendMs < REFILL_WITHIN_MS) {
    refillBatches(disk, segments, producers, nowMs);
  }

  let startOffset = Math.max(input.logStart, segments.first.baseOffset);
  if (startOffset > endOffset) {
    // All that is there was deleted before the crash; offsets must not be given twice, so it goes on where it had been.
    const segment = new Segment(home, startOffset, nowMs);
    segment.createFiles(disk);
    files.removeSegments(segments.removeFrom(0), config.fileDeleteDelayMs);
    segments.add(segment);
    endOffset = startOffset;
    producers.clear(endOffset);
    keptEpochs.clear();
  }
  keptEpochs.truncateFromEnd(endOffset);
  keptEpochs.truncateFromStart(startOffset);
  startOffset = Math.min(startOffset, endOffset);
  files.forgetSnapshots(endOffset);
  files.forgetSnapshotsBetween(segments);
  return {
    topic,
    partition,
    topicId: readTopicId(input, found.names),
    config,
    home,
    segments,
    startOffset,
    endOffset,
    highWatermark: Math.min(Math.max(input.highWatermark, startOffset), endOffset),
    recoveryPoint: input.clean && !recovered?.cut ? endOffset : Math.min(input.recoveryPoint, endOffset),
    epochs: keptEpochs,
    producers,
    files,
    // A process that was killed may have made names that no sync covered; they are there now, and gone after a power cut.
    unsyncedNames: !input.clean || recovered?.namesChanged ? 'files' : 'none',
    damaged: recovered?.damaged ?? [],
    recoveredShort: !input.clean && input.highWatermark > endOffset,
  };
}

/** What loading and recovery share about the log being opened. */
export interface OpeningLog {
  readonly name: string;
  readonly config: LogConfig;
  readonly home: LogHome;
  readonly segments: SegmentList;
  readonly files: LogFiles;
  readonly indexIntervalBytes: number;
}

function adoptFile(segment: Segment, sizeBytes: number, modifiedMs: number): Segment {
  segment.sizeBytes = sizeBytes;
  segment.writtenBytes = sizeBytes;
  segment.syncedBytes = sizeBytes;
  segment.loadedBytes = sizeBytes;
  segment.lastAppendMs = modifiedMs;
  segment.maxTimestamp = sizeBytes === 0 ? -1 : undefined;
  return segment;
}

function readTopicId(input: LoadInput, names: ReadonlySet<string>): string {
  if (!names.has(PARTITION_FILES.metadata)) return NO_TOPIC_ID;
  try {
    return parsePartitionMetadata(input.context.disk.readTextSync(`${input.path}/${PARTITION_FILES.metadata}`));
  } catch (error) {
    // A power cut soon after the log was made leaves it empty; whoever knows the topic assigns the id again.
    const reason = (error as Error).message;
    input.context.events({ kind: 'ignored', path: `${input.path}/${PARTITION_FILES.metadata}`, reason });
    return NO_TOPIC_ID;
  }
}

/** Undefined when the file is missing or does not hold up: the log tells. */
function readEpochs(input: LoadInput, names: ReadonlySet<string>, hasRecords: boolean): LeaderEpochs | undefined {
  const file = `${input.path}/${PARTITION_FILES.leaderEpochs}`;
  if (!names.has(PARTITION_FILES.leaderEpochs)) return undefined;
  try {
    const entries = parseLeaderEpochs(input.context.disk.readTextSync(file));
    // Made empty with the log; with records in the log it was not written in time.
    return entries.length === 0 && hasRecords ? undefined : new LeaderEpochs(entries);
  } catch (error) {
    const reason = (error as Error).message;
    input.context.events({ kind: 'rebuilt', log: `${input.topic}-${input.partition}`, file, reason });
    return undefined;
  }
}

/** After a clean stop: ten thousand logs are not read for producers that gave up long ago. */
const REFILL_WITHIN_MS = 10 * 60_000;
/** A segment this small is read whole: two index files cost more. */
const SMALL_BYTES = 16 * 1024;

/** One past the last offset, from the end of the active segment; undefined when the end is not what a clean stop leaves. */
function readCleanEnd(input: LoadInput, log: OpeningLog): number | undefined {
  const segment = log.segments.active;
  if (segment.sizeBytes === 0) return segment.baseOffset;
  const { disk } = input.context;
  let from = 0;
  let offsetMin = segment.baseOffset;
  segment.maxTimestamp = -1;
  if (segment.sizeBytes > SMALL_BYTES) {
    const read = segment.readIndexes(disk);
    if (typeof read === 'string') return undefined;
    const { offsets, times } = read.indexes;
    const slot = offsets.count - 1;
    if (slot >= 0) from = offsets.positionAt(slot);
    if (slot > 0) offsetMin = offsets.offsetAt(slot - 1) + 1;
    segment.maxTimestamp = times.lastTimestamp;
    segment.maxTimestampOffset = times.count > 0 ? times.offsetAt(times.count - 1) : -1;
  }
  const file = disk.openSync(segment.filePath, 'read');
  try {
    const end = walkBatchesSync(file, {
      from,
      to: segment.sizeBytes,
      offsetMin,
      offsetMax: segment.baseOffset + RELATIVE_OFFSET_MAX,
      checksums: true,
      visit: (buffer, at) => {
        const timestamp = maxTimestampAt(buffer, at);
        if (timestamp > segment.maxTimestamp!) {
          segment.maxTimestamp = timestamp;
          segment.maxTimestampOffset = lastOffsetAt(buffer, at);
        }
        return true;
      },
    });
    if (end.reason === 'end') return end.nextOffset;
  } finally {
    file.closeSync();
  }
  segment.maxTimestamp = undefined;
  return undefined;
}

/** Restores the newest snapshot at or below `offsetMax`. Answers the offset from which batches must be replayed. */
export function restoreProducers(
  input: LoadInput,
  log: OpeningLog,
  producers: ProducerState,
  offsetMax: number,
): number {
  producers.clear(0);
  const { files, segments } = log;
  const snapshots = files.snapshots.filter((offset) => offset <= offsetMax);
  const nowMs = input.context.clock.now();
  for (let i = snapshots.length - 1; i >= 0; i--) {
    const entries = files.readSnapshot(snapshots[i]!);
    if (!entries) continue;
    for (const entry of entries) {
      // The times in a snapshot are the clients'; who wrote to the active segment was seen by us when that was written (S10).
      const lastOffset = entry.batches[0]?.lastOffset ?? -1;
      if (lastOffset >= segments.active.baseOffset) entry.seenMs = Math.max(entry.seenMs, segments.active.lastAppendMs);
      producers.restore(entry);
    }
    producers.expire(nowMs, input.context.producerIdExpirationMs);
    return snapshots[i]!;
  }
  // Without a snapshot the log tells, as far back as a producer is remembered at all.
  for (const segment of segments.all) {
    const expired = nowMs - segment.lastAppendMs >= input.context.producerIdExpirationMs;
    if (!expired || segment === segments.active) return Math.max(segment.baseOffset, 0);
  }
  return segments.first.baseOffset;
}

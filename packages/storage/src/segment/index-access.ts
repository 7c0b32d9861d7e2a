// Indexes when they are needed: from memory, from their files, or made again from the log when the files are missing or do
// not hold up (19). Blocking on purpose: a lookup reads a few megabytes at most, and rebuilding is rare.
import { batchSizeOf } from '@moldau/protocol/records/batch-header';
import { TIME_ENTRY_BYTES, TimeIndex } from '../index/time-index.ts';
import type { StorageContext } from '../storage-context.ts';
import { lastOffsetAt, maxTimestampAt } from './batch-facts.ts';
import { walkBatchesSync } from './batch-walk.ts';
import type { Segment, SegmentIndexes } from './segment.ts';
import { walkAroundDamageSync } from './walk-around-damage.ts';

/** What a rebuild needs to know of the log around a segment. */
export interface IndexedLog {
  readonly name: string;
  readonly indexIntervalBytes: number;
}

/** The segment's indexes and its latest timestamp, loaded. Throws DiskError. */
export function loadIndexes(context: StorageContext, log: IndexedLog, segment: Segment): SegmentIndexes {
  if (segment.indexes) {
    if (segment.sealed) context.indexMemory.touch(segment);
    return segment.indexes;
  }
  if (segment.sizeBytes === 0) return segment.startIndexes('empty');
  const read = segment.readIndexes(context.disk);
  if (typeof read === 'string') return rebuildIndexes(context, log, segment, read);
  const { offsets, times } = read.indexes;
  const lastSlot = offsets.count - 1;
  const lastPosition = lastSlot < 0 ? 0 : offsets.positionAt(lastSlot);
  segment.adoptIndexes(read, segment.writtenBytes - lastPosition);
  if (segment.maxTimestamp === undefined) {
    segment.maxTimestamp = times.lastTimestamp;
    segment.maxTimestampOffset = times.count > 0 ? times.offsetAt(times.count - 1) : -1;
    // A closed segment's last time entry is its final word; one that is still written to may go on past it.
    if (!segment.sealed) {
      const end = walkBatchesSync(context.files.use(segment).file, {
        from: lastPosition,
        to: segment.writtenBytes,
        offsetMin: segment.baseOffset,
        offsetMax: Number.MAX_SAFE_INTEGER,
        checksums: false,
        visit: (buffer, at) => {
          const timestamp = maxTimestampAt(buffer, at);
          if (timestamp > segment.maxTimestamp!) {
            segment.maxTimestamp = timestamp;
            segment.maxTimestampOffset = lastOffsetAt(buffer, at);
          }
          return true;
        },
      });
      if (end.reason !== 'end' && end.position === lastPosition && lastSlot >= 0) {
        return rebuildIndexes(context, log, segment, `its last entry points at no batch (${end.detail})`);
      }
    }
  }
  if (segment.sealed) context.indexMemory.touch(segment);
  return read.indexes;
}

/** The segment's latest timestamp, -1 for none; reads the last entry of a closed one and leaves the rest on disk. */
export function latestTimestampOf(context: StorageContext, log: IndexedLog, segment: Segment): number {
  if (segment.maxTimestamp !== undefined) return segment.maxTimestamp;
  if (segment.sealed) {
    const last = readLastTimeEntry(context, segment);
    if (last) {
      segment.maxTimestamp = last.timestamp;
      segment.maxTimestampOffset = last.offset;
      return last.timestamp;
    }
  }
  loadIndexes(context, log, segment);
  return segment.maxTimestamp!;
}

/** Undefined when the file does not end in a whole entry with something in it. */
function readLastTimeEntry(
  context: StorageContext,
  segment: Segment,
): { timestamp: number; offset: number } | undefined {
  const path = segment.path('timeindex');
  if (!context.disk.exists(path)) return undefined;
  const file = context.disk.openSync(path, 'read');
  try {
    const sizeBytes = file.sizeSync();
    if (sizeBytes < TIME_ENTRY_BYTES || sizeBytes % TIME_ENTRY_BYTES !== 0) return undefined;
    const bytes = Buffer.alloc(TIME_ENTRY_BYTES);
    file.readSync(bytes, sizeBytes - TIME_ENTRY_BYTES);
    const entry = TimeIndex.read(segment.baseOffset, bytes);
    if (!entry || entry.count === 0) return undefined;
    return { timestamp: entry.timestampAt(0), offset: entry.offsetAt(0) };
  } finally {
    file.closeSync();
  }
}

/** Makes the indexes from the log and writes them; what lies behind damage is found again too. */
export function rebuildIndexes(
  context: StorageContext,
  log: IndexedLog,
  segment: Segment,
  reason: string,
): SegmentIndexes {
  const indexes = segment.startIndexes('unknown');
  let interval = log.indexIntervalBytes;
  walkAroundDamageSync(
    context.files.use(segment).file,
    {
      from: 0,
      to: segment.writtenBytes,
      offsetMin: segment.baseOffset,
      offsetMax: Number.MAX_SAFE_INTEGER,
      checksums: false,
      visit: (buffer, at, position) => {
        const size = batchSizeOf(buffer, at);
        segment.noteBatch(position, size, lastOffsetAt(buffer, at), maxTimestampAt(buffer, at), interval);
        interval = log.indexIntervalBytes;
        return true;
      },
    },
    (_damage, resumed) => {
      if (!resumed) return false;
      // As recovery does: an entry of its own, by its first offset, and no second one for the same place.
      indexes.offsets.append(resumed.offset, resumed.position);
      interval = Number.POSITIVE_INFINITY;
      return true;
    },
  );
  if (segment.sealed) {
    segment.seal();
    segment.writeIndexes(context.disk);
    context.indexMemory.touch(segment);
  }
  context.events({ kind: 'rebuilt', log: log.name, file: segment.path('index'), reason });
  return indexes;
}

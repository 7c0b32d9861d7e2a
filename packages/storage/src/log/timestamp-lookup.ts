// Finds records by their time: ListOffsets by timestamp, and the record with the latest time. The time index says before
// which offset nothing can be, the offset index where that is, and a walk over a few kilobytes of headers does the rest;
// only the batch that holds the answer is opened.

import { ProtocolError } from '@moldau/protocol';
import { baseOffsetOf, baseTimestampOf, magicOf } from '@moldau/protocol/records/batch-header';
import { RecordCursor } from '@moldau/protocol/records/record-cursor';
import type { TimestampOffset } from '../log-answers.ts';
import { isIntact, lastOffsetAt, leaderEpochAt, maxTimestampAt } from '../segment/batch-facts.ts';
import { type WalkEnd, walkBatches } from '../segment/batch-walk.ts';
import { latestTimestampOf, loadIndexes, rebuildIndexes } from '../segment/index-access.ts';
import type { Segment } from '../segment/segment.ts';
import type { StorageContext } from '../storage-context.ts';
import type { ReadableLog } from './log-reader.ts';

/** A batch that unpacks to more than this answers with its first record. */
const DECOMPRESSED_BYTES_MAX = 256 << 20;
const LOOKUP_CHUNK_BYTES = 64 * 1024;

/** The first record at or after the start offset whose time is `timestamp` or later. */
export async function offsetForTimestamp(
  context: StorageContext,
  log: ReadableLog,
  timestamp: number,
): Promise<TimestampOffset | undefined> {
  // A copy: segments may come and go while we read.
  for (const segment of [...log.segments.all]) {
    if (segment.sizeBytes === 0 || latestTimestampOf(context, log, segment) < timestamp) continue;
    const found = await searchSegment(context, log, segment, timestamp, 'at or after');
    if (found) return found;
  }
  return undefined;
}

/** The first record that has the latest time of all. */
export async function latestTimestamp(context: StorageContext, log: ReadableLog): Promise<TimestampOffset | undefined> {
  let latest: Segment | undefined;
  for (const segment of log.segments.all) {
    if (latestTimestampOf(context, log, segment) > (latest?.maxTimestamp ?? -1)) latest = segment;
  }
  if (!latest) return undefined;
  return await searchSegment(context, log, latest, latest.maxTimestamp!, 'exactly');
}

async function searchSegment(
  context: StorageContext,
  log: ReadableLog,
  segment: Segment,
  timestamp: number,
  match: 'at or after' | 'exactly',
): Promise<TimestampOffset | undefined> {
  for (const attempt of ['first', 'rebuilt'] as const) {
    const { offsets, times } = loadIndexes(context, log, segment);
    const slot = times.below(timestamp);
    const knownOffset = slot < 0 ? -1 : times.offsetAt(slot);
    const knownTimestamp = slot < 0 ? -1 : times.timestampAt(slot);
    const startAt = offsets.floor(Math.max(knownOffset, log.startOffset));
    const from = startAt < 0 ? 0 : offsets.positionAt(startAt);
    let found: TimestampOffset | undefined;
    let entryChecked = slot < 0 || knownOffset < log.startOffset;
    let entryLies = false;
    const open = context.files.hold(segment);
    let end: WalkEnd;
    try {
      end = await walkBatches(open.file, {
        from,
        to: segment.writtenBytes,
        offsetMin: segment.baseOffset,
        offsetMax: Number.MAX_SAFE_INTEGER,
        checksums: false,
        chunkBytes: LOOKUP_CHUNK_BYTES,
        visit: (buffer, at) => {
          const lastOffset = lastOffsetAt(buffer, at);
          if (!entryChecked && lastOffset >= knownOffset) {
            // The entry came from this very batch; one that says something else sends lookups to the wrong place.
            entryChecked = true;
            entryLies = maxTimestampAt(buffer, at) !== knownTimestamp;
            if (entryLies) return false;
          }
          if (maxTimestampAt(buffer, at) < timestamp || lastOffset < log.startOffset) return true;
          found = searchBatch(buffer, at, timestamp, log.startOffset, match);
          return found === undefined;
        },
      });
    } finally {
      context.files.release(open);
    }
    if (found) return found;
    const startLies = end.reason !== 'end' && end.position === from && from > 0;
    if (attempt === 'first' && (entryLies || startLies)) {
      rebuildIndexes(context, log, segment, 'an entry says other than the batch it names');
      continue;
    }
    return undefined;
  }
  return undefined;
}

/** Opens one batch. A damaged or unreadable one is passed over: reads of it say what is wrong. */
function searchBatch(
  buffer: Buffer,
  at: number,
  timestamp: number,
  startOffset: number,
  match: 'at or after' | 'exactly',
): TimestampOffset | undefined {
  if (!isIntact(buffer, at)) return undefined;
  const leaderEpoch = leaderEpochAt(buffer, at);
  if (magicOf(buffer, at) !== 2) {
    // Formats 0 and 1 are not unpacked; a message carries its own time.
    return { offset: lastOffsetAt(buffer, at), timestamp: maxTimestampAt(buffer, at), leaderEpoch };
  }
  try {
    const cursor = new RecordCursor(buffer, at, { decompressedBytesMax: DECOMPRESSED_BYTES_MAX });
    while (cursor.next()) {
      if (cursor.offset < startOffset) continue;
      if (match === 'exactly' ? cursor.timestamp === timestamp : cursor.timestamp >= timestamp) {
        return { offset: cursor.offset, timestamp: cursor.timestamp, leaderEpoch };
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return {
      offset: Math.max(baseOffsetOf(buffer, at), startOffset),
      timestamp: baseTimestampOf(buffer, at),
      leaderEpoch,
    };
  }
  return undefined;
}

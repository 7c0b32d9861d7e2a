// Truncation: a follower drops what its leader does not have.

import type { IndexedLog } from '../segment/index-access.ts';
import type { Segment } from '../segment/segment.ts';
import type { SegmentList } from '../segment/segment-list.ts';
import type { StorageContext } from '../storage-context.ts';
import type { LogFiles } from './log-files.ts';

/** Cuts the files so that no batch reaches `offset` or past it. Answers the new log end: at `offset` or a batch before. */
export async function cutLog(
  context: StorageContext,
  log: IndexedLog & { readonly segments: SegmentList; readonly files: LogFiles },
  offset: number,
): Promise<number> {
  const { segments, files } = log;
  const number = segments.floor(offset - 1);
  const last = segments.at(number)!;
  const { position, endOffset } = await files.placeOf(log, last, offset, segments.at(number + 1)?.baseOffset);
  // Later segments first: a crash in between leaves a log without a hole.
  files.removeSegments(segments.removeFrom(number + 1).reverse(), 0);
  shorten(context, last, position, endOffset);
  return endOffset;
}

/** Makes `segment` end at `position`, active again, its indexes in line. */
export function shorten(context: StorageContext, segment: Segment, position: number, endOffset: number): void {
  segment.sealed = false;
  const { file } = context.files.use(segment);
  file.truncateSync(position);
  // Otherwise a power cut could bring back what was cut, in place of what was appended after it.
  file.datasyncSync();
  context.indexMemory.forget(segment);
  segment.sizeBytes = position;
  segment.writtenBytes = position;
  segment.syncedBytes = Math.min(segment.syncedBytes, position);
  segment.loadedBytes = Math.min(segment.loadedBytes, position);
  segment.verifiedBytes = Math.min(segment.verifiedBytes, position);
  const { indexes } = segment;
  if (indexes) {
    indexes.offsets.truncateTo(endOffset);
    indexes.times.truncateTo(endOffset);
    segment.forgetIndexFiles();
    segment.writeIndexes(context.disk);
  }
  // Read again, with the latest time of what is left, when they are needed.
  segment.indexes = undefined;
  segment.maxTimestamp = position === 0 ? -1 : undefined;
  segment.maxTimestampOffset = -1;
  if (position === 0) segment.firstTimestamp = undefined;
}

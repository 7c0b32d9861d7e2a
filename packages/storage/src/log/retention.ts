// Which segments may go: those below the log start offset, and under cleanup.policy=delete the old and the superfluous
// ones, oldest first and without gaps.
//
// Always: nothing at or past the high watermark goes (21); a segment's age counts from the later of its records' times and
// this broker's last append to it, so that neither a client's clock nor old records deletes what was just written (S10).
// Compacted topics keep their segments whatever the retention settings say.

import type { PartitionLog } from '../partition-log.ts';
import { latestTimestampOf } from '../segment/index-access.ts';
import type { StorageContext } from '../storage-context.ts';

type Reason = 'time' | 'size' | 'start offset';

/** One pass over one log: rolls the active segment when even that is due, and removes what may go. */
export function retainLog(context: StorageContext, log: PartitionLog, nowMs: number, byTime: boolean): void {
  const { segments, config } = log;
  const deletes = config.cleanupPolicy.has('delete');
  let count = 0;
  let excessBytes =
    deletes && config.retentionBytes >= 0 ? segments.sizeBytes - config.retentionBytes : Number.NEGATIVE_INFINITY;
  let reason: Reason | undefined;
  let bytes = 0;
  for (; count < segments.count; count++) {
    const segment = segments.at(count)!;
    const next = segments.at(count + 1);
    const endOffset = next?.baseOffset ?? log.endOffset;
    if (log.highWatermark < endOffset) break;
    if (!next && segment.sizeBytes === 0) break;
    let because: Reason | undefined;
    if (next && endOffset <= log.startOffset) because = 'start offset';
    else if (excessBytes >= segment.sizeBytes) because = 'size';
    else if (deletes && byTime && config.retentionMs >= 0) {
      const old = (timestampMs: number) => nowMs - timestampMs > config.retentionMs;
      if (old(segment.lastAppendMs) && old(latestTimestampOf(context, log, segment))) because = 'time';
    }
    if (!because) break;
    reason ??= because;
    excessBytes -= segment.sizeBytes;
    bytes += segment.sizeBytes;
  }
  if (count === 0) return;
  if (count === segments.count) log.roll('retention', nowMs);
  log.removeFirstSegments(count);
  context.events({
    kind: 'segmentsDeleted',
    log: log.name,
    startOffset: log.startOffset,
    segments: count,
    bytes,
    reason: reason!,
  });
}

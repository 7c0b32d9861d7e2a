// A snapshot holds the last batch of each producer only, but a producer that lost its connection sends up to five again. The
// ones before are read back from the end of the log (invariant 33): a broker that does not know a batch again answers that
// it is out of order, and the producer, sure that it was never taken, sends it under another number.
// In the flow: loading a log, and cutting one as a follower, end with this.
import type { Disk } from '@moldau/kernel';
import { RELATIVE_OFFSET_MAX } from '../index/offset-index.ts';
import { walkBatchesSync } from '../segment/batch-walk.ts';
import type { Segment } from '../segment/segment.ts';
import type { SegmentList } from '../segment/segment-list.ts';
import { producerFactsOf } from './producer-facts.ts';
import { BATCHES_REMEMBERED, ProducerState } from './producer-state.ts';

/** How far back batches are looked for, over as many segments as that takes. */
const REFILL_BYTES_MAX = 64 * 1024;
/** A segment without a sound index is read whole up to this size, and else left alone. */
const WHOLE_BYTES_MAX = 1024 * 1024;

export function refillBatches(disk: Disk, segments: SegmentList, producers: ProducerState, nowMs: number): void {
  let wanted = false;
  for (const entry of producers.entries()) if (entry.batches.length < BATCHES_REMEMBERED) wanted = true;
  if (!wanted) return;
  let first = segments.count - 1;
  let bytes = segments.active.writtenBytes;
  while (first > 0 && bytes < REFILL_BYTES_MAX) bytes += segments.at(--first)!.writtenBytes;
  let skipBytes = bytes - REFILL_BYTES_MAX;
  const earlier = new ProducerState();
  for (let i = first; i < segments.count; i++) {
    const segment = segments.at(i)!;
    const from = skipBytes > 0 ? positionNear(disk, segment, skipBytes) : 0;
    skipBytes = 0;
    if (from === undefined) return;
    if (segment.writtenBytes === 0) continue;
    const file = disk.openSync(segment.filePath, 'read');
    try {
      walkBatchesSync(file, {
        from,
        to: segment.writtenBytes,
        offsetMin: segment.baseOffset,
        offsetMax: segment.baseOffset + RELATIVE_OFFSET_MAX,
        // A flipped bit in a sequence would have the producer refused for good.
        checksums: true,
        visit: (buffer, at) => {
          const facts = producerFactsOf(buffer, at);
          if (facts && !facts.endTransaction) earlier.apply(facts, nowMs);
          return true;
        },
      });
    } finally {
      file.closeSync();
    }
  }
  for (const entry of producers.entries()) {
    const before = earlier.get(entry.producerId)?.batches;
    const last = entry.batches.at(-1)?.lastOffset;
    if (!before || earlier.get(entry.producerId)?.epoch !== entry.epoch || before.at(-1)?.lastOffset !== last) continue;
    if (before.length > entry.batches.length) entry.batches.splice(0, entry.batches.length, ...before);
  }
}

/** Where a batch begins at or before `position`; undefined when only reading the whole of a large file would tell. */
function positionNear(disk: Disk, segment: Segment, position: number): number | undefined {
  const read = segment.readIndexes(disk);
  if (typeof read !== 'string') {
    const { offsets } = read.indexes;
    for (let slot = offsets.count - 1; slot >= 0; slot--) {
      if (offsets.positionAt(slot) <= position) return offsets.positionAt(slot);
    }
  }
  return segment.writtenBytes <= WHOLE_BYTES_MAX ? 0 : undefined;
}

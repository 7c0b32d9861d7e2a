// Finds where batches go on behind bytes that are none: at recovery, and when damage is measured to be mended.
import { batchSizeOf } from '@moldau/protocol/records/batch-header';
import { RELATIVE_OFFSET_MAX } from '../index/offset-index.ts';
import { BATCH_PREFIX_BYTES, isIntact, prefixFault } from './batch-facts.ts';

/** Position at or past `from` where a whole and intact batch of format 2 starts, at `offsetMin` or later; -1 when none does. */
export function findIntact(bytes: Buffer, from: number, offsetMin: number): number {
  const bounds = { offsetMin, offsetMax: offsetMin + RELATIVE_OFFSET_MAX };
  // The format byte, 2, is 16 bytes into a batch: hop from one to the next.
  for (let magic = bytes.indexOf(2, from + 16); magic >= 0; magic = bytes.indexOf(2, magic + 1)) {
    const at = magic - 16;
    if (at + BATCH_PREFIX_BYTES > bytes.length) return -1;
    if (prefixFault(bytes, at, bounds) !== undefined) continue;
    if (at + batchSizeOf(bytes, at) > bytes.length) continue;
    if (isIntact(bytes, at)) return at;
  }
  return -1;
}

// What a log should hold, kept by the simplest means, to compare with.
import { baseOffsetOf, batchSizeOf, lastOffsetOf } from '@moldau/protocol/records/batch-header';
import type { PartitionLog } from '../partition-log.ts';

export interface ModelBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
}

/** Every batch from `from` on, read in pieces of at most `bytesMax`. */
export async function readBatches(log: PartitionLog, from: number, bytesMax = 1 << 20): Promise<ModelBatch[]> {
  const found: ModelBatch[] = [];
  let offset = from;
  while (offset < log.endOffset) {
    const answer = await log.read({ offset, bytesMax, end: log.endOffset, wholeFirstBatch: true });
    if (answer.kind !== 'slice') throw new Error(`${answer.error} at ${offset}: ${answer.detail}`);
    if (answer.sizeBytes === 0) break;
    const bytes = Buffer.concat(answer.chunks as Buffer[]);
    for (let at = 0; at < bytes.length; at += batchSizeOf(bytes, at)) {
      const lastOffset = lastOffsetOf(bytes, at);
      if (lastOffset >= offset) {
        const size = batchSizeOf(bytes, at);
        found.push({
          baseOffset: baseOffsetOf(bytes, at),
          lastOffset,
          bytes: Buffer.from(bytes.subarray(at, at + size)),
        });
        offset = lastOffset + 1;
      }
    }
  }
  return found;
}

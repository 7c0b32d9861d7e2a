// Record batches for tests, as producers write them.
import type { Codec } from '@moldau/protocol/compression/codec';
import { batches, readRecords } from '@moldau/protocol/records/batch-reader';
import { writeBatch } from '@moldau/protocol/records/batch-writer';

export interface BatchWish {
  readonly codec?: Codec;
  readonly timestamp?: number;
  readonly key?: string | null;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

/** One batch of the given values. */
export function batchOf(values: readonly string[], wish: BatchWish = {}): Buffer {
  const { codec = 'none', timestamp = Date.now(), key = 'k', producerId, producerEpoch, baseSequence } = wish;
  return writeBatch({
    codec,
    records: values.map((value) => ({
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value),
      timestamp,
      headers: [],
    })),
    ...(producerId !== undefined && { producerId }),
    ...(producerEpoch !== undefined && { producerEpoch }),
    ...(baseSequence !== undefined && { baseSequence }),
  });
}

/** `offset:value` of every record in fetched bytes. */
export function recordsIn(bytes: Buffer | null): string[] {
  if (!bytes) return [];
  const found: string[] = [];
  for (const position of batches(bytes)) {
    for (const { offset, value } of readRecords(bytes, position, { decompressedBytesMax: 1_000_000 })) {
      found.push(`${offset}:${value}`);
    }
  }
  return found;
}

// Batches for tests, by the protocol's own writer.
import { writeBatch } from '@moldau/protocol/records/batch-writer';

export interface TestBatch {
  readonly values: readonly string[];
  readonly timestamp?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly codec?: 'none' | 'gzip' | 'zstd' | 'lz4' | 'snappy';
}

/** One batch with a record per value; times rise by one from `timestamp`. */
export function batch(o: TestBatch): Buffer {
  const { values, timestamp = 1_700_000_000_000, ...rest } = o;
  return writeBatch({
    ...rest,
    records: values.map((value, i) => ({
      key: Buffer.from(`k${i}`),
      value: Buffer.from(value),
      timestamp: timestamp + i,
      headers: [],
    })),
  });
}

// A whole batch at once, from records that are already there: what coordinators, compaction and tests need. Producers
// use BatchBuilder, which takes records as they come.
import { BatchBuilder, type BatchClosing, type RecordHeader } from './batch-builder.ts';
import { BATCH_OVERHEAD } from './batch-header.ts';

export interface RecordInput {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly headers?: readonly RecordHeader[];
  /** Offset minus the batch's base offset; default one more than the record before. */
  readonly offsetDelta?: number;
}

export interface BatchInput extends BatchClosing {
  readonly records: readonly RecordInput[];
  /** Only for batches that lost records to compaction: the last offset they once held stays theirs. */
  readonly lastOffsetDelta?: number;
  /** Only for batches without records: the greatest timestamp is else taken from them. */
  readonly maxTimestamp?: number;
  /** What the records' times are written relative to; default the first record's. With `deleteHorizon`: the horizon. */
  readonly baseTimestamp?: number;
}

/** One record batch v2 of its own memory. Defaults: no compression, no producer, base offset 0, leader epoch -1. */
export function writeBatch(input: BatchInput): Buffer {
  const { records } = input;
  let capacity = BATCH_OVERHEAD;
  for (const { key, value, headers } of records) {
    capacity += 26 + (key?.length ?? 0) + (value?.length ?? 0);
    if (headers) for (const header of headers) capacity += 10 + header.key.length * 3 + (header.value?.length ?? 0);
  }
  const builder = new BatchBuilder(capacity, input.baseTimestamp);
  for (const { timestamp, key, value, headers, offsetDelta } of records) {
    builder.tryAppend(timestamp, key, value, headers, Number.POSITIVE_INFINITY, offsetDelta);
  }
  const kept: { lastOffsetDelta?: number; maxTimestamp?: number } = {};
  if (input.lastOffsetDelta !== undefined) kept.lastOffsetDelta = input.lastOffsetDelta;
  if (input.maxTimestamp !== undefined) kept.maxTimestamp = input.maxTimestamp;
  return builder.close(input, kept);
}

// What a log answers to appends, reads and lookups.
import type { WireError } from '@moldau/protocol';

/** An answer the protocol foresees: a value, and it goes on the wire. */
export interface LogRefusal {
  readonly kind: 'refused';
  readonly error: WireError;
  readonly detail: string;
  /** Which records of the batch are to blame, where single ones are (Produce v8+). */
  readonly recordErrors?: readonly { readonly batchIndex: number; readonly message: string }[];
}

export interface Appended {
  readonly kind: 'appended';
  /** Offsets of the first and last record. Of the original append when `duplicate`. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** The timestamp the broker gave (LogAppendTime), in ms since the epoch; -1 when records keep their own. */
  readonly logAppendTimeMs: number;
  readonly logStartOffset: number;
  /** An idempotent producer sent this before; nothing was appended. It may not be persisted yet: wait as for an append. */
  readonly duplicate: boolean;
}

export interface LogSlice {
  readonly kind: 'slice';
  /** Whole batches, back to back. Views of memory others read too: never change them. */
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  /** Base offset of the first batch (at or before the offset asked for); the offset asked for when empty. */
  readonly firstBatchOffset: number;
  /**
   * Says that nobody looks at the chunks any more, so that their memory is used for another read. Who does not call it
   * (or holds on to a chunk) leaves the memory to the garbage collector. Once; undefined where there is nothing to give back.
   */
  readonly release?: () => void;
}

export interface ReadOptions {
  /** Any offset in [startOffset, endOffset]; one inside a batch answers from the whole batch on. */
  readonly offset: number;
  /** Batches are added while they fit. */
  readonly bytesMax: number;
  /** Exclusive bound, a high watermark or last stable offset or log end: no batch that ends past it. */
  readonly end: number;
  /** The first batch comes whole even when it is larger than `bytesMax` (KIP-74). */
  readonly wholeFirstBatch: boolean;
}

export interface TimestampOffset {
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

/** One producer that wrote to a partition lately, as DescribeProducers tells it. */
export interface ProducerSummary {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  readonly coordinatorEpoch: number;
  /** First offset of the open transaction; -1 without one. */
  readonly currentTransactionStartOffset: number;
}

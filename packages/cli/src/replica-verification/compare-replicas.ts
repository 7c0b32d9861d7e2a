// Holds what the replicas of a partition answered against each other, batch by batch up to the high watermark. Pure.

import { crcOf, lastOffsetOf } from '@moldau/protocol/records/batch-header';
import { batches } from '@moldau/protocol/records/batch-reader';

export interface ReplicaAnswer {
  readonly brokerId: number;
  readonly highWatermark: number;
  /** Record batches from the offset that all replicas were asked for. */
  readonly records: Buffer;
}

export interface Comparison {
  /** Up to here, exclusive, all replicas had an answer and it was compared. */
  readonly nextOffset: number;
  readonly maxHighWatermark: number;
  /** What does not match, without the partition's name: `has unmatched checksum at offset …`. */
  readonly mismatches: readonly string[];
  /** The replicas do not even agree on where batches end: nothing behind can be compared. */
  readonly diverged: boolean;
}

export function compareReplicas(from: number, answers: readonly ReplicaAnswer[]): Comparison {
  const mismatches: string[] = [];
  const maxHighWatermark = Math.max(-1, ...answers.map(({ highWatermark }) => highWatermark));
  const lines = answers.map(({ records }) => batches(records));
  let nextOffset = from;
  for (;;) {
    let first: { brokerId: number; last: number; crc: number } | undefined;
    for (const [i, { brokerId, highWatermark, records }] of answers.entries()) {
      const at = lines[i]!.next();
      if (at.done) return { nextOffset, maxHighWatermark, mismatches, diverged: false };
      const batch = { brokerId, last: lastOffsetOf(records, at.value), crc: crcOf(records, at.value) };
      if (batch.last >= highWatermark) return { nextOffset, maxHighWatermark, mismatches, diverged: false };
      if (first === undefined) first = batch;
      else if (first.last !== batch.last) {
        mismatches.push(
          `replica ${first.brokerId}'s offset ${first.last} doesn't match replica ${brokerId}'s offset ${batch.last}`,
        );
        return { nextOffset, maxHighWatermark, mismatches, diverged: true };
      } else if (first.crc !== batch.crc) {
        mismatches.push(
          `has unmatched checksum at offset ${batch.last}; replica ${first.brokerId}'s checksum ${first.crc}; ` +
            `replica ${brokerId}'s checksum ${batch.crc}`,
        );
      }
    }
    if (first === undefined) return { nextOffset, maxHighWatermark, mismatches, diverged: false };
    nextOffset = first.last + 1;
  }
}

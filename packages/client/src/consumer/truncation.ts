// Was what we have read cut off the log (KIP-320)? A new leader may have come up without records that the old one had handed
// out; it knows where each leader epoch ends, and a position past that end stands in a history that is no more. Pure.
//
// Always: a position is fetched from only when it is known to lie on the log of the leader epoch that metadata names: it was
// checked against it, or its last record was written under it (within one epoch a log does not shrink). A position without
// an epoch (sought by number, or old brokers) cannot be checked and is trusted.
import type { WireError } from '@moldau/protocol';
import { KafkaError } from '../errors.ts';
import { partitionText, type TopicPartition } from '../topic-partition.ts';

/** What of an assigned partition the check is about. */
export interface CheckedPosition {
  /** Where the next fetch starts, and the epoch of the record before it; -1 unknown. */
  readonly fetched: number;
  readonly fetchedEpoch: number;
  /** The leader epoch that the position was checked against last; -1 never. */
  readonly checkedEpoch: number;
}

export function needsCheck(at: CheckedPosition, leaderEpoch: number): boolean {
  return at.fetchedEpoch >= 0 && leaderEpoch >= 0 && leaderEpoch !== at.checkedEpoch && leaderEpoch !== at.fetchedEpoch;
}

/** The leader's answer to OffsetForLeaderEpoch, for one partition. */
export interface EpochEnd {
  readonly error: WireError;
  /** The largest epoch it has that is not above the one asked for; -1: it has none. */
  readonly leaderEpoch: number;
  /** One past the last record of that epoch; -1 unknown. */
  readonly endOffset: number;
}

/** Where two histories part: the first offset that is not shared, at most. */
export interface Divergence {
  readonly offset: number;
  readonly leaderEpoch: number;
}

export type Verdict =
  | { readonly kind: 'valid' }
  /** `at` undefined: the leader knows nothing of the epoch, so nobody knows where the histories part. */
  | { readonly kind: 'truncated'; readonly at: Divergence | undefined }
  /** We or the leader are behind: ask again, with fresh metadata. */
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly error: WireError };

export function judged(at: CheckedPosition, answer: EpochEnd): Verdict {
  switch (answer.error) {
    case 'NONE':
      break;
    case 'TOPIC_AUTHORIZATION_FAILED':
      return { kind: 'refused', error: answer.error };
    default:
      return { kind: 'later' };
  }
  if (answer.endOffset < 0 || answer.leaderEpoch < 0) return { kind: 'truncated', at: undefined };
  if (answer.endOffset >= at.fetched) return { kind: 'valid' };
  return { kind: 'truncated', at: { offset: answer.endOffset, leaderEpoch: answer.leaderEpoch } };
}

/**
 * What a truncation is to the application. 'unseen': only records that were read ahead are gone, so they are read again
 * from `position`. 'seen': it has had records that are no more.
 */
export function lossOf(position: number, at: Divergence | undefined): 'unseen' | 'seen' {
  return at !== undefined && position <= at.offset ? 'unseen' : 'seen';
}

/**
 * Records that the application has had are no longer in the log, and auto.offset.reset is none. `offset` is where it
 * stands, `divergentOffset` the first offset from which on the log is another one (undefined when the leader cannot say).
 * Seek to go on.
 */
export class LogTruncationError extends KafkaError {
  readonly divergentOffset: number | undefined;
  readonly divergentEpoch: number | undefined;

  constructor(where: TopicPartition, position: number, at: Divergence | undefined) {
    super('LOG_TRUNCATION', { message: truncationText(where, position, at), ...where, offset: position });
    this.divergentOffset = at?.offset;
    this.divergentEpoch = at?.leaderEpoch;
  }
}

export function truncationText(where: TopicPartition, position: number, at: Divergence | undefined): string {
  const from = at ? `from offset ${at.offset} on` : 'from an offset that the leader cannot tell';
  return `${partitionText(where)} was truncated ${from} by a change of leaders; this consumer had read up to ${position}.`;
}

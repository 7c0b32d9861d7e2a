// Pure: what a follower does with its leader's answer: append, cut its log where it parts from the leader's, begin anew,
// or leave the partition alone. In the flow: `fetcher.ts` asks once per partition of each answer, and obeys.
//
// Naive way: on a new leader, cut back to the own high watermark. It loses what was committed and not yet known to be
// (KIP-101), and one question about one epoch is not enough where two logs took turns (KIP-279). Chosen way (KIP-595 on
// fetch): every fetch names the epoch of the last record; the leader answers where that epoch, or the largest below it,
// ends in its log; the follower cuts there or at its own end of that epoch, whichever comes first, and asks again. Each
// round either ends at a common point or drops at least one epoch of the follower, so it ends.
//
// Always: nothing below the high watermark is cut unless an unclean election said so (invariant 13); a high watermark is
// never taken from an answer that orders a cut (R5).
import type { WireError } from '@moldau/protocol/errors';

/** The follower's log, as far as it decides. */
export interface FollowerLog {
  readonly endOffset: number;
  readonly highWatermark: number;
  /** Where the largest epoch at or below `epoch` ends; both -1 when there is none. */
  epochEndOffset(epoch: number): { readonly epoch: number; readonly endOffset: number };
}

/** One partition of the leader's answer. */
export interface LeaderAnswer {
  readonly error: WireError | undefined;
  /** Both -1 when the logs do not part. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number };
  readonly logStartOffset: number;
}

export type FollowerStep =
  /** Append what came, if any; then take high watermark and log start. */
  | { readonly kind: 'take' }
  | { readonly kind: 'truncate'; readonly offset: number }
  /** Nothing of ours is left at the leader: drop all and go on at `offset`. */
  | { readonly kind: 'startOver'; readonly offset: number }
  /** Not now: the leader, or our picture, is about to change. */
  | { readonly kind: 'retry'; readonly error: WireError }
  /** Doing as told would drop committed records. A person has to look. */
  | { readonly kind: 'refuse'; readonly offset: number };

export function judgeAnswer(log: FollowerLog, answer: LeaderAnswer, mayLoseCommitted: boolean): FollowerStep {
  if (answer.error === 'OFFSET_OUT_OF_RANGE') return outOfRange(log, answer, mayLoseCommitted);
  if (answer.error !== undefined) return { kind: 'retry', error: answer.error };
  if (answer.divergingEpoch.endOffset < 0) return { kind: 'take' };
  const offset = followerRules.cutAt(log, answer.divergingEpoch);
  if (offset < log.highWatermark && !mayLoseCommitted) return { kind: 'refuse', offset };
  // The leader has nothing of that time any more, and cannot say where the logs part: what is left below its start may be of
  // a leader that was forgotten. Kept, it would be believed again after a restart with an older log start.
  if (offset <= answer.logStartOffset && answer.logStartOffset > 0) {
    return { kind: 'startOver', offset: answer.logStartOffset };
  }
  return { kind: 'truncate', offset };
}

/** The one rule about where to cut, where a test can replace it. */
export const followerRules = {
  cutAt(log: FollowerLog, diverging: LeaderAnswer['divergingEpoch']): number {
    const own = log.epochEndOffset(diverging.epoch);
    // Every record of ours is of a later epoch than any the leader knows below it.
    if (own.epoch < 0) return Math.min(diverging.endOffset, log.endOffset);
    if (own.epoch !== diverging.epoch) return Math.min(own.endOffset, log.endOffset);
    return Math.min(own.endOffset, diverging.endOffset, log.endOffset);
  },
};

function outOfRange(log: FollowerLog, answer: LeaderAnswer, mayLoseCommitted: boolean): FollowerStep {
  const { logStartOffset } = answer;
  // Retention or DeleteRecords has removed there what we were about to copy. A log that reaches further than the leader's
  // is told so by a diverging epoch, so that anything else is a leader of a moment ago: ask again.
  if (logStartOffset > log.endOffset) return { kind: 'startOver', offset: logStartOffset };
  if (mayLoseCommitted && logStartOffset >= 0) return { kind: 'startOver', offset: logStartOffset };
  return { kind: 'retry', error: 'OFFSET_OUT_OF_RANGE' };
}

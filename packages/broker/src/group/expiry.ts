// Offsets that nobody has needed for offsets.retention.minutes are forgotten, and with the last of them the group.
//
// Rules of KIP-211. The time runs from:
//   a group without members                    the moment it became empty
//   a simple group (offsets by hand, no join)  the commit
//   a stable consumer group                    the commit, and only for topics that no member subscribes to
//   any other group with members               it does not run
//   an offset with an expiry of its own (v2-4) that expiry, where one of the first three applies
// While a group rebalances nothing expires: its subscriptions are in motion (invariant 32, KAFKA-8069).
import { OFFSETS_SWEPT_PER_TURN } from './bounds.ts';
import { type ClassicGroup, isSimpleGroup, readsTopic } from './classic-group.ts';
import type { CommittedOffset } from './committed-offset.ts';
import type { OffsetStore } from './offset-store.ts';
import { CONSUMER_PROTOCOL_TYPE } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** Further apart than this since the last sweep, one of the clocks was set: nothing is deleted on its word (hazard S10). */
const CLOCK_DISAGREEMENT_MS_MAX = 60 * 60_000;

/** Name of the timer by which a sweep goes on in the next turn. */
export const SWEEP_TIMER = 'sweep/0//';

/** Walks the groups in pieces. Kept by the machine; knows which groups are still to be looked at and when it last looked. */
export class Sweep {
  #left: string[] = [];
  #lastAt: { monotonicMs: number; wallMs: number } | undefined;

  /** Begins a sweep of all groups, unless one is on its way or the clocks are not to be trusted. */
  begin(turn: Turn, groupIds: Iterable<string>): void {
    const last = this.#lastAt;
    this.#lastAt = turn.now;
    if (last) {
      const disagreementMs = turn.now.wallMs - last.wallMs - (turn.now.monotonicMs - last.monotonicMs);
      if (Math.abs(disagreementMs) > CLOCK_DISAGREEMENT_MS_MAX) {
        this.#left = [];
        turn.notice({ kind: 'sweepPostponed', disagreementMs });
        return;
      }
    }
    if (this.#left.length === 0) this.#left = [...groupIds];
  }

  /** Looks at some groups; asks to be called again while there are more. */
  goOn(turn: Turn, groups: ReadonlyMap<string, ClassicGroup>, offsets: OffsetStore): void {
    turn.divisible = true;
    let looked = 0;
    while (this.#left.length > 0 && looked < OFFSETS_SWEPT_PER_TURN) {
      const group = groups.get(this.#left.pop()!);
      looked += 1 + (group ? expireGroup(turn, group, offsets) : 0);
    }
    if (this.#left.length > 0) turn.setTimer(SWEEP_TIMER, 0);
  }
}

/** Expires what is due of one group; answers how many offsets it looked at. */
function expireGroup(turn: Turn, group: ClassicGroup, offsets: OffsetStore): number {
  const { groupId } = group;
  const retentionMs = turn.settings.offsetsRetentionMinutes * 60_000;
  let looked = 0;
  let expired = 0;
  for (const [topic, partitions] of offsets.of(groupId) ?? []) {
    looked += partitions.size;
    if (readsTopic(group, topic)) continue;
    for (const [partition, committed] of partitions) {
      if (!isExpired(group, committed, turn.now.wallMs, retentionMs) || offsets.isPending(groupId, topic, partition))
        continue;
      turn.record({ kind: 'offsetRemoved', groupId, topic, partition });
      expired++;
    }
  }
  if (expired > 0) turn.notice({ kind: 'offsetsExpired', groupId, count: expired });
  const nothingLeft = expired === looked && !offsets.hasPending(groupId);
  if (nothingLeft && group.phase.kind === 'Empty' && group.pendingMembers.size === 0) {
    turn.record({ kind: 'groupRemoved', groupId });
    turn.notice({ kind: 'groupRemoved', groupId, why: 'expired' });
  }
  return looked;
}

export function isExpired(
  group: ClassicGroup,
  committed: CommittedOffset,
  wallMs: number,
  retentionMs: number,
): boolean {
  const sinceMs = runsSince(group, committed);
  if (sinceMs === undefined) return false;
  if (committed.expireTimestampMs !== undefined) return wallMs >= committed.expireTimestampMs;
  return wallMs - sinceMs >= retentionMs;
}

function runsSince(group: ClassicGroup, committed: CommittedOffset): number | undefined {
  if (group.protocolType === undefined) return isSimpleGroup(group) ? committed.commitTimestampMs : undefined;
  if (group.phase.kind === 'Empty') return group.stateSinceMs ?? committed.commitTimestampMs;
  const knowsItsTopics = group.protocolType === CONSUMER_PROTOCOL_TYPE && group.subscribedTopics !== undefined;
  return group.phase.kind === 'Stable' && knowsItsTopics ? committed.commitTimestampMs : undefined;
}

// Why a group rebalanced, how long each phase took, and what came of it. Carried from the first trigger to the log event
// and the metrics, and kept for the last rebalances of each group, so that "why does my group rebalance?" has an answer.
import type { Now } from '../replicated-machine/machine.ts';
import { CAUSES_MAX, REASON_LENGTH_MAX, REBALANCES_KEPT } from './bounds.ts';

/** What makes a group rebalance. */
export type CauseKind =
  /** A member that was not in the group. */
  | 'memberJoined'
  /** Said goodbye (LeaveGroup by itself). */
  | 'memberLeft'
  /** Removed by somebody else, by its group.instance.id. */
  | 'memberRemoved'
  /** No heartbeat within its session timeout. */
  | 'sessionTimedOut'
  /** A new member whose first join was parked for five minutes. */
  | 'joinTimedOut'
  /** Did not rejoin within the rebalance timeout. */
  | 'rebalanceTimedOut'
  /** Did not ask for its assignment within the rebalance timeout. */
  | 'syncTimedOut'
  /** Rejoined with another subscription or other protocols. */
  | 'metadataChanged'
  /** The leader rejoined unchanged: it saw a change that only it can see, such as new partitions. */
  | 'leaderRejoined'
  /** A static member came back under a new member id, at a moment or with protocols that need a rebalance. */
  | 'staticMemberReplaced'
  /** Loaded with more members than group.max.size now allows. */
  | 'groupTooLarge'
  /** The assignment could not be stored. */
  | 'assignmentNotStored';

export interface RebalanceCause {
  readonly kind: CauseKind;
  readonly memberId?: string;
  readonly instanceId?: string;
  readonly clientId?: string;
  readonly clientHost?: string;
  /** The client's own words (KIP-800). */
  readonly reason?: string;
  readonly wallMs: number;
}

/** A rebalance on its way. */
export interface RebalanceInProgress {
  readonly startedAt: Now;
  readonly fromGeneration: number;
  readonly membersBefore: number;
  /** What started it comes first; what happened on the way follows. At most CAUSES_MAX. */
  readonly causes: readonly RebalanceCause[];
  readonly moreCauses: number;
  /** When all had joined and the leader was asked for assignments (monotonic); undefined while preparing. */
  readonly joinedAtMs: number | undefined;
}

/** A rebalance that ended. */
export interface Rebalance {
  readonly groupId: string;
  readonly fromGeneration: number;
  readonly generation: number;
  /** Stable: every member has an assignment to ask for. Empty: nobody is left. Interrupted: another one took over. */
  readonly outcome: 'stable' | 'empty' | 'interrupted';
  readonly startedWallMs: number;
  /** From the first trigger until the last member joined. */
  readonly preparingMs: number;
  /** From then until the leader's assignment was stored. */
  readonly completingMs: number;
  readonly membersBefore: number;
  readonly membersAfter: number;
  readonly protocol: string | undefined;
  readonly leader: string | undefined;
  readonly causes: readonly RebalanceCause[];
  readonly moreCauses: number;
}

export function startRebalance(
  now: Now,
  fromGeneration: number,
  membersBefore: number,
  cause: RebalanceCause,
): RebalanceInProgress {
  return { startedAt: now, fromGeneration, membersBefore, causes: [cause], moreCauses: 0, joinedAtMs: undefined };
}

export function withCause(rebalance: RebalanceInProgress, cause: RebalanceCause): RebalanceInProgress {
  if (rebalance.causes.length >= CAUSES_MAX) return { ...rebalance, moreCauses: rebalance.moreCauses + 1 };
  return { ...rebalance, causes: [...rebalance.causes, cause] };
}

export function finishRebalance(
  rebalance: RebalanceInProgress,
  now: Now,
  end: Pick<Rebalance, 'groupId' | 'generation' | 'outcome' | 'membersAfter' | 'protocol' | 'leader'>,
): Rebalance {
  const joinedAtMs = rebalance.joinedAtMs ?? now.monotonicMs;
  return {
    ...end,
    fromGeneration: rebalance.fromGeneration,
    startedWallMs: rebalance.startedAt.wallMs,
    preparingMs: joinedAtMs - rebalance.startedAt.monotonicMs,
    completingMs: now.monotonicMs - joinedAtMs,
    membersBefore: rebalance.membersBefore,
    causes: rebalance.causes,
    moreCauses: rebalance.moreCauses,
  };
}

/** A cause with what is known of the member it speaks of. */
export function causeBy(
  kind: CauseKind,
  member: { memberId: string; instanceId?: string | undefined; clientId?: string; clientHost?: string },
  now: Now,
  reason?: string | null,
): RebalanceCause {
  const words = cutReason(reason);
  return {
    kind,
    memberId: member.memberId,
    ...(member.instanceId !== undefined && { instanceId: member.instanceId }),
    ...(member.clientId !== undefined && { clientId: member.clientId }),
    ...(member.clientHost !== undefined && { clientHost: member.clientHost }),
    ...(words !== undefined && { reason: words }),
    wallMs: now.wallMs,
  };
}

export function cutReason(reason: string | null | undefined): string | undefined {
  return reason ? reason.slice(0, REASON_LENGTH_MAX) : undefined;
}

/** Adds to the recent rebalances of a group, oldest first. */
export function keepRebalance(recent: Rebalance[], rebalance: Rebalance): void {
  recent.push(rebalance);
  if (recent.length > REBALANCES_KEPT) recent.shift();
}

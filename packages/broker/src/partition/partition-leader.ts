// Pure: what the leader of one partition knows and decides: its in-sync set and its high watermark (KIP-497, KIP-841,
// KIP-903). No clock, disk or socket: time and facts come in, ISR wishes go out. In the flow: `partition.ts` owns one while
// this broker leads, feeds it its own log and its followers' fetches, and sends the wishes (`isr-proposals.ts`).
//
// Naive way: hw = smallest end over the ISR that the controller confirmed. It loses data: while an expansion is under way
// the controller may have granted it already, and elect the newcomer, which lacks what was committed without it. So the
// watermark counts every member of the *maximal* ISR (confirmed or asked for), and only the *confirmed* ones towards
// min.insync.replicas (R3, invariant 5).
//
// Always: highWatermark never goes back and never passes what this broker itself persisted; one wish in flight; a
// follower's end counts only if it fetched in this leader epoch and under its present broker epoch.
import type { PartitionState } from '@moldau/metadata';

/** Why an ISR is asked to change; for events. */
export type IsrReason = 'caught up' | 'fell behind' | 'not registered';

/** A change of the ISR that the controller is to decide on; one at a time. */
export interface IsrProposal {
  readonly members: readonly number[];
  /** The partition epoch that it rests on: the controller refuses it when there is a newer one. */
  readonly partitionEpoch: number;
  readonly reason: IsrReason;
  /** Those who join or leave. */
  readonly changed: readonly number[];
}

/** What is known of one follower in this leader epoch. */
export interface FollowerProgress {
  readonly id: number;
  /** Of the run of the broker that fetched; -1 before its first fetch. A new run starts from nothing (R7). */
  brokerEpoch: number;
  /** Everything below is persisted there; -1 before its first fetch. */
  logEnd: number;
  logStart: number;
  /** Monotonic ms when it last had all that we had. */
  caughtUpAtMs: number;
  lastFetchAtMs: number;
  /** Our log end when it last fetched: reaching that is being caught up as of then. */
  ourEndAtLastFetch: number;
}

export interface PartitionLeader {
  readonly facts: ReplicaFacts;
  readonly self: number;
  readonly leaderEpoch: number;
  /** Our log end when this epoch began. Before the watermark has reached it nobody knows how far readers were. */
  readonly epochStart: number;
  partitionEpoch: number;
  replicas: readonly number[];
  /** The confirmed in-sync set. */
  isr: readonly number[];
  proposal: IsrProposal | undefined;
  minInSync: number;
  lagMaxMs: number;
  logEnd: number;
  persistedEnd: number;
  highWatermark: number;
  /** Of the assigned replicas, ourselves left out. */
  followers: FollowerProgress[];
}

/** What the picture of the cluster says about brokers. */
export interface ReplicaFacts {
  /** Registered under this epoch, not fenced, not on its way out: may be in an ISR (KIP-841, KIP-903). */
  eligible(brokerId: number, brokerEpoch: number): boolean;
}

export interface LeadingParts {
  readonly facts: ReplicaFacts;
  readonly self: number;
  readonly state: PartitionState;
  readonly logEnd: number;
  readonly persistedEnd: number;
  readonly highWatermark: number;
  readonly minInSync: number;
  readonly lagMaxMs: number;
  readonly now: number;
}

/** A new term: nothing of an older one is carried over. */
export function lead(parts: LeadingParts): PartitionLeader {
  const { state, now } = parts;
  const leader: PartitionLeader = {
    facts: parts.facts,
    self: parts.self,
    leaderEpoch: state.leaderEpoch,
    epochStart: parts.logEnd,
    partitionEpoch: state.partitionEpoch,
    replicas: state.replicas,
    isr: state.isr,
    proposal: undefined,
    minInSync: parts.minInSync,
    lagMaxMs: parts.lagMaxMs,
    logEnd: parts.logEnd,
    persistedEnd: parts.persistedEnd,
    highWatermark: parts.highWatermark,
    followers: [],
  };
  keepAssigned(leader, now);
  settle(leader, now);
  return leader;
}

/**
 * The rules that everything hangs on, in one object so that a test can take one away and see data lost.
 */
export const leaderRules = {
  /** Whether `id` could be elected now or once the controller has answered: the watermark must wait for it. */
  counts(leader: PartitionLeader, id: number): boolean {
    return leader.isr.includes(id) || (leader.proposal?.members.includes(id) ?? false);
  },

  /** Whether readers may be served at all: enough confirmed replicas have what the watermark promises. */
  enough(leader: PartitionLeader): boolean {
    return leader.isr.length >= effectiveMinInSync(leader);
  },

  /** Whether a follower has all that was ever promised, and our epoch's beginning (R2). */
  reached(leader: PartitionLeader, follower: FollowerProgress): boolean {
    return follower.logEnd >= leader.highWatermark && follower.logEnd >= leader.epochStart;
  },
};

/** min.insync.replicas, where there are that many replicas. */
export function effectiveMinInSync(leader: PartitionLeader): number {
  return Math.min(leader.minInSync, leader.replicas.length);
}

/** Our log was appended to, or more of it is persisted. */
export function ownLogMoved(leader: PartitionLeader, logEnd: number, persistedEnd: number, now: number): void {
  leader.logEnd = logEnd;
  leader.persistedEnd = persistedEnd;
  settle(leader, now);
}

export interface FollowerFetch {
  readonly from: number;
  readonly brokerEpoch: number;
  /** The fetch offset: all below is persisted there, and is what we have. */
  readonly logEnd: number;
  readonly logStart: number;
  readonly now: number;
}

/** A follower of this epoch whose log does not part from ours fetched. Answers the wish that follows. */
export function followerFetched(leader: PartitionLeader, fetch: FollowerFetch): IsrProposal | undefined {
  const follower = leader.followers.find(({ id }) => id === fetch.from);
  if (!follower) return undefined;
  const { now } = fetch;
  if (follower.brokerEpoch !== fetch.brokerEpoch) {
    // A late request of an earlier run says nothing about this one.
    if (fetch.brokerEpoch < follower.brokerEpoch) return undefined;
    forget(follower, fetch.brokerEpoch, follower.caughtUpAtMs);
  }
  if (fetch.logEnd >= leader.logEnd) follower.caughtUpAtMs = now;
  else if (follower.ourEndAtLastFetch >= 0 && fetch.logEnd >= follower.ourEndAtLastFetch) {
    follower.caughtUpAtMs = Math.max(follower.caughtUpAtMs, follower.lastFetchAtMs);
  }
  follower.logEnd = fetch.logEnd;
  follower.logStart = fetch.logStart;
  follower.lastFetchAtMs = now;
  follower.ourEndAtLastFetch = leader.logEnd;
  settle(leader, now);
  return proposeJoin(leader, follower);
}

/**
 * Time passed. `lastFetchAt` tells when a follower's session was last heard of: in an incremental session an idle
 * partition is not mentioned, and is fetched all the same.
 */
export function lagTick(
  leader: PartitionLeader,
  now: number,
  lastFetchAt: (brokerId: number) => number,
): IsrProposal | undefined {
  for (const follower of leader.followers) {
    if (follower.logEnd < leader.logEnd) continue;
    follower.caughtUpAtMs = Math.max(follower.caughtUpAtMs, lastFetchAt(follower.id));
  }
  settle(leader, now);
  if (leader.proposal) return undefined;
  for (const follower of leader.followers) {
    if (leader.isr.includes(follower.id) || !isCaughtUp(leader, follower, now)) continue;
    const wish = proposeJoin(leader, follower);
    if (wish) return wish;
  }
  const behind = leader.isr.filter((id) => {
    if (id === leader.self) return false;
    const follower = leader.followers.find((candidate) => candidate.id === id);
    return !follower || !isCaughtUp(leader, follower, now);
  });
  if (behind.length === 0) return undefined;
  return propose(
    leader,
    leader.isr.filter((id) => !behind.includes(id)),
    behind,
    'fell behind',
  );
}

/** A newer state of this partition in the same leader epoch: confirmed by the controller, wished by us or not. */
export function stateSeen(leader: PartitionLeader, state: PartitionState, now: number): void {
  if (state.leaderEpoch !== leader.leaderEpoch || state.partitionEpoch <= leader.partitionEpoch) return;
  leader.partitionEpoch = state.partitionEpoch;
  leader.isr = state.isr;
  // Granted, or refused for good: what it rested on is no more.
  leader.proposal = undefined;
  if (leader.replicas !== state.replicas) {
    leader.replicas = state.replicas;
    keepAssigned(leader, now);
  }
  settle(leader, now);
}

/** The controller refused the wish and its state stands: it was not and will not be granted. */
export function proposalRefused(leader: PartitionLeader, wish: IsrProposal, now: number): void {
  if (leader.proposal !== wish) return;
  leader.proposal = undefined;
  settle(leader, now);
}

/** Lowest log start over the replicas that live: what DeleteRecords waits for. */
export function lowWatermark(leader: PartitionLeader, ownLogStart: number, lives: (id: number) => boolean): number {
  let lowest = ownLogStart;
  for (const { id, logStart } of leader.followers) if (lives(id)) lowest = Math.min(lowest, logStart);
  return lowest;
}

/** Kafka's sense: it has all that we have, or had so not long ago. */
function isCaughtUp(leader: PartitionLeader, follower: FollowerProgress, now: number): boolean {
  return follower.logEnd >= leader.logEnd || now - follower.caughtUpAtMs <= leader.lagMaxMs;
}

function proposeJoin(leader: PartitionLeader, follower: FollowerProgress): IsrProposal | undefined {
  if (leader.proposal || leader.isr.includes(follower.id) || !mayJoin(leader, follower)) return undefined;
  const members = leader.replicas.filter((id) => id === follower.id || leader.isr.includes(id));
  for (const id of leader.isr) if (!members.includes(id)) members.push(id);
  return propose(leader, members, [follower.id], 'caught up');
}

function mayJoin(leader: PartitionLeader, follower: FollowerProgress): boolean {
  return follower.logEnd >= 0 && leaderRules.reached(leader, follower) && isEligible(leader, follower);
}

function isEligible({ facts }: PartitionLeader, { id, brokerEpoch }: FollowerProgress): boolean {
  return facts.eligible(id, brokerEpoch);
}

function propose(
  leader: PartitionLeader,
  members: readonly number[],
  changed: readonly number[],
  reason: IsrReason,
): IsrProposal {
  leader.proposal = { members, partitionEpoch: leader.partitionEpoch, reason, changed };
  return leader.proposal;
}

/** The one place where the watermark moves. */
function settle(leader: PartitionLeader, now: number): void {
  if (!leaderRules.enough(leader)) return;
  let end = leader.persistedEnd;
  for (const follower of leader.followers) {
    if (leaderRules.counts(leader, follower.id)) {
      if (follower.logEnd < end) end = follower.logEnd;
    } else if (
      follower.logEnd >= 0 &&
      follower.logEnd < end &&
      follower.logEnd >= leader.epochStart &&
      now - follower.caughtUpAtMs <= leader.lagMaxMs &&
      follower.logEnd >= leader.highWatermark &&
      isEligible(leader, follower)
    ) {
      // About to join: did the watermark run ahead with every append, it would never catch up with it.
      end = follower.logEnd;
    }
  }
  // A member of the ISR that is not assigned to us as a follower has no progress: it holds everything back.
  for (const id of leader.isr) {
    if (id !== leader.self && !leader.followers.some((follower) => follower.id === id)) return;
  }
  if (end > leader.highWatermark) leader.highWatermark = end;
}

function keepAssigned(leader: PartitionLeader, now: number): void {
  leader.followers = leader.replicas
    .filter((id) => id !== leader.self)
    .map((id) => leader.followers.find((follower) => follower.id === id) ?? newcomer(id, now));
}

function newcomer(id: number, now: number): FollowerProgress {
  const follower = { id, brokerEpoch: -1, logEnd: -1, logStart: -1, caughtUpAtMs: 0, lastFetchAtMs: 0 };
  // A member of the ISR gets the whole lag time to show up, as if it had just been caught up.
  return { ...follower, caughtUpAtMs: now, ourEndAtLastFetch: -1 };
}

function forget(follower: FollowerProgress, brokerEpoch: number, caughtUpAtMs: number): void {
  follower.brokerEpoch = brokerEpoch;
  follower.logEnd = -1;
  follower.logStart = -1;
  follower.caughtUpAtMs = caughtUpAtMs;
  follower.lastFetchAtMs = 0;
  follower.ourEndAtLastFetch = -1;
}

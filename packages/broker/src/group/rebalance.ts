// The first half of every rebalance: calling the members back (PreparingRebalance), and the moment when all are there or
// the time is up. The second half, the leader's assignment, is in sync.ts.
import { assert, must } from '@moldau/kernel';
import type { Ticket } from '../replicated-machine/machine.ts';
import { joinRefused, syncRefused } from './answers.ts';
import {
  allJoined,
  type ClassicGroup,
  type CompletingRebalance,
  joinTimer,
  type Peopled,
  type PreparingRebalance,
  peopled,
  syncTimer,
} from './classic-group.ts';
import type { JoinAnswer } from './commands.ts';
import { EMPTY_BYTES, type Member, MemberTable, metadataOf } from './member-table.ts';
import {
  causeBy,
  finishRebalance,
  keepRebalance,
  type RebalanceCause,
  startRebalance,
  withCause,
} from './rebalance-history.ts';
import { subscribedTopicsOf } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** How soon an Empty record that the log refused is tried again. */
const EMPTY_RETRY_MS = 1_000;

/**
 * Calls the members back, or notes one more cause where that has been done already. Nobody is waited for yet: the caller
 * parks the joins it has and then calls `settleJoins`.
 */
export function callBack(turn: Turn, group: ClassicGroup, cause: RebalanceCause): PreparingRebalance {
  const { phase } = group;
  switch (phase.kind) {
    case 'PreparingRebalance':
      phase.rebalance = withCause(phase.rebalance, cause);
      return phase;
    case 'Empty': {
      const delayMs = turn.settings.groupInitialRebalanceDelayMs;
      turn.setTimer(joinTimer(group.groupId), delayMs);
      return enter(turn, group, cause, new MemberTable(), undefined, {
        newMemberAdded: false,
        delayMs,
        remainingMs: 0,
      });
    }
    case 'CompletingRebalance':
      interrupt(turn, group, phase);
      return enter(turn, group, cause, phase.members, phase.leader, undefined);
    case 'Stable':
      turn.cancelTimer(syncTimer(group.groupId));
      return enter(turn, group, cause, phase.members, phase.leader, undefined);
    case 'Dead':
      return assert(false, 'a dead group rebalances') as never;
  }
}

function enter(
  turn: Turn,
  group: ClassicGroup,
  cause: RebalanceCause,
  members: MemberTable,
  leader: string | undefined,
  initial: PreparingRebalance['initial'],
): PreparingRebalance {
  const phase: PreparingRebalance = {
    kind: 'PreparingRebalance',
    members,
    waiting: new Map(),
    leader: leader !== undefined && members.has(leader) ? leader : firstOf(members)?.memberId,
    initial,
    justEntered: true,
    rebalance: startRebalance(turn.now, group.generation, members.size, cause),
  };
  group.phase = phase;
  group.stateSinceMs = turn.now.wallMs;
  turn.notice({
    kind: 'rebalanceStarted',
    groupId: group.groupId,
    generation: group.generation,
    memberCount: members.size,
    cause,
  });
  return phase;
}

/** Nobody will get the assignments that were being made: who waits for one is sent back to join. */
function interrupt(turn: Turn, group: ClassicGroup, phase: CompletingRebalance): void {
  for (const [memberId, ticket] of phase.waiting) {
    turn.reply(ticket, syncRefused('REBALANCE_IN_PROGRESS'));
    const member = must(phase.members.get(memberId), `${memberId} waits for its assignment and is no member`);
    turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
  }
  phase.waiting.clear();
  for (const member of [...phase.members.values()]) phase.members.update({ ...member, assignment: EMPTY_BYTES });
  turn.cancelTimer(syncTimer(group.groupId));
  const rebalance = finishRebalance(phase.rebalance, turn.now, {
    groupId: group.groupId,
    generation: group.generation,
    outcome: 'interrupted',
    membersAfter: phase.members.size,
    protocol: phase.protocol,
    leader: phase.leader,
  });
  keepRebalance(group.recentRebalances, rebalance);
  turn.notice({ kind: 'rebalanceFinished', rebalance });
}

/** Parks a member's join. A join of the same member that is parked already gives way: its client has given up on it. */
export function parkJoin(turn: Turn, phase: PreparingRebalance, memberId: string, ticket: Ticket): void {
  const earlier = phase.waiting.get(memberId);
  if (earlier !== undefined) turn.reply(earlier, joinRefused('REBALANCE_IN_PROGRESS', memberId));
  phase.waiting.set(memberId, ticket);
}

/** After joins were parked or members removed: goes on if everybody is there; sets the time by which they must be. */
export function settleJoins(turn: Turn, group: ClassicGroup, phase: PreparingRebalance): void {
  const justEntered = phase.justEntered;
  phase.justEntered = false;
  if (phase.initial) {
    if (justEntered) {
      phase.initial.remainingMs = Math.max(phase.members.rebalanceTimeoutMs() - phase.initial.delayMs, 0);
    }
    return; // the first rebalance waits its delay out, whoever is there
  }
  if (allJoined(group, phase)) completeJoins(turn, group, phase);
  else if (justEntered) turn.setTimer(joinTimer(group.groupId), phase.members.rebalanceTimeoutMs());
}

/** The join timer: of a first rebalance, which may be prolonged as members keep coming, or of any other. */
export function joinTimeout(turn: Turn, group: ClassicGroup): void {
  const { phase } = group;
  if (phase.kind !== 'PreparingRebalance') return;
  const { initial } = phase;
  if (initial?.newMemberAdded && initial.remainingMs > 0) {
    // Kafka's rule: one more delay for as long as members come, up to the rebalance timeout of the first.
    initial.newMemberAdded = false;
    const delayMs = Math.min(turn.settings.groupInitialRebalanceDelayMs, initial.remainingMs);
    initial.remainingMs = Math.max(initial.remainingMs - initial.delayMs, 0);
    initial.delayMs = delayMs;
    turn.setTimer(joinTimer(group.groupId), delayMs);
    return;
  }
  completeJoins(turn, group, phase);
}

/**
 * Ends the joining: whoever is not back is out (static members stay: their session timeout is what they promised), the
 * generation begins and everybody is told. With nobody left, that the group is empty goes into the log instead.
 */
export function completeJoins(turn: Turn, group: ClassicGroup, phase: PreparingRebalance): void {
  const { members, waiting } = phase;
  turn.cancelTimer(joinTimer(group.groupId));
  for (const member of [...members.values()]) {
    if (waiting.has(member.memberId) || member.instanceId !== undefined) continue;
    removeFrom(turn, group, phase, member);
    phase.rebalance = withCause(phase.rebalance, causeBy('rebalanceTimedOut', member, turn.now));
  }
  if (members.size === 0) {
    becomeEmpty(turn, group, phase);
    return;
  }
  if (phase.leader === undefined || !waiting.has(phase.leader)) {
    const elected = [...members.values()].find((member) => waiting.has(member.memberId));
    if (!elected) {
      turn.notice({ kind: 'rebalanceStalled', groupId: group.groupId, memberCount: members.size });
      turn.setTimer(joinTimer(group.groupId), members.rebalanceTimeoutMs());
      return;
    }
    phase.leader = elected.memberId;
  }
  beginGeneration(turn, group, phase, phase.leader);
}

function beginGeneration(turn: Turn, group: ClassicGroup, joined: PreparingRebalance, leader: string): void {
  const { members } = joined;
  const protocol = must(members.selectProtocol(), `the members of ${group.groupId} have no protocol in common`);
  group.generation++;
  group.stateSinceMs = turn.now.wallMs;
  group.subscribedTopics = subscribedTopicsOf(group.protocolType, protocol, members);
  const phase: CompletingRebalance = {
    kind: 'CompletingRebalance',
    members,
    protocol,
    leader,
    waiting: new Map(),
    pendingSync: new Set(),
    rebalance: { ...joined.rebalance, joinedAtMs: turn.now.monotonicMs },
  };
  group.phase = phase;
  for (const member of [...members.values()]) {
    if (member.isNew) members.update({ ...member, isNew: false });
    phase.pendingSync.add(member.memberId);
    turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
    const ticket = joined.waiting.get(member.memberId);
    if (ticket !== undefined) turn.reply(ticket, joinedAnswer(group, phase, member.memberId));
  }
  turn.setTimer(syncTimer(group.groupId), members.rebalanceTimeoutMs());
}

function becomeEmpty(turn: Turn, group: ClassicGroup, phase: PreparingRebalance): void {
  const generation = group.generation + 1;
  const rebalance = finishRebalance(phase.rebalance, turn.now, {
    groupId: group.groupId,
    generation,
    outcome: 'empty',
    membersAfter: 0,
    protocol: undefined,
    leader: undefined,
  });
  turn.record({
    kind: 'group',
    groupId: group.groupId,
    group: {
      generation,
      protocolType: group.protocolType,
      protocol: undefined,
      leader: undefined,
      stateSinceMs: turn.now.wallMs,
      members: [],
    },
    becomes: { kind: 'Empty' },
    rebalance,
  });
  turn.notice({ kind: 'rebalanceFinished', rebalance });
}

/** The log refused that the group is empty: it stays where it is, without members, and tries again. Joins are welcome meanwhile. */
export function retryEmpty(turn: Turn, group: ClassicGroup): void {
  turn.setTimer(joinTimer(group.groupId), EMPTY_RETRY_MS);
}

/** What a member is told of the generation that has begun; the leader learns of everybody. */
export function joinedAnswer(
  group: ClassicGroup,
  phase: Exclude<Peopled, PreparingRebalance>,
  memberId: string,
): JoinAnswer {
  return {
    kind: 'join',
    error: 'NONE',
    memberId,
    generation: group.generation,
    protocolType: group.protocolType ?? null,
    protocol: phase.protocol,
    leader: phase.leader,
    skipAssignment: false,
    members: memberId === phase.leader ? rosterOf(phase) : [],
  };
}

export function rosterOf(phase: { readonly members: MemberTable; readonly protocol: string }): JoinAnswer['members'] {
  return [...phase.members.values()].map((member) => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    metadata: metadataOf(member, phase.protocol),
  }));
}

/** Takes a member out of whatever phase the group is in; answers what it waited for. The caller decides what follows. */
export function removeFrom(turn: Turn, group: ClassicGroup, phase: Peopled, member: Member): void {
  assert(peopled(group) === phase, `${group.groupId} is in another phase`);
  turn.cancelTimer(member.sessionTimer);
  phase.members.remove(member.memberId);
  switch (phase.kind) {
    case 'PreparingRebalance': {
      // UNKNOWN_MEMBER_ID with no member id: a client that is alive after all joins anew.
      const ticket = phase.waiting.get(member.memberId);
      if (ticket !== undefined) turn.reply(ticket, joinRefused('UNKNOWN_MEMBER_ID', ''));
      phase.waiting.delete(member.memberId);
      if (phase.leader === member.memberId) phase.leader = firstOf(phase.members)?.memberId;
      return;
    }
    case 'CompletingRebalance': {
      const ticket = phase.waiting.get(member.memberId);
      if (ticket !== undefined) turn.reply(ticket, syncRefused('UNKNOWN_MEMBER_ID'));
      phase.waiting.delete(member.memberId);
      phase.pendingSync.delete(member.memberId);
      return;
    }
    case 'Stable':
      phase.pendingSync.delete(member.memberId);
      return;
  }
}

function firstOf(members: MemberTable): Member | undefined {
  return members.values().next().value;
}

// How members stay, go and are lost: Heartbeat, LeaveGroup, session timeouts.
import type { Ticket } from '../replicated-machine/machine.ts';
import { allJoined, type ClassicGroup, memberRefusal, membersOf, peopled, sessionTimer } from './classic-group.ts';
import type { HeartbeatCommand, LeaveAnswer, LeaveCommand, LeavingMember } from './commands.ts';
import type { Member } from './member-table.ts';
import { callBack, completeJoins, removeFrom, settleJoins } from './rebalance.ts';
import { causeBy, type RebalanceCause, withCause } from './rebalance-history.ts';
import type { Turn } from './turn.ts';

export function heartbeat(turn: Turn, group: ClassicGroup, command: HeartbeatCommand, ticket: Ticket): void {
  const refusal = memberRefusal(group, command.memberId, command.instanceId);
  if (refusal) {
    turn.heartbeat(ticket, refusal);
    return;
  }
  if (command.generation !== group.generation) {
    turn.heartbeat(ticket, 'ILLEGAL_GENERATION');
    return;
  }
  const member = membersOf(group).get(command.memberId)!;
  turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
  turn.heartbeat(ticket, group.phase.kind === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE');
}

/** Takes the named members out, each for itself; one rebalance for all of them. */
export function leave(turn: Turn, group: ClassicGroup, command: LeaveCommand, ticket: Ticket): void {
  const results: { memberId: string; instanceId: string | null; error: LeaveAnswer['members'][number]['error'] }[] = [];
  let changed = false;
  for (const leaving of command.members) {
    const { memberId, instanceId } = leaving;
    const target = leaver(group, leaving);
    if (typeof target === 'string') {
      results.push({ memberId, instanceId, error: target });
      continue;
    }
    results.push({ memberId, instanceId, error: 'NONE' });
    changed = true;
    if (target.kind === 'pending') {
      group.pendingMembers.delete(memberId);
      turn.cancelTimer(sessionTimer(group.groupId, memberId));
    } else {
      const cause = causeBy(memberId === '' ? 'memberRemoved' : 'memberLeft', target.member, turn.now, leaving.reason);
      removeFrom(turn, group, callBack(turn, group, cause), target.member);
    }
  }
  turn.reply(ticket, { kind: 'leave', members: results });
  if (changed && group.phase.kind === 'PreparingRebalance') settleJoins(turn, group, group.phase);
}

/** Whom a leave speaks of, or why it speaks of nobody. An operator names the instance only, without a member id. */
function leaver(
  group: ClassicGroup,
  { memberId, instanceId }: LeavingMember,
): { kind: 'pending' } | { kind: 'member'; member: Member } | 'UNKNOWN_MEMBER_ID' | 'FENCED_INSTANCE_ID' {
  const members = membersOf(group);
  if (memberId === '') {
    const holder = instanceId === null ? undefined : members.memberIdOf(instanceId);
    return holder === undefined ? 'UNKNOWN_MEMBER_ID' : { kind: 'member', member: members.get(holder)! };
  }
  if (group.pendingMembers.has(memberId)) return { kind: 'pending' };
  return memberRefusal(group, memberId, instanceId) ?? { kind: 'member', member: members.get(memberId)! };
}

/** Nothing was heard of a member for its session timeout. */
export function sessionTimeout(turn: Turn, group: ClassicGroup, memberId: string): void {
  if (group.pendingMembers.delete(memberId)) {
    goOnWithout(turn, group);
    return;
  }
  const phase = peopled(group);
  const member = phase?.members.get(memberId);
  if (!phase || !member) return;
  // Whose request is parked here is alive as far as anybody can know. But a new member does not know its id yet: if its
  // client has gone it will come back as another one, and this one must not stay for ever.
  const parked = phase.kind !== 'Stable' && phase.waiting.has(memberId);
  if (parked && !member.isNew) return;
  const cause = causeBy(member.isNew ? 'joinTimedOut' : 'sessionTimedOut', member, turn.now);
  if (phase.kind === 'PreparingRebalance') {
    phase.rebalance = withCause(phase.rebalance, cause);
    removeFrom(turn, group, phase, member);
    goOnWithout(turn, group);
    return;
  }
  const preparing = callBack(turn, group, cause);
  removeFrom(turn, group, preparing, member);
  settleJoins(turn, group, preparing);
}

/** One who was waited for is gone. Even the delay of a first rebalance ends when that leaves nobody to wait for. */
function goOnWithout(turn: Turn, group: ClassicGroup): void {
  const { phase } = group;
  if (phase.kind === 'PreparingRebalance' && allJoined(group, phase)) completeJoins(turn, group, phase);
}

/** A loaded group whose members are more than the setting now allows: all are called back, the last ones find it full. */
export function callBackIfTooLarge(turn: Turn, group: ClassicGroup): void {
  const members = membersOf(group);
  if (members.size <= turn.settings.groupMaxSize) return;
  const cause: RebalanceCause = { kind: 'groupTooLarge', wallMs: turn.now.wallMs };
  settleJoins(turn, group, callBack(turn, group, cause));
}

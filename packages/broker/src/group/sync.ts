// SyncGroup: the second half of a rebalance. The leader brings everybody's assignment, the others come to ask for theirs
// and are parked until it is in the log.
import type { Ticket } from '../replicated-machine/machine.ts';
import { syncRefused } from './answers.ts';
import { type ClassicGroup, type CompletingRebalance, memberRefusal, type Stable, syncTimer } from './classic-group.ts';
import type { SyncAnswer, SyncCommand } from './commands.ts';
import { EMPTY_BYTES, MemberTable } from './member-table.ts';
import { callBack, removeFrom, settleJoins } from './rebalance.ts';
import { causeBy, finishRebalance, withCause } from './rebalance-history.ts';
import { storedGroup } from './stored-group.ts';
import type { Turn } from './turn.ts';

export function sync(turn: Turn, group: ClassicGroup, command: SyncCommand, ticket: Ticket): void {
  const { memberId } = command;
  const refusal = memberRefusal(group, memberId, command.instanceId);
  if (refusal) {
    if (refusal === 'FENCED_INSTANCE_ID') {
      turn.notice({ kind: 'memberFenced', groupId: group.groupId, memberId, instanceId: command.instanceId ?? '' });
    }
    turn.reply(ticket, syncRefused(refusal));
    return;
  }
  if (command.generation !== group.generation) {
    turn.reply(ticket, syncRefused('ILLEGAL_GENERATION'));
    return;
  }
  const { phase } = group;
  switch (phase.kind) {
    case 'Empty':
    case 'Dead':
      turn.reply(ticket, syncRefused('UNKNOWN_MEMBER_ID'));
      return;
    case 'PreparingRebalance':
      turn.reply(ticket, syncRefused('REBALANCE_IN_PROGRESS'));
      return;
    case 'CompletingRebalance':
    case 'Stable':
      break;
  }
  if (differs(command.protocolType, group.protocolType) || differs(command.protocol, phase.protocol)) {
    turn.reply(ticket, syncRefused('INCONSISTENT_GROUP_PROTOCOL'));
    return;
  }
  phase.pendingSync.delete(memberId);
  if (phase.pendingSync.size === 0) turn.cancelTimer(syncTimer(group.groupId));
  if (phase.kind === 'Stable') {
    turn.reply(ticket, assigned(group, phase, memberId));
    return;
  }
  const earlier = phase.waiting.get(memberId);
  if (earlier !== undefined) turn.reply(earlier, syncRefused('REBALANCE_IN_PROGRESS'));
  phase.waiting.set(memberId, ticket);
  if (memberId === phase.leader) assign(turn, group, phase, command);
}

/** The leader has spoken: its word goes into the log, and everybody who waits gets an answer once it is there. */
function assign(turn: Turn, group: ClassicGroup, phase: CompletingRebalance, command: SyncCommand): void {
  const given = new Map(command.assignments.map(({ memberId, assignment }) => [memberId, assignment]));
  const forgotten: string[] = [];
  // A new table: should the log refuse, the members here keep what they had.
  const members = new MemberTable();
  for (const member of phase.members.values()) {
    const assignment = given.get(member.memberId);
    if (assignment === undefined) forgotten.push(member.memberId);
    members.add({ ...member, assignment: assignment ?? EMPTY_BYTES });
  }
  if (forgotten.length > 0) {
    turn.notice({
      kind: 'assignmentMissing',
      groupId: group.groupId,
      generation: group.generation,
      memberIds: forgotten,
    });
  }
  const stable: Stable = {
    kind: 'Stable',
    members,
    protocol: phase.protocol,
    leader: phase.leader,
    pendingSync: phase.pendingSync,
  };
  const rebalance = finishRebalance(phase.rebalance, turn.now, {
    groupId: group.groupId,
    generation: group.generation,
    outcome: 'stable',
    membersAfter: members.size,
    protocol: phase.protocol,
    leader: phase.leader,
  });
  turn.record({ kind: 'group', groupId: group.groupId, group: storedGroup(group, stable), becomes: stable, rebalance });
  turn.notice({ kind: 'rebalanceFinished', rebalance });
  for (const [memberId, ticket] of phase.waiting) {
    turn.reply(ticket, assigned(group, stable, memberId));
    const member = members.get(memberId)!;
    // While it was parked its session was not counted; from here on it is.
    turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
  }
}

function assigned(group: ClassicGroup, phase: Stable, memberId: string): SyncAnswer {
  return {
    kind: 'sync',
    error: 'NONE',
    protocolType: group.protocolType ?? null,
    protocol: phase.protocol,
    assignment: phase.members.get(memberId)!.assignment,
  };
}

/** The log refused the assignment. Who waited for it has been told; all come back and try again with a new generation. */
export function assignmentRefused(turn: Turn, group: ClassicGroup): void {
  const { phase } = group;
  if (phase.kind !== 'CompletingRebalance') return;
  phase.waiting.clear();
  for (const member of phase.members.values()) turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
  const leader = phase.members.get(phase.leader)!;
  settleJoins(turn, group, callBack(turn, group, causeBy('assignmentNotStored', leader, turn.now)));
}

/** Who has not asked for its assignment within the rebalance timeout is not there; the others go on without it. */
export function syncTimeout(turn: Turn, group: ClassicGroup): void {
  const { phase } = group;
  if (phase.kind !== 'CompletingRebalance' && phase.kind !== 'Stable') return;
  const missing = [...phase.pendingSync].flatMap((memberId) => phase.members.get(memberId) ?? []);
  const [first, ...others] = missing;
  if (!first) return;
  const preparing = callBack(turn, group, causeBy('syncTimedOut', first, turn.now));
  for (const member of others) {
    preparing.rebalance = withCause(preparing.rebalance, causeBy('syncTimedOut', member, turn.now));
  }
  for (const member of missing) removeFrom(turn, group, preparing, member);
  settleJoins(turn, group, preparing);
}

/** The client need not say; what it says has to fit (KIP-559). */
function differs(said: string | null, known: string | undefined): boolean {
  return said !== null && known !== undefined && said !== known;
}

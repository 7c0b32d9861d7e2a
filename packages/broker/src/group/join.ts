// JoinGroup: somebody wants to be in the group, or to stay in it for the next generation.
// Rules and error codes are those of Kafka's GroupMetadataManager (4.x) for groups of the classic protocol; KIP-62
// (rebalance timeout), 134 (initial delay), 345 (static members), 394 (member id first), 559, 800, 814.
import { assert } from '@moldau/kernel';
import type { Ticket } from '../replicated-machine/machine.ts';
import { joinRefused, syncRefused } from './answers.ts';
import { MEMBER_METADATA_BYTES_MAX, MEMBERS_MAX, PENDING_MEMBERS_MAX, PROTOCOLS_MAX } from './bounds.ts';
import {
  type ClassicGroup,
  memberOf,
  memberRefusal,
  membersOf,
  type PreparingRebalance,
  peopled,
  type Stable,
  sessionTimer,
} from './classic-group.ts';
import type { JoinCommand } from './commands.ts';
import { EMPTY_BYTES, type Member, sameProtocols } from './member-table.ts';
import { callBack, joinedAnswer, parkJoin, removeFrom, settleJoins } from './rebalance.ts';
import { causeBy } from './rebalance-history.ts';
import { storedGroup } from './stored-group.ts';
import type { Turn } from './turn.ts';

/** A member that does not know its id yet cannot send heartbeats; so long its parked join is believed (as in Kafka). */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000;

/** Decides a join to a group that exists (perhaps since a moment ago). */
export function join(turn: Turn, group: ClassicGroup, command: JoinCommand, ticket: Ticket): void {
  const { memberId } = command;
  const answerTo = memberId;
  if (!hasRoomFor(turn, group, memberId)) {
    turnAway(turn, group, memberId, ticket);
  } else if (!speaksTheProtocol(group, command)) {
    turn.reply(ticket, joinRefused('INCONSISTENT_GROUP_PROTOCOL', answerTo));
  } else if (memberId === '') {
    if (command.instanceId !== null) joinStatic(turn, group, command, command.instanceId, ticket);
    else joinDynamic(turn, group, command, ticket);
  } else {
    rejoin(turn, group, command, ticket);
  }
}

/** Whether this join, itself, is of a kind that any group could take. */
export function isJoinable(command: JoinCommand): boolean {
  return command.protocolType !== '' && command.protocols.length > 0;
}

function speaksTheProtocol(group: ClassicGroup, command: JoinCommand): boolean {
  const { protocols } = command;
  if (!isJoinable(command) || protocols.length > PROTOCOLS_MAX) return false;
  let bytes = 0;
  for (const { metadata } of protocols) bytes += metadata.length;
  if (bytes > MEMBER_METADATA_BYTES_MAX) return false;
  const phase = peopled(group);
  if (!phase) return true;
  return group.protocolType === command.protocolType && phase.members.supportAnyOf(protocols);
}

/**
 * While a group rebalances, those who are back count, not those who are listed: the limit may have been lowered, and then
 * the last to come back are the ones to go. Otherwise members have their place and newcomers need one.
 */
function hasRoomFor(turn: Turn, group: ClassicGroup, memberId: string): boolean {
  const membersMax = Math.min(turn.settings.groupMaxSize, MEMBERS_MAX);
  const { phase } = group;
  switch (phase.kind) {
    case 'Empty':
    case 'Dead':
      return group.pendingMembers.size < PENDING_MEMBERS_MAX || memberId !== '';
    case 'PreparingRebalance':
      return phase.waiting.has(memberId) || phase.waiting.size < membersMax;
    case 'CompletingRebalance':
    case 'Stable':
      return phase.members.has(memberId) || phase.members.size < membersMax;
  }
}

function turnAway(turn: Turn, group: ClassicGroup, memberId: string, ticket: Ticket): void {
  turn.notice({
    kind: 'boundReached',
    bound: 'group.max.size',
    limit: Math.min(turn.settings.groupMaxSize, MEMBERS_MAX),
    groupId: group.groupId,
  });
  turn.reply(ticket, joinRefused('GROUP_MAX_SIZE_REACHED', ''));
  if (group.pendingMembers.delete(memberId)) turn.cancelTimer(sessionTimer(group.groupId, memberId));
  const { phase } = group;
  // Only a rebalancing group turns its own members away; those who are back need not wait for this one then.
  if (phase.kind !== 'PreparingRebalance') return;
  const member = phase.members.get(memberId);
  if (member) removeFrom(turn, group, phase, member);
  settleJoins(turn, group, phase);
}

function joinDynamic(turn: Turn, group: ClassicGroup, command: JoinCommand, ticket: Ticket): void {
  const memberId = command.newMemberId;
  if (!command.needsKnownMemberId) {
    add(turn, group, command, memberId, ticket);
    return;
  }
  if (group.pendingMembers.size >= PENDING_MEMBERS_MAX) {
    turn.notice({ kind: 'boundReached', bound: 'pending members', limit: PENDING_MEMBERS_MAX, groupId: group.groupId });
    turn.reply(ticket, joinRefused('GROUP_MAX_SIZE_REACHED', ''));
    return;
  }
  // Without this step a client that gives up and retries its first join would leave a member behind every time (KIP-394).
  group.pendingMembers.add(memberId);
  turn.setTimer(sessionTimer(group.groupId, memberId), command.sessionTimeoutMs);
  turn.reply(ticket, joinRefused('MEMBER_ID_REQUIRED', memberId));
}

function joinStatic(turn: Turn, group: ClassicGroup, command: JoinCommand, instanceId: string, ticket: Ticket): void {
  const holder = membersOf(group).memberIdOf(instanceId);
  if (holder === undefined) add(turn, group, command, command.newMemberId, ticket);
  else replaceStatic(turn, group, command, instanceId, holder, ticket);
}

function rejoin(turn: Turn, group: ClassicGroup, command: JoinCommand, ticket: Ticket): void {
  const { memberId, instanceId } = command;
  if (instanceId === null && group.pendingMembers.has(memberId)) {
    add(turn, group, command, memberId, ticket);
    return;
  }
  const refusal = memberRefusal(group, memberId, instanceId);
  if (refusal) {
    if (refusal === 'FENCED_INSTANCE_ID') {
      turn.notice({ kind: 'memberFenced', groupId: group.groupId, memberId, instanceId: instanceId ?? '' });
    }
    turn.reply(ticket, joinRefused(refusal, memberId));
    return;
  }
  const { phase } = group;
  switch (phase.kind) {
    case 'Empty':
    case 'Dead':
      // Unreachable by the check above, which finds no members; said all the same, as Kafka does.
      turn.reply(ticket, joinRefused('UNKNOWN_MEMBER_ID', memberId));
      return;
    case 'PreparingRebalance':
      update(turn, phase, memberId, command, ticket);
      settleJoins(turn, group, phase);
      return;
    case 'CompletingRebalance':
    case 'Stable': {
      const member = phase.members.get(memberId)!;
      const unchanged = sameProtocols(member.protocols, command.protocols);
      const leads = phase.kind === 'Stable' && phase.leader === memberId;
      if (unchanged && !leads) {
        // The first answer got lost, or the client only wants to be sure: this generation still holds.
        turn.reply(ticket, joinedAnswer(group, phase, memberId));
        return;
      }
      const kind = unchanged ? 'leaderRejoined' : 'metadataChanged';
      const preparing = callBack(turn, group, causeBy(kind, member, turn.now, command.reason));
      update(turn, preparing, memberId, command, ticket);
      settleJoins(turn, group, preparing);
    }
  }
}

function add(turn: Turn, group: ClassicGroup, command: JoinCommand, memberId: string, ticket: Ticket): void {
  const member: Member = memberOf(group.groupId, {
    memberId,
    instanceId: command.instanceId ?? undefined,
    clientId: command.clientId,
    clientHost: command.clientHost,
    rebalanceTimeoutMs: command.rebalanceTimeoutMs,
    sessionTimeoutMs: command.sessionTimeoutMs,
    protocols: command.protocols,
    assignment: EMPTY_BYTES,
    isNew: true,
  });
  const wasWaitingForMore = group.phase.kind === 'PreparingRebalance' && group.phase.initial !== undefined;
  const phase = callBack(turn, group, causeBy('memberJoined', member, turn.now, command.reason));
  if (wasWaitingForMore && phase.initial) phase.initial.newMemberAdded = true;
  if (phase.members.size === 0) group.protocolType = command.protocolType;
  phase.members.add(member);
  phase.leader ??= memberId;
  group.pendingMembers.delete(memberId);
  turn.setTimer(member.sessionTimer, NEW_MEMBER_JOIN_TIMEOUT_MS);
  parkJoin(turn, phase, memberId, ticket);
  settleJoins(turn, group, phase);
}

function update(turn: Turn, phase: PreparingRebalance, memberId: string, command: JoinCommand, ticket: Ticket): void {
  const member = phase.members.get(memberId)!;
  phase.members.update({ ...member, ...offeredBy(command) });
  parkJoin(turn, phase, memberId, ticket);
}

function offeredBy(command: JoinCommand): Pick<Member, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'> {
  return {
    protocols: command.protocols,
    rebalanceTimeoutMs: command.rebalanceTimeoutMs,
    sessionTimeoutMs: command.sessionTimeoutMs,
  };
}

/**
 * A static member came back without its old id: it takes the old one's place under a new id, and the old one, should it
 * still live, is fenced. In a stable group whose protocol stays the same nobody else need notice (KIP-345's purpose).
 */
function replaceStatic(
  turn: Turn,
  group: ClassicGroup,
  command: JoinCommand,
  instanceId: string,
  oldMemberId: string,
  ticket: Ticket,
): void {
  const phase = peopled(group)!;
  const old = phase.members.get(oldMemberId)!;
  const member: Member = memberOf(group.groupId, {
    ...old,
    ...offeredBy(command),
    memberId: command.newMemberId,
    clientId: command.clientId,
    clientHost: command.clientHost,
    isNew: false,
  });
  turn.cancelTimer(old.sessionTimer);
  turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
  const cause = causeBy('staticMemberReplaced', member, turn.now, command.reason);
  const notice = {
    kind: 'staticMemberReplaced',
    groupId: group.groupId,
    instanceId,
    oldMemberId,
    newMemberId: member.memberId,
  } as const;

  switch (phase.kind) {
    case 'Stable': {
      const next = withReplaced(phase, old, member);
      if (next.members.selectProtocol() === phase.protocol) {
        turn.notice({ ...notice, rebalances: false });
        turn.record({ kind: 'group', groupId: group.groupId, group: storedGroup(group, next), becomes: next });
        turn.reply(ticket, {
          ...joinedAnswer(group, next, member.memberId),
          ...(command.canSkipAssignment
            ? { skipAssignment: next.leader === member.memberId }
            : // Before v9 a leader would go and assign, and a stable group would ignore it. So it is not told that it leads:
              // the old leader's id is nobody's any more (KIP-814 tells the story).
              { leader: phase.leader, members: [] }),
        });
        return;
      }
      turn.notice({ ...notice, rebalances: true });
      const preparing = callBack(turn, group, cause);
      swap(preparing, old, member);
      parkJoin(turn, preparing, member.memberId, ticket);
      settleJoins(turn, group, preparing);
      return;
    }
    case 'CompletingRebalance': {
      turn.notice({ ...notice, rebalances: true });
      // The leader has been given the old id to assign to; its answer would miss the new one.
      const sync = phase.waiting.get(oldMemberId);
      if (sync !== undefined) turn.reply(sync, syncRefused('FENCED_INSTANCE_ID'));
      phase.waiting.delete(oldMemberId);
      const preparing = callBack(turn, group, cause);
      swap(preparing, old, member);
      parkJoin(turn, preparing, member.memberId, ticket);
      settleJoins(turn, group, preparing);
      return;
    }
    case 'PreparingRebalance': {
      turn.notice({ ...notice, rebalances: true });
      const earlier = phase.waiting.get(oldMemberId);
      if (earlier !== undefined) turn.reply(earlier, joinRefused('FENCED_INSTANCE_ID', oldMemberId));
      phase.waiting.delete(oldMemberId);
      callBack(turn, group, cause);
      swap(phase, old, member);
      parkJoin(turn, phase, member.memberId, ticket);
      settleJoins(turn, group, phase);
    }
  }
}

function withReplaced(phase: Stable, old: Member, member: Member): Stable {
  const members = phase.members.copy();
  members.remove(old.memberId);
  members.add(member);
  const pendingSync = new Set(phase.pendingSync);
  pendingSync.delete(old.memberId);
  return { ...phase, members, pendingSync, leader: phase.leader === old.memberId ? member.memberId : phase.leader };
}

function swap(phase: PreparingRebalance, old: Member, member: Member): void {
  assert(phase.members.has(old.memberId), `${old.memberId} is no member any more`);
  // The assignment may have been taken back on the way here: keep what the table says.
  const { assignment } = phase.members.remove(old.memberId)!;
  phase.members.add({ ...member, assignment });
  if (phase.leader === old.memberId) phase.leader = member.memberId;
}

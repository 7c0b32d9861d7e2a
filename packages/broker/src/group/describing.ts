// DescribeGroups, ListGroups, DeleteGroups: what operators ask of groups.
import type { Ticket } from '../replicated-machine/machine.ts';
import { type ClassicGroup, joinTimer, membersOf, sessionTimer } from './classic-group.ts';
import type {
  DeleteGroupsAnswer,
  DeleteGroupsCommand,
  DescribeCommand,
  DescribedGroup,
  ListCommand,
} from './commands.ts';
import { EMPTY_BYTES, metadataOf } from './member-table.ts';
import type { OffsetStore } from './offset-store.ts';
import { forgetOffsets } from './stored-offsets.ts';
import type { Turn } from './turn.ts';

type Groups = ReadonlyMap<string, ClassicGroup>;

export function describe(turn: Turn, groups: Groups, command: DescribeCommand, ticket: Ticket): void {
  const described = command.groupIds.map((groupId) => describeGroup(groupId, groups.get(groupId)));
  turn.reply(ticket, { kind: 'describe', groups: described });
}

function describeGroup(groupId: string, group: ClassicGroup | undefined): DescribedGroup {
  if (!group) return { groupId, found: false, state: 'Dead', protocolType: '', protocol: '', members: [] };
  // What members say of a protocol means something only while one is chosen.
  const protocol = group.phase.kind === 'Stable' ? group.phase.protocol : undefined;
  return {
    groupId,
    found: true,
    state: group.phase.kind,
    protocolType: group.protocolType ?? '',
    protocol: protocol ?? '',
    members: [...membersOf(group).values()].map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: protocol === undefined ? EMPTY_BYTES : metadataOf(member, protocol),
      assignment: member.assignment,
    })),
  };
}

export function list(turn: Turn, groups: Groups, command: ListCommand, ticket: Ticket): void {
  const states = new Set(command.states.map((state) => state.trim().toLowerCase()));
  const types = new Set(command.types.map((type) => type.toLowerCase()));
  const wanted = (group: ClassicGroup) =>
    (states.size === 0 || states.has(group.phase.kind.toLowerCase())) && (types.size === 0 || types.has('classic'));
  const listed = [...groups.values()].filter(wanted).map((group) => ({
    groupId: group.groupId,
    protocolType: group.protocolType ?? '',
    state: group.phase.kind,
    type: 'classic' as const,
  }));
  turn.reply(ticket, { kind: 'list', groups: listed });
}

/** Removes groups without members, offsets and all; each group for itself. */
export function deleteGroups(
  turn: Turn,
  groups: Groups,
  offsets: OffsetStore,
  command: DeleteGroupsCommand,
  ticket: Ticket,
): void {
  turn.divisible = true;
  const results: DeleteGroupsAnswer['groups'][number][] = [];
  for (const groupId of command.groupIds) {
    const group = groups.get(groupId);
    if (!group || group.phase.kind === 'Dead') {
      results.push({ groupId, error: 'GROUP_ID_NOT_FOUND' });
    } else if (group.phase.kind !== 'Empty') {
      results.push({ groupId, error: 'NON_EMPTY_GROUP' });
    } else {
      // Offsets first: should only a part of this get into the log, the group is still there to be deleted again.
      forgetOffsets(turn, offsets, groupId);
      turn.record({ kind: 'groupRemoved', groupId });
      turn.notice({ kind: 'groupRemoved', groupId, why: 'deleted' });
      turn.cancelTimer(joinTimer(groupId));
      for (const memberId of group.pendingMembers) turn.cancelTimer(sessionTimer(groupId, memberId));
      results.push({ groupId, error: 'NONE' });
    }
  }
  turn.reply(ticket, { kind: 'deleteGroups', groups: results });
}

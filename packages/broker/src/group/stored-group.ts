// Between a group in memory and a group in the log.
import { must } from '@moldau/kernel';
import { type ClassicGroup, memberOf, type Phase, type Stable } from './classic-group.ts';
import { MemberTable, metadataOf } from './member-table.ts';
import type { StoredGroup } from './records.ts';

/** What is written of a group once it is in this phase. */
export function storedGroup(group: ClassicGroup, phase: Stable): StoredGroup {
  return {
    generation: group.generation,
    protocolType: group.protocolType,
    protocol: phase.protocol,
    leader: phase.leader,
    stateSinceMs: group.stateSinceMs,
    members: [...phase.members.values()].map((member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      subscription: metadataOf(member, phase.protocol),
      assignment: member.assignment,
    })),
  };
}

/** The phase that a stored group is in when nothing more is known: Stable with its members, or Empty. */
export function phaseOf(groupId: string, stored: StoredGroup): Phase {
  if (stored.members.length === 0) return { kind: 'Empty' };
  const protocol = must(stored.protocol, `group ${groupId} has members and no protocol`);
  const members = new MemberTable();
  for (const member of stored.members) {
    members.add(
      memberOf(groupId, {
        memberId: member.memberId,
        instanceId: member.instanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeoutMs: member.rebalanceTimeoutMs,
        sessionTimeoutMs: member.sessionTimeoutMs,
        // The others it offers are not stored: until it rejoins it counts as offering this one only.
        protocols: [{ name: protocol, metadata: member.subscription }],
        assignment: member.assignment,
        isNew: false,
      }),
    );
  }
  const leader = stored.leader !== undefined && members.has(stored.leader) ? stored.leader : undefined;
  return {
    kind: 'Stable',
    members,
    protocol,
    leader: leader ?? must(stored.members[0], 'a member').memberId,
    pendingSync: new Set(),
  };
}

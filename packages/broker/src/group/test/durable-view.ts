// What of a machine must survive: the same for the machine that lived through it and the one that read it from the log.
import { membersOf } from '../classic-group.ts';
import type { GroupMachine } from '../group-machine.ts';
import { metadataOf } from '../member-table.ts';

/** Durable state by group; of groups between two generations only what their phase in the log would say is left out. */
export function durableView(machine: GroupMachine): Map<string, unknown> {
  const view = new Map<string, unknown>();
  for (const group of machine.groups.values()) {
    const { phase } = group;
    const settled = phase.kind === 'Stable' || phase.kind === 'Empty';
    const protocol = phase.kind === 'Stable' ? phase.protocol : undefined;
    view.set(group.groupId, {
      offsets: offsetsOf(machine, group.groupId),
      // Rebalancing: generation and members are in motion, and the log does not know yet.
      ...(settled && {
        phase: phase.kind,
        generation: group.generation,
        protocolType: group.protocolType,
        protocol,
        leader: phase.kind === 'Stable' ? phase.leader : undefined,
        subscribed: group.subscribedTopics && [...group.subscribedTopics].sort(),
        members: [...membersOf(group).values()].map((member) => ({
          memberId: member.memberId,
          instanceId: member.instanceId,
          clientId: member.clientId,
          clientHost: member.clientHost,
          sessionTimeoutMs: member.sessionTimeoutMs,
          rebalanceTimeoutMs: member.rebalanceTimeoutMs,
          subscription: protocol === undefined ? '' : metadataOf(member, protocol).toString('hex'),
          assignment: member.assignment.toString(),
        })),
      }),
    });
  }
  return view;
}

function offsetsOf(machine: GroupMachine, groupId: string): readonly (readonly [string, unknown])[] {
  const offsets: [string, unknown][] = [];
  for (const [topic, partitions] of machine.offsets.of(groupId) ?? []) {
    for (const [partition, committed] of partitions) offsets.push([`${topic}/${partition}`, committed]);
  }
  return offsets.sort(([a], [b]) => (a < b ? -1 : 1));
}

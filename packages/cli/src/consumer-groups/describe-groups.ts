// --describe: what the groups are, gathered and printed.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { GroupDescription } from '@moldau/client/admin/admin-model';
import type { Terminal } from '../terminal.ts';
import type { GroupOptions } from './check-options.ts';
import { committedOffsets, endOffsets, partitionKey } from './offsets.ts';
import { membersTable, type OffsetRow, offsetsTable, stateTable, type TopicPartition } from './tables.ts';

/** Prints every group in order of its id. Throws the first error of any. */
export async function describeGroups(
  admin: AdminApi,
  groupIds: readonly string[],
  options: GroupOptions,
  terminal: Terminal,
): Promise<void> {
  const groups: GroupDescription[] = [];
  for (const result of (await admin.describeConsumerGroups(groupIds)).values()) {
    if (result instanceof Error) throw result;
    groups.push(result);
  }
  groups.sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
  const verbose = options.has('verbose');
  for (const group of groups) {
    if (options.has('members')) printMembers(group, verbose, terminal);
    else if (options.has('state')) printState(group, verbose, terminal);
    else await printOffsets(admin, group, verbose, terminal);
  }
}

/** Says what is unusual about the group; answers whether there is a table to show. */
function announce({ groupId, state }: GroupDescription, rows: number, terminal: Terminal): boolean {
  switch (state) {
    case 'Dead':
      terminal.out(`\nError: Consumer group '${groupId}' does not exist.\n`);
      return false;
    case 'Empty':
      terminal.err(`\nConsumer group '${groupId}' has no active members.\n`);
      break;
    case 'PreparingRebalance':
    case 'CompletingRebalance':
    case 'Assigning':
    case 'Reconciling':
      terminal.err(`\nWarning: Consumer group '${groupId}' is rebalancing.\n`);
      break;
    case 'Stable':
      break;
    default:
      throw new Error(`Expected a valid consumer group state, but found '${state}'.`);
  }
  return rows > 0;
}

function printMembers(group: GroupDescription, verbose: boolean, terminal: Terminal): void {
  const rows = group.members.map((member) => ({
    group: group.groupId,
    consumerId: member.memberId,
    groupInstanceId: member.groupInstanceId ?? undefined,
    host: member.host,
    clientId: member.clientId,
    assignment: member.assignment,
    targetAssignment: member.targetAssignment ?? [],
    currentEpoch: member.memberEpoch,
    targetEpoch: group.targetAssignmentEpoch,
    upgraded: member.upgraded,
  }));
  announce(group, rows.length, terminal);
  terminal.out(membersTable(rows, verbose));
}

function printState(group: GroupDescription, verbose: boolean, terminal: Terminal): void {
  if (!announce(group, 1, terminal)) return;
  terminal.out(
    stateTable(
      {
        group: group.groupId,
        coordinator: group.coordinator,
        assignor: group.assignor,
        state: group.state,
        groupEpoch: group.groupEpoch,
        targetAssignmentEpoch: group.targetAssignmentEpoch,
        members: group.members.length,
      },
      verbose,
    ),
  );
}

async function printOffsets(
  admin: AdminApi,
  group: GroupDescription,
  verbose: boolean,
  terminal: Terminal,
): Promise<void> {
  const rows = await offsetRows(admin, group);
  if (announce(group, rows.length, terminal)) terminal.out(offsetsTable(rows, verbose));
}

/** First the members with most partitions, then offsets of partitions that nobody has; by topic and partition inside each. */
async function offsetRows(admin: AdminApi, group: GroupDescription): Promise<OffsetRow[]> {
  const committed = await committedOffsets(admin, group.groupId);
  const members = group.members
    .filter(({ assignment }) => assignment.length > 0)
    .sort((a, b) => b.assignment.length - a.assignment.length);
  const assigned = new Set(members.flatMap(({ assignment }) => assignment.map(partitionKey)));
  const unassigned = [...committed.values()].filter((offset) => !assigned.has(partitionKey(offset)));
  const ends = await endOffsets(admin, [...members.flatMap(({ assignment }) => assignment), ...unassigned]);
  const rows = (
    partitions: readonly TopicPartition[],
    owner: Pick<OffsetRow, 'consumerId' | 'host' | 'clientId'>,
  ): OffsetRow[] =>
    [...partitions].sort(inOrder).map(({ topic, partition }) => {
      const offset = committed.get(partitionKey({ topic, partition }));
      return {
        group: group.groupId,
        topic,
        partition,
        leaderEpoch: offset === undefined || offset.leaderEpoch < 0 ? undefined : offset.leaderEpoch,
        currentOffset: offset?.offset,
        logEndOffset: ends.get(partitionKey({ topic, partition })),
        ...owner,
      };
    });
  return [
    ...members.flatMap((member) =>
      rows(member.assignment, { consumerId: member.memberId, host: member.host, clientId: member.clientId }),
    ),
    ...rows(unassigned, { consumerId: undefined, host: undefined, clientId: undefined }),
  ];
}

function inOrder(a: TopicPartition, b: TopicPartition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1;
}

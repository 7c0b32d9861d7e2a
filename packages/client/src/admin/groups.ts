// Groups: list, describe, delete, and the offsets they have committed.
import { decodeVersioned } from '@moldau/protocol';
import type { ConsumerGroupDescribeResponse } from '@moldau/protocol/messages/consumer-group-describe';
import { ConsumerProtocolAssignment } from '@moldau/protocol/messages/consumer-protocol';
import type { DescribeGroupsResponse } from '@moldau/protocol/messages/describe-groups';
import type { BrokerNode } from '../cluster/metadata.ts';
import { asKafkaError, errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import {
  commitOutcomes,
  commitRequest,
  fetchedOffsets,
  fetchRequest,
  OFFSET_COMMIT_NEWEST,
  OFFSET_FETCH_NEWEST,
} from '../group/committed-offsets.ts';
import { findCoordinator } from '../group/find-coordinator.ts';
import { byTopic, type TopicPartition } from '../topic-partition.ts';
import { authorized } from './acls.ts';
import type { AdminCalls } from './admin-calls.ts';
import type {
  CallOptions,
  CommittedOffset,
  GroupDescription,
  GroupListing,
  GroupType,
  ListGroupsOptions,
  MemberToRemove,
  Node,
  OffsetToCommit,
  Outcome,
  PartitionOutcome,
  RemovedMember,
  WithAuthorizedOperations,
} from './admin-model.ts';

const TYPES: readonly GroupType[] = ['classic', 'consumer', 'share', 'streams'];

function groupType(text: string): GroupType {
  return TYPES.find((type) => type === text.toLowerCase()) ?? (text === '' ? 'classic' : 'unknown');
}

/** Each broker knows the groups it coordinates, so all are asked. */
export function listGroups(calls: AdminCalls, options: ListGroupsOptions = {}): Promise<GroupListing[]> {
  return calls.run('Listing groups', options, async () => {
    await calls.cluster.refresh();
    const lists = await Promise.all(
      [...calls.cluster.metadata.brokers.keys()].map(async (id) => {
        const answer = await calls.cluster.send(id, 'ListGroups', (version) => {
          refuseFilter(options.states, version < 4, 'state');
          refuseFilter(options.types, version < 5, 'type');
          return {
            ...(version >= 4 ? { statesFilter: options.states ?? [] } : {}),
            ...(version >= 5 ? { typesFilter: options.types ?? [] } : {}),
          };
        });
        throwOnCode(answer.errorCode);
        return answer.groups;
      }),
    );
    const groups = new Map<string, GroupListing>();
    for (const { groupId, protocolType, groupState, groupType: type } of lists.flat()) {
      groups.set(groupId, { groupId, protocolType, state: groupState, type: groupType(type) });
    }
    return [...groups.values()].sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
  });
}

function refuseFilter(values: readonly string[] | undefined, tooOld: boolean, what: string): void {
  if (!values?.length || !tooOld) return;
  throw new KafkaError('UNSUPPORTED_VERSION', { message: `The broker does not filter groups by ${what}.` });
}

/** Asks the coordinator of each group; a group whose coordinator fails has that as its outcome. */
function eachGroup<T>(
  calls: AdminCalls,
  what: string,
  options: CallOptions,
  groupIds: readonly string[],
  ask: (coordinator: BrokerNode, groupId: string) => Promise<Outcome<T>>,
): Promise<Map<string, Outcome<T>>> {
  return calls.each<string, T>(
    what,
    options,
    groupIds,
    (groupId) => groupId,
    async (items) => {
      const outcomes = await Promise.all(
        items.map(async (groupId): Promise<[string, Outcome<T>]> => {
          try {
            return [groupId, await ask(await findCoordinator(calls.cluster, groupId), groupId)];
          } catch (error) {
            return [groupId, asKafkaError(error)];
          }
        }),
      );
      return new Map(outcomes);
    },
  );
}

/** Groups of the new protocol first (69); the broker sends those of the classic one to DescribeGroups (15). */
export function describeConsumerGroups(
  calls: AdminCalls,
  groupIds: readonly string[],
  options: CallOptions & WithAuthorizedOperations = {},
): Promise<Map<string, Outcome<GroupDescription>>> {
  return eachGroup<GroupDescription>(calls, 'Describing groups', options, groupIds, async (coordinator, groupId) => {
    const connection = await calls.cluster.connection(coordinator.id);
    if (connection.versions.find('ConsumerGroupDescribe') !== undefined) {
      const answer = await connection.send('ConsumerGroupDescribe', {
        groupIds: [groupId],
        includeAuthorizedOperations: options.includeAuthorizedOperations ?? false,
      });
      const group = answer.groups[0]!;
      const error = errorOfCode(group.errorCode, { message: group.errorMessage });
      if (!error) {
        return { ...describedConsumerGroup(group, coordinator), ...authorized(options, group.authorizedOperations) };
      }
      if (error.error !== 'GROUP_ID_NOT_FOUND' && error.error !== 'UNSUPPORTED_VERSION') return error;
    }
    const version = connection.versions.pick('DescribeGroups');
    const { includeAuthorizedOperations = false } = options;
    const answer = await connection.send(
      'DescribeGroups',
      { groups: [groupId], ...(version >= 3 ? { includeAuthorizedOperations } : {}) },
      { version },
    );
    const group = answer.groups[0]!;
    const error = errorOfCode(group.errorCode, { message: group.errorMessage });
    return (
      error ?? { ...describedClassicGroup(group, coordinator), ...authorized(options, group.authorizedOperations) }
    );
  });
}

function describedConsumerGroup(
  group: ConsumerGroupDescribeResponse['groups'][number],
  coordinator: Node,
): GroupDescription {
  type Assigned = (typeof group)['members'][number]['assignment'];
  const flat = ({ topicPartitions }: Assigned): TopicPartition[] =>
    topicPartitions.flatMap(({ topicName, partitions }) =>
      partitions.map((partition) => ({ topic: topicName, partition })),
    );
  return {
    groupId: group.groupId,
    type: 'consumer',
    protocolType: 'consumer',
    state: group.groupState,
    coordinator,
    assignor: group.assignorName,
    groupEpoch: group.groupEpoch,
    targetAssignmentEpoch: group.assignmentEpoch,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: flat(member.assignment),
      targetAssignment: flat(member.targetAssignment),
      memberEpoch: member.memberEpoch,
      // -1 where the broker does not say, 0 classic, 1 consumer.
      ...(member.memberType < 0 ? {} : { upgraded: member.memberType === 1 }),
    })),
  };
}

function describedClassicGroup(group: DescribeGroupsResponse['groups'][number], coordinator: Node): GroupDescription {
  return {
    groupId: group.groupId,
    type: 'classic',
    protocolType: group.protocolType,
    state: group.groupState,
    coordinator,
    assignor: group.protocolData,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      host: member.clientHost,
      assignment: group.protocolType === 'consumer' ? assignmentOf(member.memberAssignment) : [],
    })),
  };
}

/** What a member was given, out of the bytes that only members understand; none when they are not readable. */
function assignmentOf(bytes: Buffer): TopicPartition[] {
  if (bytes.length < 2) return [];
  try {
    const { assignedPartitions } = decodeVersioned(ConsumerProtocolAssignment, bytes, 'as-newest');
    return assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  } catch {
    return [];
  }
}

export function deleteGroups(
  calls: AdminCalls,
  groupIds: readonly string[],
  options: CallOptions = {},
): Promise<Map<string, Outcome<true>>> {
  return eachGroup<true>(calls, 'Deleting groups', options, groupIds, async (coordinator, groupId) => {
    const answer = await calls.cluster.send(coordinator.id, 'DeleteGroups', { groupsNames: [groupId] });
    const { errorCode, errorMessage } = answer.results[0]!;
    return errorOfCode(errorCode, { message: errorMessage }) ?? true;
  });
}

/** Runs `ask` with the group's coordinator, looked up at each try. */
function withCoordinator<T>(
  calls: AdminCalls,
  what: string,
  groupId: string,
  options: CallOptions,
  ask: (coordinator: number) => Promise<T>,
): Promise<T> {
  return calls.run(what, options, async () => ask((await findCoordinator(calls.cluster, groupId)).id));
}

export function listConsumerGroupOffsets(
  calls: AdminCalls,
  groupId: string,
  options: CallOptions & { readonly partitions?: readonly TopicPartition[]; readonly requireStable?: boolean } = {},
): Promise<CommittedOffset[]> {
  return withCoordinator(calls, 'Listing committed offsets', groupId, options, async (coordinator) => {
    const answer = await calls.cluster.send(
      coordinator,
      'OffsetFetch',
      (version) => fetchRequest(groupId, options.partitions ?? null, options.requireStable ?? false, version),
      { newest: OFFSET_FETCH_NEWEST },
    );
    const fetched = fetchedOffsets(answer);
    if (fetched.error) throw new KafkaError(fetched.error);
    return fetched.partitions.flatMap(({ error, ...entry }) => {
      if (error) throw new KafkaError(error, entry);
      return entry.offset < 0 ? [] : [entry];
    });
  });
}

export function alterConsumerGroupOffsets(
  calls: AdminCalls,
  groupId: string,
  offsets: readonly OffsetToCommit[],
  options: CallOptions = {},
): Promise<PartitionOutcome[]> {
  // Generation -1 is a commit from outside; the coordinator takes it while the group is empty.
  const outside = { groupId, generationId: -1, memberId: '', groupInstanceId: null };
  return withCoordinator(calls, 'Altering committed offsets', groupId, options, async (coordinator) => {
    const answer = await calls.cluster.send(coordinator, 'OffsetCommit', commitRequest(outside, offsets), {
      newest: OFFSET_COMMIT_NEWEST,
    });
    return settledPartitions(commitOutcomes(answer));
  });
}

export function deleteConsumerGroupOffsets(
  calls: AdminCalls,
  groupId: string,
  partitions: readonly TopicPartition[],
  options: CallOptions = {},
): Promise<PartitionOutcome[]> {
  return withCoordinator(calls, 'Deleting committed offsets', groupId, options, async (coordinator) => {
    const answer = await calls.cluster.send(coordinator, 'OffsetDelete', {
      groupId,
      topics: [...byTopic(partitions)].map(([name, entries]) => ({
        name,
        partitions: entries.map(({ partition }) => ({ partitionIndex: partition })),
      })),
    });
    throwOnCode(answer.errorCode);
    return answer.topics.flatMap(({ name, partitions: outcomes }) =>
      outcomes.map(({ partitionIndex: partition, errorCode }) => ({
        topic: name,
        partition,
        error: errorOfCode(errorCode, { topic: name, partition }),
      })),
    );
  });
}

/** Puts members out of their group; 'all' empties it. One that lives joins again, unless it is stopped. */
export function removeMembersFromConsumerGroup(
  calls: AdminCalls,
  groupId: string,
  members: readonly MemberToRemove[] | 'all',
  options: CallOptions & { readonly reason?: string } = {},
): Promise<RemovedMember[]> {
  return withCoordinator(calls, 'Removing members', groupId, options, async (coordinator) => {
    let wanted = members;
    if (wanted === 'all') {
      const group = (await describeConsumerGroups(calls, [groupId], options)).get(groupId)!;
      if (group instanceof KafkaError) throw group;
      // Static members are known by their instance, which is all that the coordinator keeps for good.
      wanted = group.members.map(({ memberId, groupInstanceId }) =>
        groupInstanceId === null ? { memberId } : { groupInstanceId },
      );
    }
    if (wanted.length === 0) return [];
    const reason = options.reason ?? 'removed by an administrator';
    const leaving = wanted.map(({ memberId = '', groupInstanceId = null }) => ({ memberId, groupInstanceId }));
    const answer = await calls.cluster.send(coordinator, 'LeaveGroup', (version) => {
      if (version < 3) {
        throw new KafkaError('UNSUPPORTED_VERSION', { message: 'The broker lets members leave one by one only.' });
      }
      return { groupId, members: leaving.map((member) => ({ ...member, ...(version >= 5 ? { reason } : {}) })) };
    });
    throwOnCode(answer.errorCode);
    return answer.members.map(({ memberId, groupInstanceId, errorCode }) => ({
      memberId,
      groupInstanceId,
      error: errorOfCode(errorCode),
    }));
  });
}

/** Errors of the coordinator itself come with every partition: they concern the call, which is tried again. */
function settledPartitions(
  outcomes: readonly (TopicPartition & { error: ReturnType<typeof commitOutcomes>[number]['error'] })[],
): PartitionOutcome[] {
  const moved = outcomes.find(
    ({ error }) =>
      error === 'NOT_COORDINATOR' || error === 'COORDINATOR_LOAD_IN_PROGRESS' || error === 'COORDINATOR_NOT_AVAILABLE',
  );
  if (moved?.error) throw new KafkaError(moved.error);
  return outcomes.map(({ topic, partition, error }) => ({
    topic,
    partition,
    error: error ? new KafkaError(error, { topic, partition }) : undefined,
  }));
}

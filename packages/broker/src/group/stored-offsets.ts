// OffsetFetch and OffsetDelete, and the removal of offsets whose topic or group is gone.
import { ZERO_UUID } from '@moldau/protocol/description/field';
import type { Ticket } from '../replicated-machine/machine.ts';
import { type ClassicGroup, readsTopic } from './classic-group.ts';
import type { DeleteOffsetsCommand, FetchedOffset, FetchOffsetsCommand, TopicsDeletedCommand } from './commands.ts';
import type { CommittedOffset } from './committed-offset.ts';
import type { OffsetStore } from './offset-store.ts';
import { CONSUMER_PROTOCOL_TYPE } from './subscriptions.ts';
import type { Turn } from './turn.ts';

/** A group that does not exist has no offsets; that is no error. */
export function fetchOffsets(turn: Turn, offsets: OffsetStore, command: FetchOffsetsCommand, ticket: Ticket): void {
  const { groupId, requireStable } = command;
  const answerOf = (
    topic: string,
    topicId: string,
    partition: number,
    committed: CommittedOffset | undefined,
  ): FetchedOffset => {
    if (requireStable && offsets.isPending(groupId, topic, partition))
      return noOffset(partition, 'UNSTABLE_OFFSET_COMMIT');
    if (!committed || isOfAnotherTopic(committed, topicId)) return noOffset(partition, 'NONE');
    const { offset, leaderEpoch, metadata } = committed;
    return { partition, offset, leaderEpoch, metadata, error: 'NONE' };
  };
  const topics = command.topics
    ? command.topics.map(({ name, topicId, partitions }) => ({
        name,
        topicId,
        partitions: partitions.map((partition) =>
          answerOf(name, topicId, partition, offsets.get(groupId, name, partition)),
        ),
      }))
    : [...(offsets.of(groupId) ?? [])].map(([name, partitions]) => ({
        name,
        // The coordinator does not say; the handler looks the name up.
        topicId: ZERO_UUID,
        partitions: [...partitions].map(([partition, committed]) => answerOf(name, ZERO_UUID, partition, committed)),
      }));
  turn.reply(ticket, { kind: 'fetchOffsets', topics });
}

function noOffset(partition: number, error: FetchedOffset['error']): FetchedOffset {
  return { partition, offset: -1, leaderEpoch: -1, metadata: '', error };
}

/** A topic deleted and made again under the same name has other records at the same offsets (KIP-1319 and hazard C10). */
function isOfAnotherTopic(committed: CommittedOffset, topicId: string): boolean {
  return committed.topicId !== ZERO_UUID && topicId !== ZERO_UUID && committed.topicId !== topicId;
}

/** Forgets offsets that nobody reads on from (KIP-496). */
export function deleteOffsets(
  turn: Turn,
  group: ClassicGroup | undefined,
  offsets: OffsetStore,
  command: DeleteOffsetsCommand,
  ticket: Ticket,
): void {
  const { groupId } = command;
  if (!group || group.phase.kind === 'Dead') {
    turn.reply(ticket, { kind: 'deleteOffsets', error: 'GROUP_ID_NOT_FOUND', topics: [] });
    return;
  }
  // What members of another protocol read cannot be known, so nothing of theirs is deleted while they are there.
  if (group.phase.kind !== 'Empty' && group.protocolType !== CONSUMER_PROTOCOL_TYPE) {
    turn.reply(ticket, { kind: 'deleteOffsets', error: 'NON_EMPTY_GROUP', topics: [] });
    return;
  }
  const topics = command.topics.map(({ name, partitions }) => {
    const isRead = readsTopic(group, name);
    return {
      name,
      partitions: partitions.map((partition) => {
        if (isRead) return { partition, error: 'GROUP_SUBSCRIBED_TO_TOPIC' as const };
        if (offsets.get(groupId, name, partition) || offsets.isPending(groupId, name, partition)) {
          turn.record({ kind: 'offsetRemoved', groupId, topic: name, partition });
        }
        return { partition, error: 'NONE' as const };
      }),
    };
  });
  if (turn.records.length > 0) {
    turn.notice({ kind: 'offsetsDeleted', groupId, count: turn.records.length, why: 'request' });
  }
  turn.divisible = true;
  turn.reply(ticket, { kind: 'deleteOffsets', error: 'NONE', topics });
}

/** Forgets every offset of a group; the caller removes the group. */
export function forgetOffsets(turn: Turn, offsets: OffsetStore, groupId: string): void {
  let count = 0;
  const forget = (topic: string, partition: number) => {
    turn.record({ kind: 'offsetRemoved', groupId, topic, partition });
    count++;
  };
  for (const [topic, partitions] of offsets.of(groupId) ?? [])
    for (const partition of partitions.keys()) forget(topic, partition);
  for (const { topic, partition } of offsets.pendingOf(groupId))
    if (!offsets.get(groupId, topic, partition)) forget(topic, partition);
  if (count > 0) turn.notice({ kind: 'offsetsDeleted', groupId, count, why: 'groupDeleted' });
}

/** Forgets the offsets of topics that are gone. One made anew under the name keeps what was committed for it. */
export function forgetTopics(turn: Turn, offsets: OffsetStore, command: TopicsDeletedCommand): void {
  turn.divisible = true;
  for (const groupId of offsets.groupIds()) {
    const topics = offsets.of(groupId)!;
    let count = 0;
    for (const { name, topicId } of command.topics) {
      for (const [partition, committed] of topics.get(name) ?? []) {
        if (committed.topicId !== ZERO_UUID && committed.topicId !== topicId) continue;
        turn.record({ kind: 'offsetRemoved', groupId, topic: name, partition });
        count++;
      }
    }
    if (count > 0) turn.notice({ kind: 'offsetsDeleted', groupId, count, why: 'topicDeleted' });
  }
}

// OffsetCommit: a member, or somebody who manages partitions by hand, says how far it has read.
import type { WireError } from '@moldau/protocol/errors';
import type { Ticket } from '../replicated-machine/machine.ts';
import { OFFSETS_PER_COMMIT_MAX } from './bounds.ts';
import { type ClassicGroup, memberRefusal, membersOf } from './classic-group.ts';
import type { CommitCommand, PartitionError } from './commands.ts';
import type { Turn } from './turn.ts';

export function commit(turn: Turn, group: ClassicGroup | undefined, command: CommitCommand, ticket: Ticket): void {
  const refusal = commitRefusal(group, command);
  if (refusal) {
    turn.reply(ticket, { kind: 'commit', error: refusal, topics: [] });
    return;
  }
  let count = 0;
  for (const topic of command.topics) count += topic.partitions.length;
  if (count > OFFSETS_PER_COMMIT_MAX) {
    turn.notice({
      kind: 'boundReached',
      bound: 'offsets per commit',
      limit: OFFSETS_PER_COMMIT_MAX,
      groupId: command.groupId,
    });
    turn.reply(ticket, { kind: 'commit', error: 'INVALID_COMMIT_OFFSET_SIZE', topics: [] });
    return;
  }
  if (group) keepSession(turn, group, command.memberId);

  const { wallMs } = turn.now;
  const expireTimestampMs = command.retentionMs === undefined ? undefined : wallMs + command.retentionMs;
  const topics = command.topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map(({ partition, offset, leaderEpoch, metadata }): PartitionError => {
      // Kafka counts characters although the setting says bytes.
      if (metadata.length > turn.settings.offsetMetadataMaxBytes)
        return { partition, error: 'OFFSET_METADATA_TOO_LARGE' };
      turn.record({
        kind: 'offset',
        groupId: command.groupId,
        topic: name,
        partition,
        committed: { offset, leaderEpoch, metadata, commitTimestampMs: wallMs, expireTimestampMs, topicId },
      });
      return { partition, error: 'NONE' };
    }),
  }));
  if (turn.records.length > 0) turn.notice({ kind: 'offsetsCommitted', count: turn.records.length });
  turn.reply(ticket, { kind: 'commit', error: 'NONE', topics });
}

/** Who may commit, in each state of the group. */
function commitRefusal(group: ClassicGroup | undefined, command: CommitCommand): WireError | undefined {
  const { generation, memberId, instanceId } = command;
  // Nobody's generation and no group: a simple consumer's first commit makes one.
  if (!group) return generation < 0 ? undefined : command.missingGroupError;
  const isEmpty = group.phase.kind === 'Empty';
  // Without a generation: tools, and consumers with partitions assigned by hand. Not while members own the partitions.
  if (generation < 0 && isEmpty) return undefined;
  if (generation >= 0 || memberId !== '' || instanceId !== null) {
    const refusal = memberRefusal(group, memberId, instanceId);
    if (refusal) return refusal;
    if (generation !== group.generation) return 'ILLEGAL_GENERATION';
  } else if (!isEmpty) {
    return 'UNKNOWN_MEMBER_ID';
  }
  // While members are called back they may still commit what they have read; once the new generation has begun and
  // nothing is assigned, nobody can own what it commits.
  return group.phase.kind === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined;
}

/** A commit is a sign of life. */
function keepSession(turn: Turn, group: ClassicGroup, memberId: string): void {
  const member = membersOf(group).get(memberId);
  if (member) turn.setTimer(member.sessionTimer, member.sessionTimeoutMs);
}

// OffsetCommit and OffsetFetch, to and from the wire: requests for any version, answers as lists. Topics go by name, up to
// version 9, or by id (version 10 of OffsetCommit) where the caller knows them: then a commit for a topic that was deleted and
// made again is refused, and cannot count for the new one.
import { errorName, type WireError, ZERO_UUID } from '@moldau/protocol';
import type { OffsetCommitResponse } from '@moldau/protocol/messages/offset-commit';
import type { OffsetFetchResponse } from '@moldau/protocol/messages/offset-fetch';
import type { RequestOf } from '../connection/broker-connection.ts';
import { byTopic, type TopicPartition } from '../topic-partition.ts';

export const OFFSET_COMMIT_NEWEST = 9;
/** The version that names topics by id only. */
export const OFFSET_COMMIT_BY_ID = 10;
export const OFFSET_FETCH_NEWEST = 9;

export interface Committer {
  readonly groupId: string;
  /** -1 and '' for a commit from outside the group. */
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export type CommitEntry = TopicPartition & {
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
};

/** `ids` of all topics, by name, for version 10. */
export function commitRequest(
  committer: Committer,
  offsets: readonly CommitEntry[],
  ids?: ReadonlyMap<string, string>,
): RequestOf<'OffsetCommit'> {
  return {
    groupId: committer.groupId,
    generationIdOrMemberEpoch: committer.generationId,
    memberId: committer.memberId,
    groupInstanceId: committer.groupInstanceId,
    topics: [...byTopic(offsets)].map(([name, entries]) => ({
      name,
      topicId: ids?.get(name) ?? ZERO_UUID,
      partitions: entries.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? '',
      })),
    })),
  };
}

/** Each partition and its error, undefined where it was committed. */
export function commitOutcomes(
  answer: OffsetCommitResponse,
  ids: ReadonlyMap<string, string> = new Map(),
): (TopicPartition & { error: WireError | undefined })[] {
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  return answer.topics.flatMap(({ name, topicId, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => ({
      topic: names.get(topicId) ?? name,
      partition: partitionIndex,
      error: errorCode === 0 ? undefined : errorName(errorCode),
    })),
  );
}

/** `partitions` null asks for all that have a committed offset. */
export function fetchRequest(
  groupId: string,
  partitions: readonly TopicPartition[] | null,
  requireStable: boolean,
  version: number,
  /** Of a member of the consumer protocol (KIP-848). */
  member?: { readonly memberId: string; readonly generationId: number },
): RequestOf<'OffsetFetch'> {
  const topics =
    partitions === null
      ? null
      : [...byTopic(partitions)].map(([name, entries]) => ({
          name,
          partitionIndexes: entries.map(({ partition }) => partition),
        }));
  if (version >= 8) {
    const asker = member && version >= 9 ? { memberId: member.memberId, memberEpoch: member.generationId } : {};
    return { groups: [{ groupId, topics, ...asker }], requireStable };
  }
  return { groupId, topics, ...(version >= 7 ? { requireStable } : {}) };
}

export interface FetchedOffsets {
  /** Of the whole group. */
  readonly error: WireError | undefined;
  readonly partitions: readonly (TopicPartition & {
    /** -1: nothing committed. */
    readonly offset: number;
    readonly leaderEpoch: number;
    readonly metadata: string;
    readonly error: WireError | undefined;
  })[];
}

export function fetchedOffsets(answer: OffsetFetchResponse): FetchedOffsets {
  const group = answer.groups[0] ?? answer;
  return {
    error: group.errorCode === 0 ? undefined : errorName(group.errorCode),
    partitions: group.topics.flatMap(({ name, partitions }) =>
      partitions.map((entry) => ({
        topic: name,
        partition: entry.partitionIndex,
        offset: entry.committedOffset,
        leaderEpoch: entry.committedLeaderEpoch,
        metadata: entry.metadata ?? '',
        error: entry.errorCode === 0 ? undefined : errorName(entry.errorCode),
      })),
    ),
  };
}

// OffsetCommit (api 8): how far a group has read. Served: 2-10.
//   v5 no retention of the client's own   v6 leader epoch   v7 static members   v9 GROUP_ID_NOT_FOUND   v10 topic ids
// Partitions that do not exist are refused here, each for itself; the rest is one commit, all or nothing.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { OffsetCommitRequest, OffsetCommitResponse } from '@moldau/protocol/messages/offset-commit';
import type { BrokerContext, Call } from '../context.ts';
import type { CommitTopic } from '../group/commands.ts';
import { isRefusal } from '../replicated-machine/shard.ts';

type Response = InputOf<typeof OffsetCommitResponse>;
type TopicRequest = OffsetCommitRequest['topics'][number];

const GROUP_ID_NOT_FOUND_SINCE = 9;
const TOPIC_IDS_SINCE = 10;

/** A topic of the request, and what is wrong with each of its partitions already. */
interface Sorted {
  readonly name: string;
  readonly topicId: string;
  readonly errors: (WireError | undefined)[];
}

export async function offsetCommit(broker: BrokerContext, call: Call, request: OffsetCommitRequest): Promise<Response> {
  const sorted = request.topics.map((topic) => sort(broker, call, topic));
  const committable: CommitTopic[] = [];
  sorted.forEach(({ name, topicId, errors }, index) => {
    const partitions = request.topics[index]!.partitions.filter((_, i) => errors[i] === undefined).map((partition) => ({
      partition: partition.partitionIndex,
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata ?? '',
    }));
    if (partitions.length > 0) committable.push({ name, topicId, partitions });
  });
  const results = committable.length > 0 ? await commit(broker, call, request, committable) : undefined;
  return {
    topics: sorted.map(({ name, topicId, errors }, index) => ({
      name,
      topicId,
      partitions: request.topics[index]!.partitions.map(({ partitionIndex }, i) => ({
        partitionIndex,
        errorCode: errorCode(errors[i] ?? results!(name, partitionIndex)),
      })),
    })),
  };
}

function sort(broker: BrokerContext, call: Call, topic: TopicRequest): Sorted {
  const image = broker.image();
  const known = call.apiVersion >= TOPIC_IDS_SINCE ? image.topicById(topic.topicId) : image.topic(topic.name);
  if (!known) {
    const error = call.apiVersion >= TOPIC_IDS_SINCE ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION';
    return { name: topic.name, topicId: topic.topicId, errors: topic.partitions.map(() => error) };
  }
  const errors = topic.partitions.map(({ partitionIndex }) =>
    known.partitions[partitionIndex] ? undefined : ('UNKNOWN_TOPIC_OR_PARTITION' as const),
  );
  return { name: known.name, topicId: known.topicId, errors };
}

/** Commits, and answers what became of each partition. */
async function commit(broker: BrokerContext, call: Call, request: OffsetCommitRequest, topics: readonly CommitTopic[]) {
  const answer = await broker.groups.submit({
    kind: 'commit',
    groupId: request.groupId,
    generation: request.generationIdOrMemberEpoch,
    memberId: request.memberId,
    instanceId: request.groupInstanceId,
    retentionMs: request.retentionTimeMs === -1 ? undefined : request.retentionTimeMs,
    missingGroupError: call.apiVersion >= GROUP_ID_NOT_FOUND_SINCE ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION',
    topics,
  });
  if (isRefusal(answer) || answer.error !== 'NONE') return (): WireError => answer.error;
  const errors = new Map<string, WireError>();
  for (const { name, partitions } of answer.topics) {
    for (const { partition, error } of partitions) errors.set(`${partition} ${name}`, error);
  }
  return (name: string, partition: number): WireError => errors.get(`${partition} ${name}`) ?? 'UNKNOWN_SERVER_ERROR';
}

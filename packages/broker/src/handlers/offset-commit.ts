// OffsetCommit (api 8): how far a group has read. Served: 2-10.
//   v5 no retention of the client's own   v6 leader epoch   v7 static members   v9 GROUP_ID_NOT_FOUND   v10 topic ids
// Partitions that do not exist are refused here, each for itself; the rest is one commit, all or nothing.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { OffsetCommitRequest, OffsetCommitResponse } from '@moldau/protocol/messages/offset-commit';
import type { BrokerContext, Call } from '../context.ts';
import type { CommitTopic } from '../group/commands.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';

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
  const mine = may(broker, call, 'READ', 'group', request.groupId);
  const sorted = request.topics.map((topic) =>
    mine ? sort(broker, call, topic) : refusedTopic(topic, 'GROUP_AUTHORIZATION_FAILED'),
  );
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
  const byId = call.apiVersion >= TOPIC_IDS_SINCE;
  const known = byId ? image.topicById(topic.topicId) : image.topic(topic.name);
  if (byId && !known) return refusedTopic(topic, 'UNKNOWN_TOPIC_ID');
  // Asked before a name is looked at: who may not read a topic does not hear whether it is there.
  if (!may(broker, call, 'READ', 'topic', known?.name ?? topic.name)) {
    return refusedTopic(topic, 'TOPIC_AUTHORIZATION_FAILED');
  }
  if (!known) return refusedTopic(topic, 'UNKNOWN_TOPIC_OR_PARTITION');
  const errors = topic.partitions.map(({ partitionIndex }) =>
    known.partitions[partitionIndex] ? undefined : ('UNKNOWN_TOPIC_OR_PARTITION' as const),
  );
  return { name: known.name, topicId: known.topicId, errors };
}

function refusedTopic({ name, topicId, partitions }: TopicRequest, error: WireError): Sorted {
  return { name, topicId, errors: partitions.map(() => error) };
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

// OffsetFetch (api 9): the committed offsets of groups. Served: 1-10.
//   v2 all partitions, error of the whole group   v5 leader epoch   v7 require stable (KIP-447)   v8 several groups (KIP-709)
//   v9 member of a newer group (ignored here)   v10 topic ids
// A group that does not exist has no offsets (-1), and that is no error; a group that is still loading is one (invariant 31).
import { type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { OffsetFetchRequest, OffsetFetchResponse } from '@moldau/protocol/messages/offset-fetch';
import type { BrokerContext, Call } from '../context.ts';
import type { FetchedOffset, FetchOffsetsAnswer } from '../group/commands.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { couldDo, may } from './access.ts';

type Response = InputOf<typeof OffsetFetchResponse>;
type GroupAnswer = NonNullable<Response['groups']>[number];
type TopicAnswer = GroupAnswer['topics'][number];

/** What is asked of one group, in any version. */
interface GroupWish {
  readonly groupId: string;
  /** Null: every partition that has an offset. */
  readonly topics: readonly { name: string; topicId: string; partitionIndexes: readonly number[] }[] | null;
}

const GROUP_ERROR_SINCE = 2;
const SEVERAL_SINCE = 8;
const TOPIC_IDS_SINCE = 10;

export async function offsetFetch(broker: BrokerContext, call: Call, request: OffsetFetchRequest): Promise<Response> {
  const { apiVersion } = call;
  if (apiVersion >= SEVERAL_SINCE) {
    const groups = request.groups.map((wish) => fetchGroup(broker, call, wish, request.requireStable));
    return { groups: await Promise.all(groups) };
  }
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null;
  const group = await fetchGroup(broker, call, { groupId: request.groupId, topics }, request.requireStable);
  // Inside `groups` names are optional, outside they are not.
  return {
    errorCode: group.errorCode ?? 0,
    topics: group.topics.map((topic) => ({ ...topic, name: topic.name ?? '' })),
  };
}

async function fetchGroup(
  broker: BrokerContext,
  call: Call,
  wish: GroupWish,
  requireStable: boolean,
): Promise<GroupAnswer> {
  const { apiVersion } = call;
  const { groupId } = wish;
  if (!may(broker, call, 'DESCRIBE', 'group', groupId)) {
    return refusedGroup(apiVersion, wish, 'GROUP_AUTHORIZATION_FAILED');
  }
  const unknown: TopicAnswer[] = [];
  const topics = wish.topics?.flatMap(({ name, topicId, partitionIndexes: partitions }) => {
    const known = apiVersion >= TOPIC_IDS_SINCE ? broker.image().topicById(topicId)?.name : name;
    const visible = known !== undefined && may(broker, call, 'DESCRIBE', 'topic', known);
    if (visible) return [{ name: known, topicId, partitions }];
    const error = known === undefined ? 'UNKNOWN_TOPIC_ID' : 'TOPIC_AUTHORIZATION_FAILED';
    unknown.push({ name, topicId, partitions: partitions.map((partition) => noOffset(partition, error)) });
    return [];
  });
  const answer = await broker.groups.submit({ kind: 'fetchOffsets', groupId, topics: topics ?? null, requireStable });
  if (isRefusal(answer)) {
    // Consumers before 3.9 do not know COORDINATOR_NOT_AVAILABLE here and would give up; this sends them to look again.
    const error = answer.error === 'COORDINATOR_NOT_AVAILABLE' ? 'NOT_COORDINATOR' : answer.error;
    return refusedGroup(apiVersion, wish, error);
  }
  const found = wish.topics === null ? everyTopic(broker, call, answer.topics) : answer.topics;
  const told = found.map(({ name, topicId, partitions }) => ({ name, topicId, partitions: partitions.map(toWire) }));
  return { groupId, errorCode: 0, topics: [...told, ...unknown] };
}

/**
 * All topics that have offsets, but for those that the asker may not describe. A topic without an id cannot be named from v10
 * on: its offsets are left out, as in Kafka.
 */
function everyTopic(
  broker: BrokerContext,
  call: Call,
  topics: FetchOffsetsAnswer['topics'],
): FetchOffsetsAnswer['topics'] {
  const visible = broker.authorizer
    ? topics.filter(({ name }) => couldDo(broker, call, 'DESCRIBE', 'topic', name))
    : topics;
  if (call.apiVersion < TOPIC_IDS_SINCE) return visible;
  return visible.flatMap((topic) => {
    const topicId = broker.image().topic(topic.name)?.topicId;
    return topicId === undefined ? [] : [{ ...topic, topicId }];
  });
}

/** v0 and v1 have no place for an error of the group: it is said of every partition. */
function refusedGroup(apiVersion: number, { groupId, topics }: GroupWish, error: WireError): GroupAnswer {
  if (apiVersion >= GROUP_ERROR_SINCE) return { groupId, errorCode: errorCode(error), topics: [] };
  return {
    groupId,
    errorCode: 0,
    topics: (topics ?? []).map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((partition) => noOffset(partition, error)),
    })),
  };
}

function toWire({ partition, offset, leaderEpoch, metadata, error }: FetchedOffset): TopicAnswer['partitions'][number] {
  return {
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: errorCode(error),
  };
}

function noOffset(partition: number, error: WireError): TopicAnswer['partitions'][number] {
  return toWire({ partition, offset: -1, leaderEpoch: -1, metadata: '', error });
}

// DeleteTopics (api 20): deletes topics by name or, from v6 on, by id (KIP-516). Served: 1-6.
// The answer leaves when the topics are gone from every picture of the cluster here and their directories are renamed.
import { type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorCode, WIRE_ERRORS, type WireError } from '@moldau/protocol/errors';
import type { DeleteTopicsRequest, DeleteTopicsResponse } from '@moldau/protocol/messages/delete-topics';
import type { BrokerContext, Call } from '../context.ts';
import { couldDo, couldDoInCluster, may } from './access.ts';

type Answer = InputOf<typeof DeleteTopicsResponse>;
type TopicAnswer = Answer['responses'][number];

interface Wish {
  readonly name: string | null;
  readonly topicId: string;
}

export async function deleteTopics(broker: BrokerContext, call: Call, request: DeleteTopicsRequest): Promise<Answer> {
  const wishes: Wish[] =
    call.apiVersion >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  if (!broker.config.deleteTopicEnable) {
    const error: WireError = call.apiVersion < 3 ? 'INVALID_REQUEST' : 'TOPIC_DELETION_DISABLED';
    return { responses: wishes.map((wish) => answer(wish, error)) };
  }
  const responses: TopicAnswer[] = [];
  const found: { readonly name: string; readonly topicId: string }[] = [];
  const anyTopic = couldDoInCluster(broker, call, 'DELETE');
  for (const wish of distinct(wishes, responses)) {
    const topic = wish.name === null ? broker.image().topicById(wish.topicId) : broker.image().topic(wish.name);
    const name = wish.name ?? topic?.name;
    const visible = name === undefined || anyTopic || couldDo(broker, call, 'DESCRIBE', 'topic', name);
    // Before it is told whether the topic is there; an id that nobody knows is nobody's secret.
    if (!visible) responses.push(answer(wish, 'TOPIC_AUTHORIZATION_FAILED'));
    else if (topic && !anyTopic && !may(broker, call, 'DELETE', 'topic', topic.name)) {
      responses.push(answer(wish.name === null ? topic : wish, 'TOPIC_AUTHORIZATION_FAILED'));
    } else if (topic) found.push(topic);
    else responses.push(answer(wish, wish.name === null ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'));
  }
  // One topic named both by its name and by its id.
  const times = new Map<string, number>();
  for (const { topicId } of found) times.set(topicId, (times.get(topicId) ?? 0) + 1);
  const twice = new Map(found.filter((topic) => times.get(topic.topicId) !== 1).map((topic) => [topic.topicId, topic]));
  for (const topic of twice.values()) {
    const message = 'The provided topic name maps to an ID that was already supplied.';
    responses.push(answer(topic, 'INVALID_REQUEST', message));
  }
  const doomed = found.filter((topic) => !twice.has(topic.topicId));
  const outcomes = await broker.controller.here().deleteTopics(doomed.map((topic) => topic.topicId));
  for (const [index, { error, detail }] of outcomes.entries()) responses.push(answer(doomed[index]!, error, detail));
  return { responses };
}

/** The wishes that name one topic each, once; the others are answered. */
function distinct(wishes: readonly Wish[], responses: TopicAnswer[]): Wish[] {
  const count = new Map<string, number>();
  const key = ({ name, topicId }: Wish) => (name === null ? `id ${topicId}` : `name ${name}`);
  for (const wish of wishes) count.set(key(wish), (count.get(key(wish)) ?? 0) + 1);
  const told = new Set<string>();
  return wishes.filter((wish) => {
    const { name, topicId } = wish;
    if (name === null && topicId === ZERO_UUID) {
      responses.push(answer(wish, 'INVALID_REQUEST', 'Neither topic name nor id were specified.'));
      return false;
    }
    if (name !== null && topicId !== ZERO_UUID) {
      responses.push(answer(wish, 'INVALID_REQUEST', 'You may not specify both topic name and topic id.'));
      return false;
    }
    if (count.get(key(wish)) === 1) return true;
    if (!told.has(key(wish))) {
      told.add(key(wish));
      responses.push(answer(wish, 'INVALID_REQUEST', name === null ? 'Duplicate topic id.' : 'Duplicate topic name.'));
    }
    return false;
  });
}

function answer({ name, topicId }: Wish, error: WireError, detail: string | null = null): TopicAnswer {
  const errorMessage = error === 'NONE' ? null : (detail ?? WIRE_ERRORS[error].message);
  return { name, topicId, errorCode: errorCode(error), errorMessage };
}

// Metadata (api 3): which brokers there are, which topics, who leads their partitions. Served: 0-13.
//   v0  an empty list means all topics; from v1 on null does, and the empty list means none
//   v4  the client may forbid automatic creation
//   v6  a leader without the client's listener is LISTENER_NOT_FOUND, before LEADER_NOT_AVAILABLE
//   v8-10  authorized operations of the cluster; of topics from v8 on
//   v12 topics may be named by id
// Who may not describe a topic does not hear whether it is there; where all are asked for, it is left out.
// Differs from Kafka: a topic that is created because somebody asked is there, with its leader, in this very answer.
import type { TopicImage } from '@moldau/metadata';
import { type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { MetadataRequest, MetadataResponse } from '@moldau/protocol/messages/metadata';
import type { BrokerContext, Call } from '../context.ts';
import { ControllerUnavailable } from '../controller/controller.ts';
import { topicNameRefusal } from '../controller/topic-name-rules.ts';
import { isInternalTopic } from '../topic-names.ts';
import { couldDo, couldDoInCluster, may } from './access.ts';
import { authorizedOperations, clusterOperations, OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { clusterNodes, controllerNode } from './cluster-nodes.ts';
import { partitionAnswer } from './partition-answers.ts';

type Answer = InputOf<typeof MetadataResponse>;
type TopicAnswer = Answer['topics'][number];

/** A topic that is there, or an answer without one. */
type Found =
  | { readonly kind: 'topic'; readonly topic: TopicImage }
  | { readonly kind: 'none'; readonly answer: TopicAnswer };

export async function metadata(broker: BrokerContext, call: Call, request: MetadataRequest): Promise<Answer> {
  const { apiVersion, connection } = call;
  const all = request.topics === null || (apiVersion === 0 && request.topics.length === 0);
  const found = all ? allTopics(broker, call) : await askedTopics(broker, call, request);
  const nodes = clusterNodes(broker, connection.listener);
  const listenerError: WireError = apiVersion >= 6 ? 'LISTENER_NOT_FOUND' : 'LEADER_NOT_AVAILABLE';
  const operationsOf = (name: string | null) =>
    request.includeTopicAuthorizedOperations && name !== null
      ? authorizedOperations(broker, call, 'topic', name)
      : OPERATIONS_NOT_ASKED;
  const topics = found.map((one): TopicAnswer => {
    if (one.kind === 'none') {
      const hidden = one.answer.errorCode === UNAUTHORIZED;
      return { ...one.answer, topicAuthorizedOperations: operationsOf(hidden ? null : (one.answer.name ?? null)) };
    }
    const { name, topicId, partitions } = one.topic;
    return {
      errorCode: 0,
      name,
      topicId,
      isInternal: isInternalTopic(name),
      partitions: partitions.map((state) => {
        const { error, ...answer } = partitionAnswer(broker, name, state, nodes, listenerError);
        return { errorCode: errorCode(error), ...answer };
      }),
      topicAuthorizedOperations: operationsOf(name),
    };
  });
  return {
    brokers: [...nodes.values()]
      .filter((node) => !node.fenced)
      .map(({ id, host, port, rack }) => ({ nodeId: id, host, port, rack })),
    clusterId: broker.clusterId,
    controllerId: controllerNode(broker, nodes),
    topics,
    clusterAuthorizedOperations: clusterOperations(broker, call, request.includeClusterAuthorizedOperations),
  };
}

const UNAUTHORIZED = errorCode('TOPIC_AUTHORIZATION_FAILED');

function allTopics(broker: BrokerContext, call: Call): Found[] {
  const topics = [...broker.image().topics()];
  const visible = broker.authorizer
    ? topics.filter(({ name }) => couldDo(broker, call, 'DESCRIBE', 'topic', name))
    : topics;
  return visible.map((topic) => ({ kind: 'topic', topic }));
}

async function askedTopics(broker: BrokerContext, call: Call, request: MetadataRequest): Promise<Found[]> {
  const { apiVersion } = call;
  const asked = request.topics ?? [];
  const byId = asked.filter((one) => one.topicId !== ZERO_UUID);
  if (apiVersion < 12 && asked.some((one) => one.name === null || one.topicId !== ZERO_UUID)) {
    return asked.map((one) => none('INVALID_REQUEST', one.name ?? '', one.topicId));
  }
  // As in Kafka, one topic named by id makes the whole request one by ids.
  if (byId.length > 0) {
    return [...new Set(byId.map((one) => one.topicId))].map((topicId) => {
      const topic = broker.image().topicById(topicId);
      if (!topic) return none('UNKNOWN_TOPIC_ID', null, topicId);
      if (!may(broker, call, 'DESCRIBE', 'topic', topic.name)) return none('TOPIC_AUTHORIZATION_FAILED', null, topicId);
      return { kind: 'topic', topic };
    });
  }
  const names = [...new Set(asked.map((one) => one.name ?? ''))];
  const hidden = new Set(names.filter((name) => !may(broker, call, 'DESCRIBE', 'topic', name)));
  const missing = names.filter((name) => !hidden.has(name) && !broker.image().topic(name));
  const refusals = await createMissing(broker, call, request, missing);
  return names.map((name) => {
    if (hidden.has(name)) return { kind: 'none', answer: { ...nameless, name, errorCode: UNAUTHORIZED } };
    const topic = broker.image().topic(name);
    return topic ? { kind: 'topic', topic } : none(refusals.get(name) ?? 'UNKNOWN_TOPIC_OR_PARTITION', name);
  });
}

/** Creates what may be created; answers why the others are not there. */
async function createMissing(
  broker: BrokerContext,
  call: Call,
  request: MetadataRequest,
  missing: readonly string[],
): Promise<Map<string, WireError>> {
  const refusals = new Map<string, WireError>();
  for (const name of missing) if (topicNameRefusal(name)) refusals.set(name, 'INVALID_TOPIC_EXCEPTION');
  const creatable = missing.filter((name) => !refusals.has(name));
  if (!broker.config.autoCreateTopicsEnable || !request.allowAutoTopicCreation || creatable.length === 0)
    return refusals;
  const anyTopic = couldDoInCluster(broker, call, 'CREATE');
  const allowed = creatable.filter((name) => anyTopic || may(broker, call, 'CREATE', 'topic', name));
  for (const name of creatable) if (!allowed.includes(name)) refusals.set(name, 'TOPIC_AUTHORIZATION_FAILED');
  if (allowed.length === 0) return refusals;
  try {
    for (const [name, { error }] of await broker.controller.ensureTopics(allowed)) refusals.set(name, error);
  } catch (error) {
    // That nothing can be created must not hide what is there.
    if (!(error instanceof ControllerUnavailable)) throw error;
    for (const name of allowed) refusals.set(name, error.error);
  }
  return refusals;
}

/** Not even whether the name is an internal one is told to who may not describe it. */
const nameless = { topicId: ZERO_UUID, isInternal: false, partitions: [] };

function none(error: WireError, name: string | null, topicId = ZERO_UUID): Found {
  const isInternal = name !== null && isInternalTopic(name);
  return { kind: 'none', answer: { errorCode: errorCode(error), name, topicId, isInternal, partitions: [] } };
}

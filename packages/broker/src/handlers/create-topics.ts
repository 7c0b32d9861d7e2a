// CreateTopics (api 19): creates topics; each by itself succeeds or is refused. Served: 2-7.
// The answer leaves when the topics are in every picture of the cluster here and their logs exist. `timeoutMs` is not
// looked at: there is nobody to wait for but the disk.
// Differs from Kafka: who has CLUSTER_ACTION may create topics as well. Brokers ask so for what clients of theirs, who were judged
// there, need (automatic creation, `__consumer_offsets`); who has it could name any principal in an Envelope anyway.
import { type InputOf, ZERO_UUID } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { CreateTopicsRequest, CreateTopicsResponse } from '@moldau/protocol/messages/create-topics';
import { CONFIG_SOURCES, describeNewTopic } from '../config/describe.ts';
import type { BrokerContext, Call } from '../context.ts';
import type { CreatedTopic, TopicWish } from '../controller/controller.ts';
import { couldDo, couldDoInCluster, may } from './access.ts';

type Answer = InputOf<typeof CreateTopicsResponse>;
type TopicAnswer = Answer['topics'][number];

/** The name of Kafka's own metadata log, which no client may take. */
const CLUSTER_METADATA = '__cluster_metadata';

export async function createTopics(broker: BrokerContext, call: Call, request: CreateTopicsRequest): Promise<Answer> {
  const count = new Map<string, number>();
  for (const { name } of request.topics) count.set(name, (count.get(name) ?? 0) + 1);
  const refusals: TopicAnswer[] = [];
  for (const [name, times] of count) {
    if (times > 1) refusals.push(failed('INVALID_REQUEST', 'Duplicate topic name.', name));
    else if (name === CLUSTER_METADATA) {
      refusals.push(failed('INVALID_REQUEST', `Creation of internal topic ${name} is prohibited.`, name));
    }
  }
  const anyTopic = couldDoInCluster(broker, call, 'CREATE') || couldDoInCluster(broker, call, 'CLUSTER_ACTION');
  for (const [name, times] of count) {
    if (anyTopic || times > 1 || name === CLUSTER_METADATA || may(broker, call, 'CREATE', 'topic', name)) continue;
    refusals.push(failed('TOPIC_AUTHORIZATION_FAILED', 'Authorization failed.', name));
  }
  const refused = new Set(refusals.map((answer) => answer.name));
  const wishes = request.topics.filter((topic) => !refused.has(topic.name));
  const created = await broker.controller.here().createTopics(wishes, { validateOnly: request.validateOnly });
  const answers = created.map((topic, index) => answerOf(broker, call, topic, wishes[index]!));
  return { topics: [...answers, ...refusals] };
}

function answerOf(broker: BrokerContext, call: Call, created: CreatedTopic, wish: TopicWish): TopicAnswer {
  if (created.error !== 'NONE') return failed(created.error, created.detail, created.name);
  if (!couldDo(broker, call, 'DESCRIBE_CONFIGS', 'topic', created.name)) {
    const topicConfigErrorCode = errorCode('TOPIC_AUTHORIZATION_FAILED');
    return { ...failed('NONE', null, created.name), topicId: created.topicId, topicConfigErrorCode };
  }
  const overrides = new Map(wish.configs.map(({ name, value }) => [name, value ?? '']));
  const configs = describeNewTopic(broker.config, broker.image(), overrides);
  return {
    name: created.name,
    topicId: created.topicId,
    errorCode: 0,
    errorMessage: null,
    topicConfigErrorCode: 0,
    numPartitions: created.numPartitions,
    replicationFactor: created.replicationFactor,
    configs: configs.map(({ name, value, readOnly, source, sensitive }) => ({
      name,
      value,
      readOnly,
      configSource: CONFIG_SOURCES[source],
      isSensitive: sensitive,
    })),
  };
}

function failed(error: WireError, errorMessage: string | null, name: string): TopicAnswer {
  return { name, topicId: ZERO_UUID, errorCode: errorCode(error), errorMessage, topicConfigErrorCode: 0, configs: [] };
}

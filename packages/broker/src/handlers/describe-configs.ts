// DescribeConfigs (api 32): settings of topics and brokers with where they come from. Served: 1-4.
//   v1  sources and synonyms (KIP-226)
//   v3  type and documentation
// Broker loggers: one, `root`, with the level of the event log. Client metrics and groups have no settings here.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { DescribeConfigsRequest, DescribeConfigsResponse } from '@moldau/protocol/messages/describe-configs';
import {
  CONFIG_SOURCES,
  CONFIG_TYPES,
  type DescribedConfig,
  describeAllBrokers,
  describeBroker,
  describeTopic,
} from '../config/describe.ts';
import type { BrokerContext, Call } from '../context.ts';
import { typeOf } from '../controller/alter-configs.ts';
import { topicNameRefusal } from '../controller/topic-name-rules.ts';
import { configsRefusal } from './access.ts';

type Answer = InputOf<typeof DescribeConfigsResponse>;
type ResourceAnswer = Answer['results'][number];
type Resource = DescribeConfigsRequest['resources'][number];

interface Refusal {
  readonly error: WireError;
  readonly detail: string | null;
}

/** Settings in one answer, over all resources: more would be hundreds of megabytes. What is past it is refused. */
const SETTINGS_MAX = 500_000;
/** Resources that are described before other work gets its turn. */
const RESOURCES_PER_TURN = 100;

export async function describeConfigs(
  broker: BrokerContext,
  call: Call,
  request: DescribeConfigsRequest,
): Promise<Answer> {
  const results: ResourceAnswer[] = [];
  let described = 0;
  for (const [index, resource] of request.resources.entries()) {
    if (index % RESOURCES_PER_TURN === RESOURCES_PER_TURN - 1) {
      await new Promise<void>((next) => broker.ports.timers.afterTurn(next));
    }
    const unauthorized = configsRefusal(broker, call, 'DESCRIBE_CONFIGS', resource);
    const found = unauthorized ?? (described < SETTINGS_MAX ? settingsOf(broker, resource) : tooMany);
    const answer = answerOf(resource, found, request);
    described += answer.configs.length;
    results.push(answer);
  }
  return { results };
}

const tooMany: Refusal = {
  error: 'INVALID_REQUEST',
  detail: `One answer holds ${SETTINGS_MAX} settings at most; ask for fewer resources at a time.`,
};

function answerOf(
  resource: Resource,
  found: Refusal | DescribedConfig[],
  request: DescribeConfigsRequest,
): ResourceAnswer {
  const { resourceType, resourceName, configurationKeys } = resource;
  if ('error' in found) {
    const { error, detail } = found;
    return { errorCode: errorCode(error), errorMessage: detail ?? '', resourceType, resourceName, configs: [] };
  }
  const wanted = configurationKeys?.length ? new Set(configurationKeys) : undefined;
  const configs = found
    .filter((one) => wanted === undefined || wanted.has(one.name))
    .map((one) => ({
      name: one.name,
      value: one.value,
      readOnly: one.readOnly,
      configSource: CONFIG_SOURCES[one.source],
      isSensitive: one.sensitive,
      synonyms: request.includeSynonyms
        ? one.synonyms.map(({ name, value, source }) => ({ name, value, source: CONFIG_SOURCES[source] }))
        : [],
      configType: CONFIG_TYPES[one.type],
      documentation: request.includeDocumentation ? one.doc : null,
    }));
  return { errorCode: 0, errorMessage: '', resourceType, resourceName, configs };
}

function settingsOf(broker: BrokerContext, { resourceType, resourceName }: Resource): Refusal | DescribedConfig[] {
  const { config } = broker;
  const image = broker.image();
  const invalid = (detail: string): Refusal => ({ error: 'INVALID_REQUEST', detail });
  switch (typeOf(resourceType)) {
    case 'topic': {
      const badName = topicNameRefusal(resourceName);
      if (badName) return { error: 'INVALID_TOPIC_EXCEPTION', detail: badName };
      if (!image.topic(resourceName)) return { error: 'UNKNOWN_TOPIC_OR_PARTITION', detail: null };
      return describeTopic(config, image, image.configs('topic', resourceName));
    }
    case 'broker':
      if (resourceName === '') return describeAllBrokers(config, image);
      return (
        otherBroker(resourceName, broker.nodeId, `${broker.nodeId} or empty string,`) ?? describeBroker(config, image)
      );
    case 'brokerLogger':
      if (resourceName === '') return invalid('Broker id must not be empty');
      return otherBroker(resourceName, broker.nodeId, String(broker.nodeId)) ?? [rootLogger(broker.events.level)];
    case 'clientMetrics':
      return resourceName === '' ? invalid('Client metrics subscription name must not be empty') : [];
    case 'group':
      return resourceName === '' ? invalid('Group name must not be empty') : [];
    case 'unknown':
      return invalid(`Unexpected resource type ${resourceType} for resource ${resourceName}`);
  }
}

function otherBroker(name: string, nodeId: number, expected: string): Refusal | undefined {
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    return { error: 'INVALID_REQUEST', detail: `Broker id must be an integer, but it is: ${name}` };
  }
  if (Number(name) === nodeId) return undefined;
  return { error: 'INVALID_REQUEST', detail: `Unexpected broker id, expected ${expected} but received ${name}` };
}

function rootLogger(level: string): DescribedConfig {
  return {
    name: 'root',
    value: level.toUpperCase(),
    source: 'DYNAMIC_BROKER_LOGGER_CONFIG',
    type: 'STRING',
    readOnly: true,
    sensitive: false,
    doc: 'The least severe events that are logged.',
    synonyms: [],
  };
}

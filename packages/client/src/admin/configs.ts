// Settings of topics, brokers and the rest: describe, change, list what has any.
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type {
  AlteredConfigs,
  CallOptions,
  ConfigChange,
  ConfigEntry,
  ConfigResource,
  ConfigResourceType,
  ConfigSource,
  ConfigType,
  CreateTopicsOptions,
  DescribeConfigsOptions,
  DescribedConfigs,
  Outcome,
} from './admin-model.ts';

const RESOURCE_TYPES: { readonly [T in ConfigResourceType]: number } = {
  topic: 2,
  broker: 4,
  'broker-logger': 8,
  'client-metrics': 16,
  group: 32,
};
const SOURCES: readonly ConfigSource[] = [
  'UNKNOWN',
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
  'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG',
  'DYNAMIC_BROKER_LOGGER_CONFIG',
  'DYNAMIC_CLIENT_METRICS_CONFIG',
  'DYNAMIC_GROUP_CONFIG',
];
const TYPES: readonly ConfigType[] = [
  'UNKNOWN',
  'BOOLEAN',
  'STRING',
  'INT',
  'SHORT',
  'LONG',
  'DOUBLE',
  'LIST',
  'CLASS',
  'PASSWORD',
];
const OPERATIONS: readonly ConfigChange['operation'][] = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'];

function typeOfCode(code: number): ConfigResourceType | undefined {
  return (Object.keys(RESOURCE_TYPES) as ConfigResourceType[]).find((type) => RESOURCE_TYPES[type] === code);
}

function keyOf({ type, name }: ConfigResource): string {
  return `${type} ${name}`;
}

/** A named broker knows its own settings best and alone knows its file's; everything else any broker answers. */
function destination({ type, name }: ConfigResource): number | 'any' {
  return (type === 'broker' || type === 'broker-logger') && name !== '' ? Number(name) : 'any';
}

async function byDestination<R extends ConfigResource, T>(
  calls: AdminCalls,
  resources: readonly R[],
  ask: (to: number | 'any', resources: readonly R[]) => Promise<[key: string, outcome: Outcome<T>][]>,
): Promise<Map<string, Outcome<T>>> {
  const groups = new Map<number | 'any', R[]>();
  for (const resource of resources) {
    const to = destination(resource);
    const group = groups.get(to);
    if (group) group.push(resource);
    else groups.set(to, [resource]);
  }
  if ([...groups.keys()].some((to) => to !== 'any')) await calls.brokers();
  const answers = await Promise.all([...groups].map(([to, group]) => ask(to, group)));
  return new Map(answers.flat());
}

export async function describeConfigs(
  calls: AdminCalls,
  resources: readonly (ConfigResource & { readonly keys?: readonly string[] })[],
  options: DescribeConfigsOptions = {},
): Promise<DescribedConfigs[]> {
  const outcomes = await calls.each('Describing configs', options, resources, keyOf, (items) =>
    byDestination(calls, items, async (to, group) => {
      const answer = await calls.cluster.send(to, 'DescribeConfigs', (version) => ({
        resources: group.map(({ type, name, keys }) => ({
          resourceType: RESOURCE_TYPES[type],
          resourceName: name,
          configurationKeys: keys ? [...keys] : null,
        })),
        includeSynonyms: options.synonyms ?? false,
        ...(version >= 3 ? { includeDocumentation: options.documentation ?? false } : {}),
      }));
      return answer.results.map(({ resourceType, resourceName, errorCode, errorMessage, configs }) => [
        keyOf({ type: typeOfCode(resourceType) ?? 'topic', name: resourceName }),
        errorOfCode(errorCode, { message: errorMessage }) ??
          configs.map(
            (config): ConfigEntry => ({
              name: config.name,
              value: config.value,
              source: SOURCES[config.configSource] ?? 'UNKNOWN',
              isSensitive: config.isSensitive,
              isReadOnly: config.readOnly,
              type: TYPES[config.configType] ?? 'UNKNOWN',
              documentation: config.documentation,
              synonyms: config.synonyms.map(({ name, value, source }) => ({
                name,
                value,
                source: SOURCES[source] ?? 'UNKNOWN',
              })),
            }),
          ),
      ]);
    }),
  );
  return resources.map(({ type, name }) => ({ type, name, entries: outcomes.get(keyOf({ type, name }))! }));
}

export async function incrementalAlterConfigs(
  calls: AdminCalls,
  changes: readonly (ConfigResource & { readonly changes: readonly ConfigChange[] })[],
  options: CreateTopicsOptions = {},
): Promise<AlteredConfigs[]> {
  const outcomes = await calls.each('Altering configs', options, changes, keyOf, (items) =>
    byDestination<(typeof items)[number], true>(calls, items, async (to, group) => {
      const answer = await calls.cluster.send(to, 'IncrementalAlterConfigs', {
        resources: group.map((resource) => ({
          resourceType: RESOURCE_TYPES[resource.type],
          resourceName: resource.name,
          configs: resource.changes.map(({ name, operation, value }) => ({
            name,
            configOperation: OPERATIONS.indexOf(operation),
            value,
          })),
        })),
        validateOnly: options.validateOnly ?? false,
      });
      return answer.responses.map(({ resourceType, resourceName, errorCode, errorMessage }) => [
        keyOf({ type: typeOfCode(resourceType) ?? 'topic', name: resourceName }),
        errorOfCode(errorCode, { message: errorMessage }) ?? true,
      ]);
    }),
  );
  return changes.map(({ type, name }) => {
    const outcome = outcomes.get(keyOf({ type, name }));
    return { type, name, error: outcome === true ? undefined : outcome };
  });
}

export function listConfigResources(
  calls: AdminCalls,
  types: readonly ConfigResourceType[] = [],
  options: CallOptions = {},
): Promise<ConfigResource[]> {
  return calls.run('Listing config resources', options, async () => {
    const answer = await calls.cluster.send('any', 'ListConfigResources', (version) => {
      if (version >= 1) return { resourceTypes: types.map((type) => RESOURCE_TYPES[type]) };
      // Version 0 is Kafka 3.7 to 4.0, where the API lists client metrics and nothing else.
      if (types.length === 1 && types[0] === 'client-metrics') return {};
      throw new KafkaError('UNSUPPORTED_VERSION', {
        message: 'The broker lists resources of type client-metrics only.',
      });
    });
    throwOnCode(answer.errorCode);
    return answer.configResources.flatMap(({ resourceName, resourceType }) => {
      const type = typeOfCode(resourceType);
      return type ? [{ type, name: resourceName }] : [];
    });
  });
}

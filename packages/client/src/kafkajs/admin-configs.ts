// Settings of topics and brokers, in KafkaJS's numbers and shapes.
import type { Admin } from '../admin/admin.ts';
import type { ConfigResourceType, ConfigSource as NativeSource } from '../admin/admin-model.ts';
import { KafkaError } from '../errors.ts';
import { ConfigResourceTypes, ConfigSource } from './constants.ts';
import { KafkaJSNonRetriableError } from './errors.ts';

export interface DescribedResources {
  resources: {
    errorCode: number;
    errorMessage: string | null;
    resourceType: number;
    resourceName: string;
    configEntries: {
      configName: string;
      configValue: string | null;
      readOnly: boolean;
      isDefault: boolean;
      configSource: number;
      isSensitive: boolean;
      configSynonyms: { configName: string; configValue: string | null; configSource: number }[];
    }[];
  }[];
  throttleTime: number;
}

const TYPES = new Map<number, ConfigResourceType>([
  [ConfigResourceTypes.TOPIC, 'topic'],
  [ConfigResourceTypes.BROKER, 'broker'],
  [ConfigResourceTypes.BROKER_LOGGER, 'broker-logger'],
]);

const SOURCES: { readonly [S in NativeSource]?: number } = {
  DYNAMIC_TOPIC_CONFIG: ConfigSource.TOPIC_CONFIG,
  DYNAMIC_BROKER_CONFIG: ConfigSource.DYNAMIC_BROKER_CONFIG,
  DYNAMIC_DEFAULT_BROKER_CONFIG: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG,
  STATIC_BROKER_CONFIG: ConfigSource.STATIC_BROKER_CONFIG,
  DEFAULT_CONFIG: ConfigSource.DEFAULT_CONFIG,
  DYNAMIC_BROKER_LOGGER_CONFIG: ConfigSource.DYNAMIC_BROKER_LOGGER_CONFIG,
};

function typeOf(resource: { type: number; name: string }): ConfigResourceType {
  const type = TYPES.get(resource.type);
  if (type === undefined) throw new KafkaJSNonRetriableError(`There is no resource type ${resource.type}.`);
  if (typeof resource.name !== 'string') throw new KafkaJSNonRetriableError('A resource needs a name.');
  return type;
}

function checked<T>(resources: T[]): T[] {
  if (!Array.isArray(resources)) throw new KafkaJSNonRetriableError('resources must be a list.');
  if (resources.length === 0) throw new KafkaJSNonRetriableError('resources is empty.');
  return resources;
}

export async function describeConfigs(
  native: Admin,
  o: { resources: { type: number; name: string; configNames?: string[] }[]; includeSynonyms?: boolean },
): Promise<DescribedResources> {
  const asked = checked(o.resources).map((resource) => ({
    type: typeOf(resource),
    name: resource.name,
    ...(resource.configNames?.length ? { keys: resource.configNames } : {}),
  }));
  const described = await native.describeConfigs(asked, { synonyms: o.includeSynonyms ?? false });
  return {
    throttleTime: 0,
    resources: described.map(({ type, name, entries }) => {
      if (entries instanceof KafkaError) throw entries;
      return {
        errorCode: 0,
        errorMessage: null,
        resourceType: [...TYPES].find(([, known]) => known === type)?.[0] ?? 0,
        resourceName: name,
        configEntries: entries.map((entry) => ({
          configName: entry.name,
          configValue: entry.value,
          readOnly: entry.isReadOnly,
          isDefault: entry.source === 'DEFAULT_CONFIG',
          configSource: SOURCES[entry.source] ?? 0,
          isSensitive: entry.isSensitive,
          configSynonyms: entry.synonyms.map((synonym) => ({
            configName: synonym.name,
            configValue: synonym.value,
            configSource: SOURCES[synonym.source] ?? 0,
          })),
        })),
      };
    }),
  };
}

export async function alterConfigs(
  native: Admin,
  o: {
    resources: { type: number; name: string; configEntries: { name: string; value: string }[] }[];
    validateOnly?: boolean;
  },
) {
  const changes = checked(o.resources).map((resource) => {
    if (!Array.isArray(resource.configEntries)) throw new KafkaJSNonRetriableError('configEntries must be a list.');
    return {
      type: typeOf(resource),
      name: resource.name,
      changes: resource.configEntries.map(({ name, value }) => ({ name, value, operation: 'SET' as const })),
    };
  });
  const outcomes = await native.incrementalAlterConfigs(changes, { validateOnly: o.validateOnly ?? false });
  for (const { error } of outcomes) if (error) throw error;
  return {
    throttleTime: 0,
    resources: o.resources.map(({ type, name }) => ({
      errorCode: 0,
      errorMessage: null,
      resourceType: type,
      resourceName: name,
    })),
  };
}

// What DescribeConfigs says of a topic or a broker: every setting with its value, where the value comes from, and what
// would hold if it were not there (Kafka: ConfigHelper). Pure.
import type { ClusterImage } from '@moldau/metadata';
import { type BrokerConfig, camelCase } from './broker-config.ts';
import { brokerSetting, brokerSettings, brokerSynonyms } from './broker-settings.ts';
import { ALL_BROKERS } from './live-config.ts';
import { printSetting, readSetting, type Setting, type SettingType } from './setting.ts';
import { topicSetting, topicSettingEntries } from './settings/topic.ts';
import { topicValues } from './topic-settings.ts';

/** Codes of DescribeConfigsResponse.ConfigSource. */
export const CONFIG_SOURCES = {
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_BROKER_LOGGER_CONFIG: 6,
} as const;
export type ConfigSource = keyof typeof CONFIG_SOURCES;

/** Codes of DescribeConfigsResponse.ConfigType. */
export const CONFIG_TYPES: Readonly<Record<SettingType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

export interface ConfigSynonym {
  readonly name: string;
  /** Null when secret. */
  readonly value: string | null;
  readonly source: ConfigSource;
}

export interface DescribedConfig {
  readonly name: string;
  /** Null when secret, or when there is none. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly type: SettingType;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly doc: string;
  /** What gives the value, strongest first, this value's own source among them. */
  readonly synonyms: readonly ConfigSynonym[];
}

/** All settings of a topic on which `overrides` are set, in the order of the table, which is Kafka's. */
export function describeTopic(
  config: BrokerConfig,
  image: ClusterImage,
  overrides: ReadonlyMap<string, string>,
): DescribedConfig[] {
  const values = topicValues(config, overrides) as unknown as Record<string, unknown>;
  return topicSettingEntries()
    .filter(([name, setting]) => !setting.internal || overrides.has(name))
    .map(([name, setting]) => {
      const value = printSetting(setting, values[camelCase(name)]);
      const server = setting.servers[0]?.name;
      const inherited = server === undefined ? [] : synonymsOfBroker(config, image, server, false);
      const own: ConfigSynonym[] = overrides.has(name) ? [{ name, value, source: 'DYNAMIC_TOPIC_CONFIG' }] : [];
      return described(name, setting, value, false, [...own, ...inherited]);
    });
}

/**
 * The settings of a topic that is being created, by name. As in Kafka, the source is here told of weaker synonyms too
 * (log.retention.hours gives retention.ms), which `describeTopic` leaves out.
 */
export function describeNewTopic(
  config: BrokerConfig,
  image: ClusterImage,
  overrides: ReadonlyMap<string, string>,
): DescribedConfig[] {
  return describeTopic(config, image, overrides)
    .map((one) => {
      if (one.source === 'DYNAMIC_TOPIC_CONFIG') return one;
      const servers = topicSetting(one.name)?.servers ?? [];
      const giving = layers(config, image).find(([values]) => servers.some((server) => values.has(server.name)));
      return { ...one, source: giving?.[1] ?? 'DEFAULT_CONFIG' };
    })
    .sort(byName);
}

/** All settings of this broker, by name. */
export function describeBroker(config: BrokerConfig, image: ClusterImage): DescribedConfig[] {
  return brokerSettings()
    .filter(([, setting]) => !setting.internal)
    .map(([name, setting]) => {
      const synonyms = synonymsOfBroker(config, image, name, setting.type === 'PASSWORD');
      const text = layers(config, image)
        .map(([values]) => values.get(name))
        .find((one) => one !== undefined);
      const read = text === undefined ? undefined : readSetting(name, setting, text);
      const value = printSetting(setting, read?.kind === 'value' ? read.value : setting.fallback);
      return described(name, setting, value, setting.mode === 'read-only', synonyms);
    })
    .sort(byName);
}

/** What is set for all brokers, by name; nothing else is described for the resource without a name. */
export function describeAllBrokers(config: BrokerConfig, image: ClusterImage): DescribedConfig[] {
  return [...image.configs('broker', ALL_BROKERS)]
    .flatMap(([name, text]) => {
      const setting = brokerSetting(name);
      if (!setting) return [];
      const synonyms = synonymsOfBroker(config, image, name, setting.type === 'PASSWORD').filter(
        (one) => one.source === 'DYNAMIC_DEFAULT_BROKER_CONFIG',
      );
      return [described(name, setting, text, setting.mode === 'read-only', synonyms)];
    })
    .sort(byName);
}

function described(
  name: string,
  setting: Setting<unknown>,
  value: string | null,
  readOnly: boolean,
  synonyms: readonly ConfigSynonym[],
): DescribedConfig {
  const sensitive = setting.type === 'PASSWORD';
  return {
    name,
    value: sensitive ? null : value,
    source: synonyms[0]?.source ?? 'DEFAULT_CONFIG',
    type: setting.type,
    readOnly,
    sensitive,
    doc: setting.doc,
    synonyms,
  };
}

/** Where broker settings are given, strongest first. */
function layers(config: BrokerConfig, image: ClusterImage): [ReadonlyMap<string, string>, ConfigSource][] {
  return [
    [image.configs('broker', String(config.nodeId)), 'DYNAMIC_BROKER_CONFIG'],
    [image.configs('broker', ALL_BROKERS), 'DYNAMIC_DEFAULT_BROKER_CONFIG'],
    [givenWithIds(config), 'STATIC_BROKER_CONFIG'],
  ];
}

/** node.id and broker.id are one: whichever was given, both are shown. */
function givenWithIds(config: BrokerConfig): ReadonlyMap<string, string> {
  const { given } = config;
  if (!given.has('node.id') && !given.has('broker.id')) return given;
  const id = String(config.nodeId);
  return new Map([...given, ['node.id', id], ['broker.id', id]]);
}

/**
 * Everything that could give the value of a broker setting, strongest first. As in Kafka, what only a weaker synonym gives
 * (log.retention.hours for log.retention.ms) is left out before the first entry of the setting itself.
 */
function synonymsOfBroker(config: BrokerConfig, image: ClusterImage, name: string, secret: boolean): ConfigSynonym[] {
  const names = brokerSynonyms(name);
  const all: ConfigSynonym[] = [];
  for (const [values, source] of layers(config, image)) {
    for (const one of names) {
      const value = values.get(one);
      if (value !== undefined) all.push({ name: one, value: secret ? null : value, source });
    }
  }
  for (const one of names) {
    const setting = brokerSetting(one);
    const value = setting === undefined ? null : printSetting(setting, setting.fallback);
    if (value !== null) all.push({ name: one, value: secret ? null : value, source: 'DEFAULT_CONFIG' });
  }
  const first = all.findIndex((one) => one.name === name);
  return first === -1 ? [] : all.slice(first);
}

function byName(a: DescribedConfig, b: DescribedConfig): number {
  return a.name < b.name ? -1 : 1;
}

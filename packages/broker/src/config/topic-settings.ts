// What holds for a topic: its own settings, else the broker's. Resolved once per set of overrides, so that ten thousand
// partitions share few objects.
import type { ClusterImage } from '@moldau/metadata';
import type { LogConfig } from '@moldau/storage';
import { type BrokerConfig, camelCase, type SettingValues } from './broker-config.ts';
import { readSetting } from './setting.ts';
import { type TopicSetting, type TopicSettingTable, topicSettingEntries } from './settings/topic.ts';

/** Every topic setting by camelCase name: `values.retentionMs`. */
export type TopicValues = SettingValues<TopicSettingTable>;

export interface TopicSettings {
  readonly values: TopicValues;
  /** What its logs need. */
  readonly log: LogConfig;
  readonly minInsyncReplicas: number;
  readonly compressionType: TopicValues['compressionType'];
  readonly compressionLevels: { readonly gzip: number; readonly lz4: number; readonly zstd: number };
}

interface Resolved {
  readonly generation: number;
  readonly settings: TopicSettings;
}

const resolved = new WeakMap<BrokerConfig, WeakMap<ReadonlyMap<string, string>, Resolved>>();

/** What holds for `topic` now. The same object as long as nothing that it depends on changed. */
export function topicSettings(config: BrokerConfig, image: ClusterImage, topic: string): TopicSettings {
  return settingsOf(config, image.configs('topic', topic));
}

/** What holds for a topic on which `overrides` are set. */
export function settingsOf(config: BrokerConfig, overrides: ReadonlyMap<string, string>): TopicSettings {
  const known = resolved.get(config) ?? new WeakMap<ReadonlyMap<string, string>, Resolved>();
  resolved.set(config, known);
  const cached = known.get(overrides);
  if (cached?.generation === config.generation) return cached.settings;
  const settings = shape(topicValues(config, overrides));
  known.set(overrides, { generation: config.generation, settings });
  return settings;
}

/** Overrides that cannot be read (written by a version with other rules) count as not set. */
export function topicValues(config: BrokerConfig, overrides: ReadonlyMap<string, string>): TopicValues {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of topicSettingEntries()) {
    const text = overrides.get(name);
    const read = text === undefined ? undefined : readSetting(name, setting, text);
    values[camelCase(name)] = read?.kind === 'value' ? read.value : inherited(config, setting);
  }
  return values as unknown as TopicValues;
}

/** The value of a topic setting for topics that do not set it: the first broker setting that has one. */
export function inherited<V>(config: BrokerConfig, setting: TopicSetting<V>): V {
  for (const { name, times } of setting.servers) {
    const value = (config as unknown as Record<string, unknown>)[camelCase(name)];
    if (value === null || value === undefined) continue;
    if (times === 1) return value as V;
    return (Math.sign(value as number) < 0 ? -1 : (value as number) * times) as V;
  }
  return setting.fallback;
}

function shape(values: TopicValues): TopicSettings {
  const log: LogConfig = {
    segmentBytes: values.internalSegmentBytes ?? values.segmentBytes,
    segmentMs: values.segmentMs,
    segmentJitterMs: values.segmentJitterMs,
    segmentIndexBytes: values.segmentIndexBytes,
    indexIntervalBytes: values.indexIntervalBytes,
    retentionMs: values.retentionMs < 0 ? -1 : values.retentionMs,
    retentionBytes: values.retentionBytes < 0 ? -1 : values.retentionBytes,
    cleanupPolicy: new Set(values.cleanupPolicy as readonly ('delete' | 'compact')[]),
    maxMessageBytes: values.maxMessageBytes,
    flushMessages: values.flushMessages,
    flushMs: values.flushMs,
    fileDeleteDelayMs: values.fileDeleteDelayMs,
    timestampType: values.messageTimestampType,
    timestampBeforeMaxMs: values.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: values.messageTimestampAfterMaxMs,
    durability: values.durability,
  };
  return {
    values,
    log,
    minInsyncReplicas: values.minInsyncReplicas,
    compressionType: values.compressionType,
    compressionLevels: {
      gzip: values.compressionGzipLevel,
      lz4: values.compressionLz4Level,
      zstd: values.compressionZstdLevel,
    },
  };
}

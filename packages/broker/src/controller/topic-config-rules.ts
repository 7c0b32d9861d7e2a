// Whether a set of topic settings can be a topic's (Kafka: LogConfig.validate). Pure.
import type { BrokerConfig } from '../config/broker-config.ts';
import { readSetting } from '../config/setting.ts';
import { topicSetting } from '../config/settings/topic.ts';
import { topicValues } from '../config/topic-settings.ts';

/** Kafka's bound: a value longer than a Java short cannot be sent. */
const VALUE_LENGTH_MAX = 32_767;

/** Why these overrides cannot be, in Kafka's words; undefined when they can. All of a topic's overrides are handed in. */
export function checkTopicConfigs(config: BrokerConfig, overrides: ReadonlyMap<string, string>): string | undefined {
  for (const name of overrides.keys()) {
    if (!topicSetting(name)) return `Unknown topic config name: ${name}`;
  }
  for (const [name, text] of overrides) {
    if (text.length > VALUE_LENGTH_MAX) {
      return `The configuration value cannot be added because it exceeds the maximum value size of ${VALUE_LENGTH_MAX} bytes.`;
    }
    const read = readSetting(name, topicSetting(name)!, text);
    if (read.kind === 'wrong') return read.detail;
  }
  const values = topicValues(config, overrides);
  if (values.minCompactionLagMs > values.maxCompactionLagMs) {
    return `conflict topic config setting min.compaction.lag.ms (${values.minCompactionLagMs}) > max.compaction.lag.ms (${values.maxCompactionLagMs})`;
  }
  if (values.remoteStorageEnable) {
    return 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.';
  }
  return undefined;
}

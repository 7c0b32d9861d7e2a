// The one table of broker settings: every name that `server.properties`, the command line, the environment,
// DescribeConfigs and AlterConfigs of brokers know.
import type { Setting } from './setting.ts';
import { CONTROLLER_SETTINGS } from './settings/controller.ts';
import { GENERAL_SETTINGS } from './settings/general.ts';
import { GROUP_SETTINGS } from './settings/groups.ts';
import { LOG_SETTINGS } from './settings/log.ts';
import { MEASURING_SETTINGS } from './settings/measuring.ts';
import { NETWORK_SETTINGS } from './settings/network.ts';
import { REMOTE_STORAGE_SETTINGS } from './settings/remote-storage.ts';
import { REPLICATION_SETTINGS } from './settings/replication.ts';
import { SECURITY_SETTINGS } from './settings/security.ts';
import { TRANSACTION_SETTINGS } from './settings/transactions.ts';
import { ZOOKEEPER_SETTINGS } from './settings/zookeeper.ts';

export const BROKER_SETTINGS = {
  ...GENERAL_SETTINGS,
  ...NETWORK_SETTINGS,
  ...LOG_SETTINGS,
  ...GROUP_SETTINGS,
  ...TRANSACTION_SETTINGS,
  ...REPLICATION_SETTINGS,
  ...CONTROLLER_SETTINGS,
  ...MEASURING_SETTINGS,
  ...SECURITY_SETTINGS,
  ...REMOTE_STORAGE_SETTINGS,
  ...ZOOKEEPER_SETTINGS,
};
export type BrokerSettings = typeof BROKER_SETTINGS;
export type BrokerSettingName = keyof BrokerSettings;

const table = BROKER_SETTINGS as unknown as Readonly<Record<string, Setting<unknown>>>;

/** The setting of a name that came from outside; undefined for a name that is no setting. */
export function brokerSetting(name: string): Setting<unknown> | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** All of them, in the order of the table. */
export function brokerSettings(): [name: string, setting: Setting<unknown>][] {
  return Object.entries(table);
}

const families: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
];

/**
 * The names under which the same thing may be set, strongest first (Kafka: DynamicBrokerConfig.brokerConfigSynonyms).
 * log.flush.interval.ms falls back to the scheduler's interval, but not the other way round.
 */
export function brokerSynonyms(name: string): readonly string[] {
  if (name === 'log.flush.interval.ms') return ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'];
  return families.find((family) => family.includes(name)) ?? [name];
}

// The one table of broker settings.

import type { Setting } from './setting.ts';
import { GENERAL_SETTINGS } from './settings/general.ts';
import { GROUP_SETTINGS } from './settings/groups.ts';
import { LOG_SETTINGS } from './settings/log.ts';
import { NETWORK_SETTINGS } from './settings/network.ts';

export const BROKER_SETTINGS = {
  ...GENERAL_SETTINGS,
  ...NETWORK_SETTINGS,
  ...LOG_SETTINGS,
  ...GROUP_SETTINGS,
};
export type BrokerSettings = typeof BROKER_SETTINGS;
export type BrokerSettingName = keyof BrokerSettings;

/** The same table for a name that came from outside; undefined for a name that is no setting. */
export function brokerSetting(name: string): Setting<unknown> | undefined {
  return Object.hasOwn(BROKER_SETTINGS, name)
    ? (BROKER_SETTINGS as unknown as Record<string, Setting<unknown>>)[name]
    : undefined;
}

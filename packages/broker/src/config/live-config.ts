// Dynamic broker settings: what AlterConfigs of broker resources changed, laid over what was given at start. The
// BrokerConfig object stays the same; only this file writes into it.
// Strongest first: set on this broker, set for all brokers, given at start, default.
import type { ClusterImage } from '@moldau/metadata';
import { type BrokerConfig, camelCase } from './broker-config.ts';
import { brokerSettings } from './broker-settings.ts';
import { addressCounts } from './config-rules.ts';
import { readSetting } from './setting.ts';

/** Resource name of settings that hold for all brokers. */
export const ALL_BROKERS = '';

/** The dynamic settings that a config was last brought up to date with: most batches change others. */
const applied = new WeakMap<BrokerConfig, { readonly own: object; readonly all: object }>();

/**
 * Brings `config` up to date with the image. Answers the names whose values changed (empty: nothing did).
 * A stored value that cannot be read, or of a setting that is read-only, is passed over.
 */
export function applyDynamicSettings(config: BrokerConfig, image: ClusterImage): string[] {
  const own = image.configs('broker', String(config.nodeId));
  const all = image.configs('broker', ALL_BROKERS);
  const last = applied.get(config);
  if (last?.own === own && last.all === all) return [];
  applied.set(config, { own, all });
  const live = config as unknown as Record<string, unknown>;
  const changed: string[] = [];
  for (const [name, setting] of brokerSettings()) {
    if (setting.mode === 'read-only') continue;
    const key = camelCase(name);
    if (!(key in live)) continue;
    let value: unknown = setting.fallback;
    for (const text of [own.get(name), all.get(name), config.given.get(name)]) {
      const read = text === undefined ? undefined : readSetting(name, setting, text);
      if (read?.kind !== 'value') continue;
      value = read.value;
      break;
    }
    if (name === 'max.connections.per.ip.overrides') value = addressCounts(value as string).counts;
    if (sameValue(live[key], value)) continue;
    live[key] = value;
    changed.push(name);
  }
  if (changed.length > 0) live.generation = config.generation + 1;
  return changed;
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Map && b instanceof Map) return JSON.stringify([...a]) === JSON.stringify([...b]);
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((entry, i) => entry === b[i]);
}

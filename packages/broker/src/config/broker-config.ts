// The settings of a running broker, typed. Every setting of the table is here under its name in camelCase
// (`socket.request.max.bytes` → `config.socketRequestMaxBytes`), and the ones that several names speak of are worked out
// once (listeners, directories, node id).
// One object for the life of the broker: dynamic changes are written into it, so read a value where it is used and do
// not copy it out at start. Longs without limit are LONG_MAX (2^53-1); settings without a value are null.
import { type BrokerSettings, brokerSettings } from './broker-settings.ts';
import { addressCounts } from './config-rules.ts';
import type { ReadListeners } from './listeners.ts';
import type { Setting } from './setting.ts';

/** `log.retention.ms` → `logRetentionMs`. */
export type CamelCase<S extends string> = S extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The values of a table of settings, by camelCase name. */
export type SettingValues<T> = {
  readonly [K in keyof T & string as CamelCase<K>]: T[K] extends Setting<infer V> ? V : never;
};

/** A place to listen, or one that clients are told of. */
export interface Listener {
  /** Upper case, as Kafka normalises it: PLAINTEXT, EXTERNAL, ... */
  readonly name: string;
  /** Empty: every interface (listening), or the name of this machine (advertised). */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly protocol: 'PLAINTEXT';
}

interface Derived {
  readonly nodeId: number;
  readonly listeners: readonly Listener[];
  /** One for each of `listeners` by name; an address of its own where advertised.listeners says so. */
  readonly advertisedListeners: readonly Listener[];
  readonly interBrokerListenerName: string;
  /** From log.dirs, else log.dir. */
  readonly logDirs: readonly string[];
  /** Connections allowed from single addresses. */
  readonly maxConnectionsPerIpOverrides: ReadonlyMap<string, number>;
  /** What was set at start, as it was written, by Kafka's names: DescribeConfigs tells it from defaults. */
  readonly given: ReadonlyMap<string, string>;
  /** Grows with every dynamic change of settings (live-config.ts): what was worked out of an older one is stale. */
  readonly generation: number;
}

export type BrokerConfig = Omit<SettingValues<BrokerSettings>, keyof Derived | 'brokerId' | 'logDir'> & Derived;

/** `log.retention.ms` → `logRetentionMs`, as the type above. */
export function camelCase(name: string): string {
  return name.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Builds the object from checked values. */
export function brokerConfigFrom(
  values: ReadonlyMap<string, unknown>,
  given: ReadonlyMap<string, string>,
  listeners: ReadListeners,
): BrokerConfig {
  const config: Record<string, unknown> = {};
  for (const [name, setting] of brokerSettings()) {
    config[camelCase(name)] = values.has(name) ? values.get(name) : setting.fallback;
  }
  config.nodeId = values.has('node.id') || !values.has('broker.id') ? config.nodeId : config.brokerId;
  if ((config.nodeId as number) < 0) config.nodeId = 1;
  config.logDirs = config.logDirs ?? config.logDir;
  config.listeners = listeners.listeners;
  config.advertisedListeners = listeners.advertised;
  config.interBrokerListenerName = listeners.interBroker;
  config.maxConnectionsPerIpOverrides = addressCounts(config.maxConnectionsPerIpOverrides as string).counts;
  config.given = given;
  config.generation = 0;
  delete config.brokerId;
  delete config.logDir;
  return config as unknown as BrokerConfig;
}

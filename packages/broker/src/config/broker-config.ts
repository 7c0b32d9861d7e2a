// The settings of a running broker, typed. Every setting of the table is here under its name in camelCase
// (`socket.request.max.bytes` → `config.socketRequestMaxBytes`), and the ones that several names speak of are worked out
// once (listeners, directories, node id).
// One object for the life of the broker: dynamic changes are written into it, so read a value where it is used and do
// not copy it out at start. Longs without limit are LONG_MAX (2^53-1); settings without a value are null.
import type { BrokerSettings } from './broker-settings.ts';
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
}

export type BrokerConfig = Omit<SettingValues<BrokerSettings>, keyof Derived | 'brokerId' | 'logDir'> & Derived;

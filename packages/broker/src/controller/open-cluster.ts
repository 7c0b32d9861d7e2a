// Opens the metadata of the cluster for a starting broker: reads the store, checks it against the logs, takes part in
// elections and registers.
import { DiskError, type Ports, randomUuid } from '@moldau/kernel';
import { type EmbeddedEvent, EmbeddedStore, type MetadataEngine, RECORDS_LOST } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { topicSettings } from '../config/topic-settings.ts';
import type { AdvertisedEndpoint } from '../context.ts';
import type { EventLog } from '../events.ts';
import type { MetricsOf } from '../metrics.ts';
import type { Peers } from '../peer/peers.ts';
import { ControllerHost } from './controller-host.ts';
import { CONTROLLER_EVENTS } from './events.ts';
import type { ControllerMetrics } from './metrics.ts';
import { openZooKeeper, usesZooKeeper } from './open-zookeeper.ts';
import { checkStore, type LogOnDisk, StoreMismatch } from './store-check.ts';
import type { ZOOKEEPER_METRICS } from './zookeeper-events.ts';

/** The name of the store's directory inside a log directory. */
export const METADATA_DIRECTORY = '__moldau_metadata';

export interface Cluster {
  readonly engine: MetadataEngine;
  readonly controller: ControllerHost;
  /** Leaves the cluster in order and lets go of the store. */
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly events: EventLog;
  readonly metrics?: MetricsOf<typeof ZOOKEEPER_METRICS>;
  /** The store failed for good; called at most once. */
  readonly onFailed: (error: Error) => void;
}

export interface ClusterOptions {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly engine: MetadataEngine;
  readonly logs: {
    readonly clusterId: string;
    /** The broker epoch of the last stop, if it was a clean one; -1 otherwise. */
    readonly previousBrokerEpoch: number;
    logs(): Iterable<LogOnDisk & { readonly recoveredShort?: boolean }>;
    /** Every log directory is closed to new replicas. */
    readonly isCordoned: boolean;
  };
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly events: EventLog;
  readonly peers: Peers;
  readonly controllerMetrics: ControllerMetrics;
}

/** Where the metadata is, for messages. */
function storeName(config: BrokerConfig): string {
  return usesZooKeeper(config) ? `ZooKeeper (${config.zookeeperConnect})` : storeDirectory(config);
}

/** Where the embedded store of a broker is kept, or what is remembered of the one in ZooKeeper. */
export function storeDirectory(config: BrokerConfig): string {
  return `${config.metadataLogDir ?? config.logDirs[0]}/${METADATA_DIRECTORY}`;
}

/**
 * The engine that the settings name, read and not yet written. Throws EngineError when the store cannot be trusted,
 * DiskError when it cannot be reached.
 */
export async function openEngine(options: EngineOptions): Promise<MetadataEngine> {
  const { ports, config } = options;
  const [first] = config.logDirs;
  // Everything behind this speaks of files inside; the person who wrote the setting needs its name.
  if (first !== undefined && ports.disk.exists(first) && !isDirectory(ports, first)) {
    throw new Error(`cannot use ${first} (setting 'log.dirs'): it is a file; name a directory, made if it is missing`);
  }
  if (usesZooKeeper(config)) return openZooKeeper({ ...options, directory: storeDirectory(config) });
  const store = await EmbeddedStore.open({
    ports,
    directory: storeDirectory(config),
    snapshotBytes: config.metadataLogMaxRecordBytesBetweenSnapshots,
    onEvent: (event) => logEngineEvent(event, options),
  });
  return store.member({ closesStore: true });
}

/**
 * The id that new log directories get; undefined: the one that the log directories have. A fresh store that several brokers
 * open at once gets one id, so that they form one cluster.
 */
export async function clusterIdFor({ ports, config, engine }: Pick<ClusterOptions, 'ports' | 'config' | 'engine'>) {
  if (!engine.fresh) return engine.image.clusterId;
  const marked = config.logDirs.some((directory) => ports.disk.exists(`${directory}/meta.properties`));
  return marked ? undefined : await engine.form(randomUuid(ports.random));
}

/** What the registration says of the logs: closed in order, not so, or short of what was promised. */
function previousEpoch({ config, logs, engine, events }: ClusterOptions): number {
  const short = [...logs.logs()].filter(
    ({ recoveredShort, topic }) =>
      recoveredShort && topicSettings(config, engine.image, topic).log.durability === 'fsync',
  );
  if (short.length === 0) return logs.previousBrokerEpoch;
  events.emit(CONTROLLER_EVENTS.recordsLost, {
    partitions: short.length,
    example: `${short[0]!.topic}-${short[0]!.partition}`,
  });
  return RECORDS_LOST;
}

function isDirectory({ disk }: Ports, path: string): boolean {
  try {
    disk.listSync(path);
    return true;
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOTDIR') return false;
    throw error;
  }
}

/**
 * Registered when it answers, and known as such in this broker's picture. Throws StoreMismatch when store and logs do not
 * belong together, EngineError when the store takes nothing.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { ports, config, logs, events, engine, endpoints, peers, controllerMetrics: metrics } = options;
  const { clusterId } = logs;
  const directory = storeName(config);
  checkStore({ image: engine.image, storeDirectory: directory, clusterId, logs: logs.logs() });
  if (engine.fresh) {
    const formed = await engine.form(clusterId);
    if (formed !== clusterId) {
      throw new StoreMismatch(
        `The log directories are of cluster ${clusterId} by their meta.properties, but another broker has just formed cluster ${formed} in the metadata store. Start with log directories that are empty, or let the brokers of one cluster start alone.`,
      );
    }
    events.emit(CONTROLLER_EVENTS.clusterFormed, { clusterId, directory });
  }
  const controller = new ControllerHost({
    ports,
    config,
    engine,
    endpoints,
    events,
    peers,
    metrics,
    previousBrokerEpoch: previousEpoch(options),
    isCordoned: () => logs.isCordoned,
  });
  await controller.start().catch((error: unknown) => {
    controller.close();
    throw error;
  });
  const close = async () => {
    controller.close();
    await engine.leave(config.nodeId);
    await engine.close();
  };
  return { engine, controller, close };
}

function logEngineEvent(event: EmbeddedEvent, { events, onFailed }: EngineOptions): void {
  switch (event.kind) {
    case 'tailCut':
      events.emit(CONTROLLER_EVENTS.storeTailCut, { file: event.file, sizeBytes: event.bytes });
      return;
    case 'snapshotTaken':
      events.emit(CONTROLLER_EVENTS.storeSnapshotTaken, {
        file: event.file,
        offset: event.offset,
        sizeBytes: event.bytes,
      });
      return;
    case 'snapshotFailed':
      events.emit(CONTROLLER_EVENTS.storeSnapshotFailed, { error: event.error });
      return;
    case 'snapshotDamaged':
      events.emit(CONTROLLER_EVENTS.storeSnapshotDamaged, { file: event.file, detail: event.detail });
      return;
    case 'failed':
      events.emit(CONTROLLER_EVENTS.storeFailed, { error: event.error });
      onFailed(event.error instanceof Error ? event.error : new Error(String(event.error)));
      return;
  }
}

// Opens the metadata of the cluster for a starting broker: reads the store, checks it against the logs, takes part in the
// election, registers, and sees to it that every partition has a leader.
import { DiskError, type Ports, randomUuid } from '@moldau/kernel';
import { EmbeddedEngine, type EmbeddedEvent, type MetadataEngine } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { AdvertisedEndpoint } from '../context.ts';
import type { EventLog } from '../events.ts';
import { Controller } from './controller.ts';
import { CONTROLLER_EVENTS } from './events.ts';
import { checkStore, type LogOnDisk } from './store-check.ts';

/** The name of the store's directory inside a log directory. */
export const METADATA_DIRECTORY = '__moldau_metadata';

export interface Cluster {
  readonly engine: MetadataEngine;
  readonly controller: Controller;
  /** Leaves the cluster in order and lets go of the store. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly logs: { readonly clusterId: string; logs(): Iterable<LogOnDisk> };
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly events: EventLog;
  /** The store failed for good; called at most once. */
  readonly onFailed: (error: Error) => void;
}

/** Where the metadata of the cluster is kept. */
export function storeDirectory(config: BrokerConfig): string {
  return `${config.metadataLogDir ?? config.logDirs[0]}/${METADATA_DIRECTORY}`;
}

/**
 * The cluster that the store belongs to, read without touching it; undefined when there is no store. For LogStore.open,
 * so that log directories without meta.properties get the id of the cluster they are in. Throws as `openCluster` does.
 */
export async function knownClusterId(ports: Ports, config: BrokerConfig): Promise<string | undefined> {
  const [first] = config.logDirs;
  // Everything behind this speaks of files inside; the person who wrote the setting needs its name.
  if (first !== undefined && ports.disk.exists(first) && !isDirectory(ports, first)) {
    throw new Error(`cannot use ${first} (setting 'log.dirs'): it is a file; name a directory, made if it is missing`);
  }
  const engine = await EmbeddedEngine.open({ ports, directory: storeDirectory(config) });
  return engine.image.clusterId;
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
 * Registered and elected when it answers. Throws StoreMismatch when store and logs do not belong together, EngineError
 * when the store cannot be trusted, DiskError when it cannot be reached.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { ports, config, logs, events } = options;
  const directory = storeDirectory(config);
  const engine = await EmbeddedEngine.open({
    ports,
    directory,
    snapshotBytes: config.metadataLogMaxRecordBytesBetweenSnapshots,
    onEvent: (event) => logEngineEvent(event, options),
  });
  const { clusterId } = logs;
  checkStore({ image: engine.image, storeDirectory: directory, clusterId, logs: logs.logs() });
  if (engine.fresh) {
    engine.form(clusterId);
    events.emit(CONTROLLER_EVENTS.clusterFormed, { clusterId, directory });
  }
  try {
    const leadership = await engine.elect(config.nodeId);
    let closing = false;
    leadership.onLost((reason) => {
      if (!closing) events.emit(CONTROLLER_EVENTS.lost, { reason });
    });
    const controller = new Controller({ engine, leadership, config, ports, nodeId: config.nodeId });
    const brokerEpoch = await engine.register({
      brokerId: config.nodeId,
      incarnationId: randomUuid(ports.random),
      endpoints: options.endpoints.map(({ listener, host, port }) => ({ listener, host, port, protocol: 'PLAINTEXT' })),
      rack: config.brokerRack,
    });
    await controller.reconcile();
    const stopWatching = engine.onAliveChanged(() => {
      controller.reconcile().catch((error: unknown) => events.emit(CONTROLLER_EVENTS.reconcileFailed, { error }));
    });
    const { topicCount: topics, partitionCount: partitions } = engine.image;
    events.emit(CONTROLLER_EVENTS.elected, { epoch: leadership.epoch, brokerEpoch, topics, partitions });
    const close = async () => {
      closing = true;
      stopWatching();
      await engine.leave(config.nodeId);
      await engine.close();
    };
    return { engine, controller, close };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function logEngineEvent(event: EmbeddedEvent, { events, onFailed }: ClusterOptions): void {
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

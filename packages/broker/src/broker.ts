// Builds a broker from ports and settings, and takes it down again in order. A process and the simulator call the same
// `start`; nothing here or below knows which.
// The order of a start: bind the listeners (a taken port is told before any log is opened), claim and load the log
// directories, open the cluster's metadata and register, bring partitions in step, load the coordinators, accept. The
// order of a stop is the reverse; each step is tried whatever became of the one before.
import type { Ports } from '@moldau/kernel';
import { ClusterImage, type MetadataBatch, type MetadataEngine } from '@moldau/metadata';
import { LogStore } from '@moldau/storage';
import { checkBrokersMayMeet, openAuthorizer, superUsersOf } from './authorizer/open-authorizer.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import { applyDynamicSettings } from './config/live-config.ts';
import { settingsOf } from './config/topic-settings.ts';
import { Connections } from './connection/connections.ts';
import { Listener } from './connection/listener.ts';
import type { AdvertisedEndpoint, BrokerContext } from './context.ts';
import { type Cluster, clusterIdFor, openCluster, openEngine } from './controller/open-cluster.ts';
import { usesZooKeeper } from './controller/open-zookeeper.ts';
import { BROKER_EVENTS, type EventLevel, EventLog, type LogSink, SECURITY_EVENTS, SILENT_SINK } from './events.ts';
import { GroupCoordinator } from './group/group-coordinator.ts';
import { SERVED_APIS } from './handlers/table.ts';
import { BROKER_METRICS, type BrokerMetrics, createMetrics } from './metrics.ts';
import { Deadlines } from './partition/deadlines.ts';
import { FetchSessions } from './partition/fetch-sessions.ts';
import { Partitions } from './partition/partitions.ts';
import { Repairs } from './partition/repairs.ts';
import { ReplicaManager } from './partition/replica-manager.ts';
import { shardLogOf } from './partition/shard-log.ts';
import { Peers } from './peer/peers.ts';
import { ProducerIds } from './producer-ids.ts';
import { ClientQuotas } from './quota/client-quotas.ts';
import { logStorageEvent } from './storage-events.ts';
import { CONSUMER_OFFSETS_TOPIC } from './topic-names.ts';

export interface BrokerOptions {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  /** Where log events go. Default: nowhere. */
  readonly log?: LogSink;
  /** Least severe level that is logged. Default 'info'. */
  readonly logLevel?: EventLevel;
  /** Told to clients for listeners without a host of their own. Default 'localhost'. */
  readonly hostName?: string;
  /** This broker's view of the metadata store, closed with it. Default: the one that the settings name. */
  readonly engine?: () => Promise<MetadataEngine>;
}

/** Requests in flight at a stop get this long to be answered. */
const stopGraceMs = 5_000;
/** The metadata store gets this long to let a broker go; by then the session of one that is away is over. */
const leaveLimitMs = 30_000;

export class Broker {
  readonly nodeId: number;
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly metrics: BrokerMetrics;
  /** Settles when the broker is of no use any more (every log directory failed) and has to be stopped. */
  readonly failed: Promise<Error>;
  readonly #parts: Parts;
  #stopping: Promise<void> | undefined;

  private constructor(parts: Parts, failed: Promise<Error>) {
    this.#parts = parts;
    this.failed = failed;
    this.nodeId = parts.context.nodeId;
    this.endpoints = parts.context.endpoints;
    this.metrics = parts.context.metrics;
  }

  /** Ports really bound, in the order of `listeners`; they differ from the endpoints where others are advertised. */
  get boundPorts(): readonly number[] {
    return this.#parts.listeners.map(({ bound }) => bound.port);
  }

  get clusterId(): string {
    return this.#parts.context.clusterId;
  }

  /** Throws what could not be opened, with everything that was opened closed again. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const { ports } = options;
    const startedAt = ports.clock.monotonic();
    const events = new EventLog(options.log ?? SILENT_SINK, options.logLevel, () => ports.clock.monotonic());
    const undo: (() => Promise<unknown> | unknown)[] = [];
    try {
      const parts = await open(options, events, undo);
      const { context } = parts;
      events.emit(BROKER_EVENTS.started, {
        nodeId: context.nodeId,
        clusterId: context.clusterId,
        listeners: context.endpoints.map(({ listener, host, port }) => `${listener}://${host}:${port}`),
        partitions: context.partitions.count,
        startMs: ports.clock.monotonic() - startedAt,
      });
      return new Broker(parts, parts.failed);
    } catch (error) {
      for (const close of undo.reverse()) {
        try {
          await close();
        } catch {
          // The first error is the one to tell.
        }
      }
      throw error;
    }
  }

  /** For handlers' neighbours inside this process, and tests: what the broker works with. */
  get context(): BrokerContext {
    return this.#parts.context;
  }

  /** For tests: gone as by kill -9, as far as one process can show it. Sockets end, nothing more is written or answered. */
  async crash(): Promise<void> {
    const { context, listeners, connections, cluster, unfollow } = this.#parts;
    unfollow();
    cluster.controller.close();
    context.repairs.close();
    context.replicas.close();
    context.peers.close();
    const closing = listeners.map((listener) => listener.close());
    const drained = connections.stop(0);
    context.partitions.close();
    await context.groups.stop();
    await drained;
    context.deadlines.close();
    await context.logs.abandon();
    await Promise.all(closing);
  }

  /** Answers what is in flight, then closes everything. The same promise however often it is called. */
  stop(reason: string): Promise<void> {
    this.#stopping ??= stop(this.#parts, reason);
    return this.#stopping;
  }
}

interface Parts {
  readonly context: BrokerContext;
  readonly listeners: readonly Listener[];
  readonly connections: Connections;
  readonly cluster: Cluster;
  /** New pictures of the cluster change nothing here any more. */
  readonly unfollow: () => void;
  readonly failed: Promise<Error>;
}

async function open(options: BrokerOptions, events: EventLog, undo: (() => unknown)[]): Promise<Parts> {
  const { ports, config } = options;
  const metrics = createMetrics(BROKER_METRICS);
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });

  let connections: Connections | undefined;
  const listeners: Listener[] = [];
  const hostName = options.hostName ?? 'localhost';
  for (const { name, host, port } of config.listeners) {
    const told = config.advertisedListeners.find((listener) => listener.name === name);
    const advertised = { host: told?.host || hostName, port: told?.port ?? port };
    const address = { name, host, port, advertised, backlog: config.socketListenBacklogSize };
    const listener = await Listener.open(ports.network, address, () => connections);
    listeners.push(listener);
    undo.push(() => listener.close());
  }
  const endpoints = listeners
    .filter(({ endpoint }) => config.advertisedListeners.some(({ name }) => name === endpoint.listener))
    .map(({ endpoint }) => endpoint);

  let partitions: Partitions | undefined;
  let repairs: Repairs | undefined;
  const failedDirectories = new Set<string>();
  // A metadata store that takes nothing any more is told by an event; produce and fetch go on without it (invariant 26).
  const openStore = options.engine ?? (() => openEngine({ ports, config, events, metrics, onFailed: () => {} }));
  const engine = await openStore();
  undo.push(() => engine.close());
  checkBrokersMayMeet(config, engine.image, usesZooKeeper(config));
  const clusterId = await clusterIdFor({ ports, config, engine });
  const logs = await LogStore.open({
    ports,
    directories: config.logDirs,
    brokerId: config.nodeId,
    ...(clusterId !== undefined && { clusterId }),
    defaults: settingsOf(config, new Map()).log,
    cordoned: () => config.cordonedLogDirs,
    moveBytesPerSecond: () => config.replicaAlterLogDirsIoMaxBytesPerSecond,
    events: (event) => {
      logStorageEvent(events, event);
      if (event.kind === 'logDamaged') repairs?.look();
      if (event.kind !== 'directoryFailed') return;
      partitions?.directoryFailed(event.directory, event.error);
      failedDirectories.add(event.directory);
      if (failedDirectories.size === config.logDirs.length) fail(event.error);
    },
    retentionCheckIntervalMs: config.logRetentionCheckIntervalMs,
    flushOffsetCheckpointIntervalMs: config.logFlushOffsetCheckpointIntervalMs,
    highWatermarkCheckpointIntervalMs: config.replicaHighWatermarkCheckpointIntervalMs,
    producerIdExpirationMs: config.producerIdExpirationMs,
    producerIdExpirationCheckIntervalMs: config.producerIdExpirationCheckIntervalMs,
    recoveryThreadsPerDirectory: config.numRecoveryThreadsPerDataDir,
  });
  undo.push(() => logs.close());

  const image = () => engine.image;
  const peers = new Peers({ nodeId: config.nodeId, ports, config, image });
  undo.push(() => peers.close());
  const cluster = await openCluster({
    ports,
    config,
    engine,
    logs,
    endpoints,
    events,
    peers,
    controllerMetrics: metrics,
  });
  undo.push(() => cluster.close());

  const replicas: ReplicaManager = new ReplicaManager({
    nodeId: config.nodeId,
    config,
    ports,
    image,
    peers,
    controller: cluster.controller,
    events,
    metrics,
    partitions: () => hosted.all(),
  });
  undo.push(() => replicas.close());
  partitions = new Partitions({ nodeId: config.nodeId, config, logs, metrics, events, host: replicas });
  const hosted = partitions;
  repairs = new Repairs({
    ...{ nodeId: config.nodeId, config, ports, image, peers, events, metrics },
    partitions: () => hosted.all(),
  });
  const mending = repairs;
  undo.push(() => mending.close());
  const deadlines = new Deadlines(ports.clock, ports.timers);
  undo.push(() => deadlines.close());
  const groups = new GroupCoordinator({
    config,
    ports,
    deadlines,
    events,
    metrics,
    image,
    endpoints,
    nodeId: config.nodeId,
    shardLog: (index) => {
      const partition = hosted.get(CONSUMER_OFFSETS_TOPIC, index);
      // Leading begins a little later than the picture says where the last leader's order to cut is still carried out.
      return partition?.isLeader ? shardLogOf(partition, ports.clock) : undefined;
    },
    createInternalTopic: async (name) => {
      await cluster.controller.ensureTopic(name);
    },
  });
  undo.push(() => groups.stop());

  const context: BrokerContext = {
    nodeId: config.nodeId,
    clusterId: logs.clusterId,
    config,
    ports,
    image,
    authorizer: openAuthorizer(config, image()),
    controller: cluster.controller,
    logs,
    partitions,
    groups,
    producerIds: new ProducerIds(() => cluster.controller.allocateProducerIds()),
    fetchSessions: new FetchSessions(
      config.maxIncrementalFetchSessionCacheSlots,
      () => (ports.random.bytes(4).readUInt32BE(0) & 0x7fff_ffff) >>> 0,
    ),
    replicas,
    repairs,
    quotas: new ClientQuotas(image, {
      windows: config.quotaWindowNum,
      windowMs: config.quotaWindowSizeSeconds * 1_000,
    }),
    sessionHolds: () => ports.clock.monotonic() - engine.sessionConfirmedAtMs <= engine.sessionTimeoutMs,
    peers,
    parked: { fetches: 0, produces: 0 },
    deadlines,
    metrics,
    events,
    servedApis: SERVED_APIS.filter(({ listed }) => listed),
    endpoints,
  };
  readGauges(context);
  if (context.authorizer) {
    events.emit(SECURITY_EVENTS.authorizerStarted, {
      acls: context.authorizer.aclCount,
      superUsers: superUsersOf(config.superUsers),
      allowEveryoneIfNoAclFound: config.allowEveryoneIfNoAclFound,
    });
  }

  // From here to the end of `load`'s first turn there is no wait: no batch of the metadata log can slip between.
  const unfollow = cluster.engine.follow(
    (next, previous, batch) => follow(context, next, previous, batch),
    (next, _previous, batch) => hosted.prepare(next, batch, ports.timers),
  );
  undo.push(unfollow);
  applyDynamicSettings(config, image());
  await partitions.load(image());
  groups.onImage(image(), ClusterImage.empty);
  await groups.start();
  logs.startHousekeeping();
  replicas.start();
  // What recovery found.
  repairs.look();

  connections = new Connections(context);
  return { context, listeners, connections, cluster, unfollow, failed };
}

/** Every new picture of the cluster comes through here, in order, before whoever asked for the change is answered. */
function follow(context: BrokerContext, image: ClusterImage, previous: ClusterImage, batch: MetadataBatch): void {
  const changed = applyDynamicSettings(context.config, image);
  context.authorizer?.follow(batch.records);
  context.partitions.follow(image, previous, batch);
  if (changed.length > 0) context.partitions.configureAll(image);
  context.replicas.onImage(batch);
  context.repairs.onImage(batch);
  context.groups.onImage(image, previous, batch);
}

function readGauges(context: BrokerContext): void {
  const { metrics, partitions, parked, fetchSessions, logs } = context;
  const { stats } = logs;
  metrics.logWrites.read = () => stats.writes;
  metrics.logWrittenBytes.read = () => stats.writtenBytes;
  metrics.logFlushes.read = () => stats.syncs;
  metrics.logFlushSeconds.read = () => stats.syncMs / 1000;
  metrics.logReadBytesMemory.read = () => stats.tailReadBytes;
  metrics.logReadBytesDisk.read = () => stats.diskReadBytes;
  metrics.fetchSessionEvictions.read = () => fetchSessions.evictions;
  metrics.acls.read = () => context.authorizer?.aclCount ?? 0;
  metrics.partitions.read = () => partitions.count;
  const { replicas } = context;
  metrics.underReplicatedPartitions.read = () => count(partitions, (partition) => partition.underReplicated);
  metrics.underMinIsrPartitions.read = () => count(partitions, (partition) => partition.minIsrMargin < 0);
  metrics.atMinIsrPartitions.read = () =>
    count(partitions, (partition) => partition.isLeader && partition.minIsrMargin === 0);
  metrics.followerLag.read = () => replicas.followerLags();
  metrics.replicaMaxLag.read = () => replicas.maxLag;
  metrics.damagedReplicas.read = () => context.repairs.count;
  metrics.leaders.read = () => count(partitions, (partition) => partition.isLeader);
  metrics.offlinePartitions.read = () => count(partitions, (partition) => partition.offline);
  metrics.parkedFetches.read = () => parked.fetches;
  metrics.parkedProduces.read = () => parked.produces;
  metrics.fetchSessions.read = () => fetchSessions.size;
  metrics.fetchSessionPartitions.read = () => fetchSessions.partitionCount;
}

function count(partitions: Partitions, holds: (partition: ReturnType<Partitions['get']> & object) => boolean): number {
  let found = 0;
  for (const partition of partitions.all()) if (holds(partition)) found++;
  return found;
}

async function stop({ context, listeners, connections, cluster, unfollow }: Parts, reason: string): Promise<void> {
  const { events, ports, partitions, groups, deadlines, logs } = context;
  const startedAt = ports.clock.monotonic();
  events.emit(BROKER_EVENTS.stopping, { reason });
  const step = async (name: string, run: () => Promise<unknown> | undefined) => {
    try {
      await run();
    } catch (error) {
      events.emit(BROKER_EVENTS.stopStepFailed, { step: name, error });
    }
  };
  // Others lead before we stop to answer.
  await step('controlled shutdown', () => cluster.controller.shutDown());
  // A listener is closed only when its connections are gone, so it is waited for after them.
  const closing = listeners.map((listener) => listener.close());
  const drained = connections.stop(stopGraceMs);
  context.replicas.sessions.close();
  partitions.wakeFetches();
  // What waits for followers may wait in vain where nobody could be given the leadership; `partitions.close` ends that.
  await step('coordinators', () => within(ports.timers, stopGraceMs, groups.stop()));
  await step('connections', () => drained);
  await step('listeners', () => Promise.all(closing));
  context.repairs.close();
  // Copied to the last: a replica that stops copying first holds up whoever waits for it.
  context.replicas.close();
  unfollow();
  partitions.close();
  deadlines.close();
  context.peers.close();
  const { brokerEpoch } = cluster.controller;
  await step('cluster', () => {
    // A store that is away lets nobody go; the logs are closed in order all the same.
    const overdue = new Error(`the metadata store did not let this broker go within ${leaveLimitMs} ms`);
    return within(ports.timers, leaveLimitMs, cluster.close(), overdue);
  });
  await step('logs', () => logs.close({ brokerEpoch }));
  events.emit(BROKER_EVENTS.stopped, { stopMs: ports.clock.monotonic() - startedAt });
}

/** Settles with `done`, or after `limitMs` at the latest: rejects then, if there is something to say. */
function within(timers: Ports['timers'], limitMs: number, done: Promise<unknown>, overdue?: Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = timers.set(limitMs, () => (overdue ? reject(overdue) : resolve()));
    done.then(() => resolve(), reject).finally(() => timers.clear(timer));
  });
}

// The metadata log in a ZooKeeper ensemble: one broker's view of it, behind the engine port. The ensemble does consensus;
// what is here sees to it that only the controller of the newest epoch writes, that everybody reads in order, and that a
// store which is empty, older or another one is never obeyed (C11).
// In the flow: `Sessions` keeps a session; `Election` and `LogWriter` are the controller's side, `LogReader` and `Applier`
// everybody's, `Registrations` knows who lives, `Snapshots` and `TopicMirror` are written behind the log.
// Longer than most: what a session, a leadership and a registration mean to each other when one of them ends is decided here
// and nowhere else; the work itself is in `zookeeper/`.
import type { Clock, Disk, Network, Random, TimerHandle, Timers, TlsClientOptions } from '@moldau/kernel';
import {
  type AliveBroker,
  type BrokerRegistration,
  EngineError,
  type ImageListener,
  type ImagePreparation,
  type Leadership,
  type MetadataEngine,
  type Registration,
} from '../engine.ts';
import type { ClusterImage } from '../image.ts';
import type { MetadataBatch, MetadataRecord } from '../records.ts';
import { Applier } from './zookeeper/applier.ts';
import { ZooKeeperClient, type ZooKeeperOptions } from './zookeeper/client/client.ts';
import { parseConnectString } from './zookeeper/client/connect-string.ts';
import { isZooKeeperError } from './zookeeper/client/errors.ts';
import type { Credentials } from './zookeeper/client/session.ts';
import { Election } from './zookeeper/election.ts';
import type { ZooKeeperEvent } from './zookeeper/events.ts';
import { type Acls, aclsFor, makeFolders } from './zookeeper/folders.ts';
import { BROKER_IDS, CLUSTER_ID, CONTROLLER, LOG, logPath, offsetOf, offsetsOf } from './zookeeper/layout.ts';
import { LevelLoop } from './zookeeper/level-loop.ts';
import { LogReader } from './zookeeper/log-reader.ts';
import { LogWriter } from './zookeeper/log-writer.ts';
import { Registrations } from './zookeeper/registrations.ts';
import { Sessions } from './zookeeper/sessions.ts';
import { writeSnapshot } from './zookeeper/snapshots.ts';
import { readMemory, type StoreMemory, writeMemory } from './zookeeper/store-memory.ts';
import { TopicMirror } from './zookeeper/topic-mirror.ts';
import { decodeClusterId, encodeClusterId } from './zookeeper/znode-json.ts';

export interface ZooKeeperEngineOptions {
  readonly ports: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: Random;
    readonly network: Network;
    readonly disk: Disk;
  };
  /** `host:port,host:port/chroot` */
  readonly connect: string;
  /** Default 18,000, as Kafka's. The ensemble may grant another. */
  readonly sessionTimeoutMs?: number;
  /** For the first connection. Default: the session time-out. */
  readonly connectionTimeoutMs?: number;
  /** Default 10. */
  readonly inFlightMax?: number;
  readonly credentials?: readonly Credentials[];
  /** Znodes are made so that only the holder of `credentials` may change them, or see the log. Default false. */
  readonly setAcl?: boolean;
  /** Servers are reached encrypted. Their name in it is the host of `connect`. */
  readonly tls?: TlsClientOptions;
  /** Where this broker remembers what it saw of the store. */
  readonly directory: string;
  /** Batches, and bytes of them, after which a snapshot is made. Default 1,000 and 4 MiB. */
  readonly snapshotBatches?: number;
  readonly snapshotBytes?: number;
  readonly onEvent?: (event: ZooKeeperEvent) => void;
}

interface Candidate {
  readonly brokerId: number;
  readonly resolve: (leadership: Leadership) => void;
  readonly reject: (error: unknown) => void;
  readonly lost: ((why: string) => void)[];
}

interface Leading {
  readonly candidate: Candidate;
  readonly client: ZooKeeperClient;
  readonly writer: LogWriter;
  readonly mirror: TopicMirror;
}

/** Being alive in ZooKeeper. */
interface OwnRegistration {
  readonly lost: ((why: string) => void)[];
}

/** Fits into a znode even if it cannot be packed at all. */
const BATCH_BYTES_MAX = 800_000;
const SNAPSHOT_BATCHES = 1_000;
const SNAPSHOT_BYTES = 4 * 1024 * 1024;
/** How long a change of what is remembered may wait for the disk. */
const MEMORY_DELAY_MS = 1_000;

export class ZooKeeperEngine implements MetadataEngine {
  readonly batchBytesMax = BATCH_BYTES_MAX;
  readonly #o: ZooKeeperEngineOptions;
  readonly #onEvent: (event: ZooKeeperEvent) => void;
  readonly #acls: Acls;
  readonly #applier: Applier;
  readonly #reader: LogReader;
  readonly #sessions: Sessions;
  readonly #election: Election;
  readonly #registrations: Registrations;
  readonly #reading: LevelLoop;
  readonly #looking: LevelLoop;
  readonly #standing: LevelLoop;
  readonly #aliveListeners = new Set<() => void>();
  /** Newest batch that a watch told of. */
  #hint: number | undefined;
  #candidate: Candidate | undefined;
  #leading: Leading | undefined;
  #registration: OwnRegistration | undefined;
  /** Session that vouches for this broker: the first, then the one it registered with last. */
  #vouching: ZooKeeperClient | undefined;
  /** A registration was lost, and the next one is not there yet: a new session alone vouches for nothing. */
  #registrationOver = false;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #clusterId: string | undefined;
  #memory: StoreMemory | undefined;
  /** Of the process before this one; undefined once it was ended. Never one of our own. */
  #oldSession: StoreMemory['session'];
  #memoryTimer: TimerHandle | undefined;
  #memoryWrite: Promise<void> = Promise.resolve();
  #sinceSnapshot = { batches: 0, bytes: 0 };
  #snapshotting: Promise<void> | undefined;
  #failure: EngineError | undefined;

  private constructor(options: ZooKeeperEngineOptions) {
    this.#o = options;
    const { clock, timers } = options.ports;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#acls = aclsFor(options.setAcl ?? false);
    this.#applier = new Applier((error) => this.#fail(error));
    this.#applier.follow((image, previous, batch) => this.#applied(image, previous, batch));
    this.#reader = new LogReader(this.#applier, this.#onEvent);
    this.#election = new Election({
      clock,
      acl: this.#acls.open,
      epochMin: () => Math.max(this.image.epoch, this.#memory?.epoch ?? 0),
    });
    this.#registrations = new Registrations({
      clock,
      timers,
      acl: this.#acls.open,
      onEvent: this.#onEvent,
      onChanged: () => {
        for (const listener of [...this.#aliveListeners]) listener();
      },
      onOwnLost: (why) => this.#registrationLost(why),
    });
    const failed = (what: string) => (error: unknown) => {
      this.#onEvent({ kind: 'troubled', what, error });
      if (error instanceof EngineError && error.code !== 'CLOSED') this.#fail(error);
    };
    this.#reading = new LevelLoop(() => this.#readOn(), timers, failed('following the metadata log'));
    this.#looking = new LevelLoop(() => this.#lookAround(), timers, failed('seeing which brokers are alive'));
    this.#standing = new LevelLoop(() => this.#stand(), timers, failed('standing for election'));
    this.#sessions = new Sessions({
      zooKeeper: this.#clientOptions(),
      connectionTimeoutMs: options.connectionTimeoutMs ?? options.sessionTimeoutMs ?? 18_000,
      prepare: (client) => this.#prepare(client),
      onReady: () => {
        for (const loop of [this.#reading, this.#looking, this.#standing]) loop.look();
      },
      onLost: (why) => this.#sessionLost(why),
      onEvent: this.#onEvent,
    });
    this.#memory = readMemory(options.ports.disk, options.directory);
    this.#oldSession = this.#memory?.session;
  }

  /**
   * Connects and reads the metadata; writes nothing. Throws EngineError FOREIGN when the store is not the one that was
   * here before, CORRUPT when it cannot be read, FAILED when no server lets us in.
   */
  static async open(options: ZooKeeperEngineOptions): Promise<ZooKeeperEngine> {
    const engine = new ZooKeeperEngine(options);
    try {
      await engine.#sessions.open();
    } catch (error) {
      await engine.close();
      if (!isZooKeeperError(error)) throw error;
      throw new EngineError(
        'FAILED',
        `ZooKeeper (zookeeper.connect=${options.connect}): ${error.message}. Start it, correct zookeeper.connect, or remove that line to run one broker by itself.`,
        {
          cause: error,
        },
      );
    }
    return engine;
  }

  get image(): ClusterImage {
    return this.#applier.image;
  }

  get pending(): ClusterImage {
    return this.#leading?.writer.pending ?? this.image;
  }

  get fresh(): boolean {
    return this.image.clusterId === undefined;
  }

  get sessionTimeoutMs(): number {
    return this.#sessions.current?.sessionTimeoutMs ?? this.#o.sessionTimeoutMs ?? 18_000;
  }

  /** See MetadataEngine. After a session was lost, the next one counts only from the registration on. */
  get sessionConfirmedAtMs(): number {
    this.#confirmedAtMs = Math.max(this.#confirmedAtMs, this.#vouching?.confirmedAtMs ?? Number.NEGATIVE_INFINITY);
    return this.#confirmedAtMs;
  }

  /** Names the cluster of a store that is empty; the first to do so wins. Answers the id that holds. */
  async form(clusterId: string): Promise<string> {
    if (this.image.clusterId !== undefined) return this.image.clusterId;
    const client = await this.#sessions.ready();
    await makeFolders(client, this.#clientOptions(), this.#acls, this.sessionTimeoutMs);
    for (;;) {
      try {
        await client.create(CLUSTER_ID, encodeClusterId(clusterId), { acl: this.#acls.open });
      } catch (error) {
        if (!isZooKeeperError(error, 'NODE_EXISTS', 'CONNECTION_LOSS', 'OPERATION_TIMEOUT')) throw error;
      }
      const found = await client.findData(CLUSTER_ID).catch(() => undefined);
      const id = found && decodeClusterId(found.data);
      if (id !== undefined) {
        this.#clusterId = id;
        return id;
      }
    }
  }

  elect(brokerId: number): Promise<Leadership> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#candidate) return Promise.reject(new EngineError('STALE', 'this broker stands for election already'));
    return new Promise((resolve, reject) => {
      this.#candidate = { brokerId, resolve, reject, lost: [] };
      this.#standing.look();
    });
  }

  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure);
    const writer = this.#leading?.writer;
    if (writer?.epoch !== epoch) {
      const now = writer ? `; it is ${writer.epoch} now` : ', and this broker does not lead';
      return Promise.reject(new EngineError('FENCED', `controller epoch ${epoch} is over${now}`));
    }
    return writer.append(after, records);
  }

  follow(listener: ImageListener, preparation?: ImagePreparation): () => void {
    return this.#applier.follow(listener, preparation);
  }

  /** See MetadataEngine. Throws EngineError FOREIGN when another broker lives under this id. */
  async register(registration: BrokerRegistration): Promise<Registration> {
    await this.#endOldSession();
    for (;;) {
      const client = await this.#sessions.ready();
      try {
        const brokerEpoch = await this.#registrations.register(client, registration);
        if (this.#sessions.current !== client) continue;
        const own: OwnRegistration = { lost: [] };
        this.#registration = own;
        this.#confirmedAtMs = this.sessionConfirmedAtMs;
        this.#vouching = client;
        this.#registrationOver = false;
        this.#remember();
        await this.#registrations.look(client);
        return { brokerEpoch, onLost: (listener) => own.lost.push(listener) };
      } catch (error) {
        // The session ended meanwhile: with the next one.
        if (!isZooKeeperError(error)) throw error;
        if (isZooKeeperError(error, 'NO_AUTH', 'INVALID_ACL'))
          throw new EngineError('FAILED', error.message, { cause: error });
      }
    }
  }

  async leave(brokerId: number): Promise<void> {
    const client = this.#sessions.current;
    this.#registration = undefined;
    if (this.#candidate?.brokerId === brokerId) {
      // Appends of the epoch that ends are let through first.
      await this.#leading?.writer.idle();
      this.#giveUp('the broker left');
      if (client) await this.#election.resign(client);
    }
    if (client) await this.#registrations.leave(client, brokerId);
  }

  async unseat(brokerId: number): Promise<void> {
    const client = this.#sessions.current;
    if (client) await this.#election.unseat(client, brokerId);
  }

  aliveBrokers(): readonly AliveBroker[] {
    return this.#registrations.alive();
  }

  onAliveChanged(listener: () => void): () => void {
    this.#aliveListeners.add(listener);
    return () => this.#aliveListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#failure ??= new EngineError('CLOSED', 'the metadata engine is closed');
    this.#giveUp('the broker stops');
    await this.#sessions.close();
    await this.#snapshotting;
    await Promise.all([this.#reading.stop(), this.#looking.stop(), this.#standing.stop()]);
    if (this.#memoryTimer) this.#o.ports.timers.clear(this.#memoryTimer);
    await this.#writeMemory(false);
  }

  /** As a process that dies: nobody is told anything. For tests. */
  abandon(): void {
    this.#sessions.abandon();
    if (this.#memoryTimer) this.#o.ports.timers.clear(this.#memoryTimer);
  }

  #clientOptions(): ZooKeeperOptions {
    const { ports, connect, sessionTimeoutMs, inFlightMax, credentials, tls } = this.#o;
    return {
      ports,
      connect: parseConnectString(connect),
      ...(sessionTimeoutMs !== undefined && { sessionTimeoutMs }),
      ...(inFlightMax !== undefined && { inFlightMax }),
      ...(credentials && { credentials }),
      ...(tls && { tls }),
    };
  }

  /** A new session: is the store ours, what did we miss, who is alive. */
  async #prepare(client: ZooKeeperClient): Promise<void> {
    const found = await client.findData(CLUSTER_ID);
    const id = found && decodeClusterId(found.data);
    const known = this.image.clusterId ?? this.#memory?.clusterId;
    const where = `ZooKeeper (${this.#o.connect})`;
    if (known !== undefined && id === undefined) {
      throw new EngineError(
        'FOREIGN',
        `${where} holds no cluster, but this broker belongs to cluster ${known}, whose metadata was there. Nothing was written or deleted. Point zookeeper.connect at the right ensemble and chroot, or bring its data back; to begin a new cluster, start with empty log directories.`,
      );
    }
    if (known !== undefined && id !== known) {
      throw new EngineError(
        'FOREIGN',
        `${where} holds cluster ${id}, but this broker belongs to cluster ${known}. Point zookeeper.connect at the right ensemble and chroot.`,
      );
    }
    this.#clusterId = id;
    if (id !== undefined) await this.#checkAge(client, where);
    await client.addWatch(LOG, 'persistentRecursive', (event, path) => this.#logChanged(event, path));
    await client.addWatch(BROKER_IDS, 'persistentRecursive', () => this.#looking.look());
    await client.addWatch(CONTROLLER, 'persistent', () => this.#controllerChanged());
    await this.#reader.catchUp(client);
    const seen = this.#memory;
    if (seen && (this.image.offset < seen.offset || this.image.epoch < seen.epoch))
      throw this.#older(where, this.image.offset);
    await this.#registrations.look(client);
    if (!this.#registration && !this.#registrationOver) this.#vouching ??= client;
  }

  /** A store that was rolled back has a shorter log, or wrote other batches at the same offsets. */
  async #checkAge(client: ZooKeeperClient, where: string): Promise<void> {
    const seen = this.#reader.last ?? this.#memory;
    if (!seen || seen.offset < 0) return;
    await client.sync(LOG);
    const end = await client.getChildren(LOG).then(
      ({ names }) => offsetsOf(names).at(-1) ?? -1,
      () => -1,
    );
    const same = await client.exists(logPath(seen.offset));
    if (end < seen.offset || (same && seen.czxid >= 0 && same.czxid !== seen.czxid)) throw this.#older(where, end);
  }

  #older(where: string, end: number): EngineError {
    const seen = Math.max(this.image.offset, this.#memory?.offset ?? -1);
    return new EngineError(
      'FOREIGN',
      `The metadata in ${where} ends at offset ${end} and is not what this broker has seen there before (up to offset ${seen}): ZooKeeper's data was rolled back. Nothing was written or deleted. Bring its newest data back.`,
    );
  }

  #logChanged(event: string, path: string): void {
    // The controller is the only one that writes: it has applied what it wrote before a watch can tell.
    if (this.#leading) return;
    const offset = event === 'created' ? offsetOf(path) : undefined;
    if (offset === undefined && event !== 'rearmed') return;
    if (offset !== undefined) this.#hint = Math.max(this.#hint ?? -1, offset);
    else this.#hint = undefined;
    this.#reading.look();
  }

  async #readOn(): Promise<void> {
    const client = this.#sessions.current;
    if (!client || this.#leading || this.#failure) return;
    const hint = this.#hint;
    this.#hint = undefined;
    if (hint !== undefined && hint <= this.#applier.queuedOffset) return;
    await this.#reader.catchUp(client, hint);
    this.#remember();
  }

  async #lookAround(): Promise<void> {
    const client = this.#sessions.current;
    if (client) await this.#registrations.look(client);
  }

  #controllerChanged(): void {
    this.#standing.look();
  }

  /** Reads who leads, and becomes the controller if nobody does and this broker stands for it. */
  async #stand(): Promise<void> {
    const client = this.#sessions.current;
    const candidate = this.#candidate;
    if (!client || !candidate || this.#failure) return;
    if (this.#leading) {
      const leading = this.#leading;
      const controller = await client.findData(CONTROLLER);
      if (leading.client === client && controller?.stat.ephemeralOwner !== client.sessionId) {
        this.#deposed(leading, `${CONTROLLER} in ZooKeeper is not ours any more`);
      }
      return;
    }
    const won = await this.#election.stand(client, candidate.brokerId);
    if (!won || this.#sessions.current !== client) return;
    if (this.#candidate === candidate) await this.#reader.catchUp(client);
    if (this.#candidate === candidate) await this.#lead(client, candidate, won);
    else await this.#election.resign(client);
  }

  /** Elected in ZooKeeper: nobody else writes any more, so that what is in the log now is all there is. */
  async #lead(
    client: ZooKeeperClient,
    candidate: Candidate,
    won: { epoch: number; epochVersion: number },
  ): Promise<void> {
    if (this.#sessions.current !== client) return;
    const mirror = new TopicMirror({
      client,
      epochVersion: won.epochVersion,
      acl: this.#acls.open,
      image: () => this.image,
      onFailed: (error) => this.#onEvent({ kind: 'topicsNotPublished', error }),
    });
    const writer = new LogWriter({
      ...won,
      client,
      applier: this.#applier,
      timers: this.#o.ports.timers,
      acl: this.#acls.secret,
      onDeposed: (why) => this.#deposed(leading, why),
      onWritten: (batches, bytes) => this.#written(batches, bytes),
    });
    const leading: Leading = { candidate, client, writer, mirror };
    this.#leading = leading;
    const records: MetadataRecord[] = [{ kind: 'controllerElected', brokerId: candidate.brokerId, epoch: won.epoch }];
    if (this.fresh) {
      if (this.#clusterId === undefined) throw new EngineError('FAILED', 'a cluster is formed before an election');
      records.unshift({ kind: 'clusterFormed', clusterId: this.#clusterId });
    }
    try {
      await writer.append(writer.pending.offset, records);
    } catch (error) {
      // Deposed already: the next election comes with the next session or when /controller goes.
      if (error instanceof EngineError && error.code === 'FENCED') {
        if (this.#candidate === undefined && !this.#failure) {
          this.#candidate = candidate;
          this.#standing.look();
        }
        return;
      }
      throw error;
    }
    this.#sinceSnapshot.batches = await client.getChildren(LOG).then(
      ({ names }) => names.length,
      () => 0,
    );
    mirror.start();
    candidate.resolve({ epoch: won.epoch, onLost: (listener) => candidate.lost.push(listener) });
  }

  #written(batches: number, bytes: number): void {
    this.#sinceSnapshot.batches += batches;
    this.#sinceSnapshot.bytes += bytes;
  }

  #applied(image: ClusterImage, previous: ClusterImage, batch: MetadataBatch): void {
    this.#remember();
    const leading = this.#leading;
    if (!leading) return;
    const topics = touchedTopics(batch, image, previous);
    if (topics.size > 0) leading.mirror.changed(topics);
    // Once this batch is told to everybody.
    queueMicrotask(() => this.#snapshotIfDue(leading));
  }

  #snapshotIfDue(leading: Leading): void {
    const { batches, bytes } = this.#sinceSnapshot;
    const due =
      batches >= (this.#o.snapshotBatches ?? SNAPSHOT_BATCHES) || bytes >= (this.#o.snapshotBytes ?? SNAPSHOT_BYTES);
    if (!due || this.#snapshotting || this.#leading !== leading) return;
    this.#sinceSnapshot = { batches: 0, bytes: 0 };
    const { image } = this;
    const { client, writer } = leading;
    this.#snapshotting = writeSnapshot(image, { client, epochVersion: writer.epochVersion, acl: this.#acls.secret })
      .then(
        (size) => this.#onEvent({ kind: 'snapshotTaken', offset: image.offset, bytes: size }),
        (error: unknown) => {
          // Nothing is lost: the log that it would have replaced is all there.
          if (this.#leading === leading) this.#onEvent({ kind: 'snapshotFailed', error });
        },
      )
      .finally(() => {
        this.#snapshotting = undefined;
      });
  }

  #sessionLost(why: string): void {
    this.#registrations.sessionOver();
    if (this.#leading) this.#deposed(this.#leading, why);
    this.#registrationLost(why);
  }

  #registrationLost(why: string): void {
    const registration = this.#registration;
    this.#registration = undefined;
    if (!registration) return;
    // Until it is registered again nothing vouches for this broker (invariant 26).
    this.#confirmedAtMs = this.sessionConfirmedAtMs;
    this.#vouching = undefined;
    this.#registrationOver = true;
    for (const listener of registration.lost) listener(why);
  }

  #deposed(leading: Leading, why: string): void {
    if (this.#leading !== leading) return;
    this.#leading = undefined;
    this.#candidate = undefined;
    leading.writer.stop(why);
    leading.mirror.stop();
    this.#onEvent({ kind: 'deposed', epoch: leading.writer.epoch, why });
    for (const listener of leading.candidate.lost) listener(why);
    this.#hint = undefined;
    this.#reading.look();
  }

  /** Neither leads nor stands any more. */
  #giveUp(why: string): void {
    if (this.#leading) this.#deposed(this.#leading, why);
    this.#candidate?.reject(new EngineError('CLOSED', why));
    this.#candidate = undefined;
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    const detail = cause instanceof Error ? cause.message : String(cause);
    this.#failure =
      cause instanceof EngineError
        ? cause
        : new EngineError('FAILED', `The metadata of the cluster cannot be followed any more (${detail}).`, { cause });
    this.#onEvent({ kind: 'troubled', what: 'the engine stopped', error: cause });
    this.#giveUp(detail);
  }

  /** What a process that died left of its session blocks the registration until it expires; ours to end, having its password (C4). */
  async #endOldSession(): Promise<void> {
    const old = this.#oldSession;
    this.#oldSession = undefined;
    if (!old) return;
    const session = { id: old.id, password: Buffer.from(old.password, 'hex') };
    const client = new ZooKeeperClient({ ...this.#clientOptions(), session });
    try {
      await client.connected(Math.min(5_000, this.sessionTimeoutMs));
    } catch {
      // Expired already, or waited out below.
    }
    await client.close();
  }

  #remember(): void {
    if (this.#memoryTimer || this.#failure || this.image.clusterId === undefined) return;
    this.#memoryTimer = this.#o.ports.timers.set(MEMORY_DELAY_MS, () => {
      this.#memoryTimer = undefined;
      void this.#writeMemory(true);
    });
  }

  #writeMemory(living: boolean): Promise<void> {
    const { clusterId, offset, epoch } = this.image;
    if (clusterId === undefined || offset < (this.#memory?.offset ?? 0)) return this.#memoryWrite;
    const { last } = this.#reader;
    const client = this.#registration && living ? this.#vouching : undefined;
    const memory: StoreMemory = {
      clusterId,
      offset,
      epoch,
      czxid: last?.offset === offset ? last.czxid : -1,
      session: client && { id: client.sessionId, password: Buffer.from(client.password).toString('hex') },
    };
    this.#memory = memory;
    const { disk } = this.#o.ports;
    this.#memoryWrite = this.#memoryWrite
      .then(() => writeMemory(disk, this.#o.directory, memory))
      .catch((error: unknown) => this.#onEvent({ kind: 'troubled', what: 'remembering what was seen', error }));
    return this.#memoryWrite;
  }
}

/** Names whose assignment may have changed. */
function touchedTopics({ records }: MetadataBatch, image: ClusterImage, previous: ClusterImage): Set<string> {
  const names = new Set<string>();
  for (const record of records) {
    if (record.kind === 'topicCreated') names.add(record.name);
    if (record.kind !== 'partitionsSet' && record.kind !== 'topicDeleted') continue;
    const topic = image.topicById(record.topicId) ?? previous.topicById(record.topicId);
    if (topic) names.add(topic.name);
  }
  return names;
}

// This broker's part in the cluster: it stands for election all the time, is the controller while it is elected, and keeps
// itself registered. Reaching the controller is the same call wherever it runs (ControllerAccess).
// Always: at most one Controller at a time here, under the newest leadership; a broker that the store or the controller gave
// up while it lives registers again, under a new broker epoch.
import { type Ports, randomUuid, type TimerHandle } from '@moldau/kernel';
import { type ClusterImage, EngineError, type MetadataEngine } from '@moldau/metadata';
import { errorName } from '@moldau/protocol/errors';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { AdvertisedEndpoint } from '../context.ts';
import { type EventLog, SECURITY_EVENTS } from '../events.ts';
import type { Peers } from '../peer/peers.ts';
import { BrokerWatch } from './broker-watch.ts';
import { Controller, ControllerUnavailable } from './controller.ts';
import type { ControllerAccess, IsrOutcome, IsrWish } from './controller-access.ts';
import type { Outcome } from './decision.ts';
import { CONTROLLER_EVENTS } from './events.ts';
import { Heartbeats } from './heartbeats.ts';
import { leave } from './leaving.ts';
import { type ControllerMetrics, readControllerGauges } from './metrics.ts';
import type { ProducerIdBlock } from './producer-ids.ts';
import { Propagation } from './propagation.ts';
import { RemoteController } from './remote-controller.ts';

/** What a controller elsewhere is asked for. */
export type ControllerRoad = Pick<RemoteController, 'ensureTopics' | 'allocateProducerIds' | 'alterPartitions'>;

export interface ControllerHostParts {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly engine: MetadataEngine;
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly events: EventLog;
  readonly peers: Peers;
  readonly metrics: ControllerMetrics;
  /** Of the last clean stop; -1 when there was none. */
  readonly previousBrokerEpoch: number;
  /** Whether all log directories here are closed to new replicas. */
  readonly isCordoned: () => boolean;
}

/** Pause before a registration that failed is tried again. */
const RETRY_MS = 500;
/** How often a broker that was elected while it stops looks whether it decides already. */
const ELECTED_LOOK_MS = 10;
/** How long an admin call waits for brokers that have not applied it yet; then it is answered all the same. */
const PROPAGATION_MS_MAX = 2_000;

export class ControllerHost implements ControllerAccess {
  readonly #parts: ControllerHostParts;
  readonly #nodeId: number;
  #local: Controller | undefined;
  #watch: BrokerWatch | undefined;
  /** Of the brokers that do not decide on the one that does. */
  readonly #controllerWatch: BrokerWatch;
  #propagation: Propagation;
  readonly #remote: RemoteController;
  #road: ControllerRoad;
  readonly #heartbeats: Heartbeats;
  #brokerEpoch = -1;
  #registering = false;
  /** As of the last picture. */
  #controllerId = -1;
  #closing = false;
  /** Another attempt to record who came and went. */
  #reconcileDue: TimerHandle | undefined;
  readonly #stops: (() => void)[] = [];

  constructor(parts: ControllerHostParts) {
    this.#parts = parts;
    this.#nodeId = parts.config.nodeId;
    this.#propagation = new Propagation(this.#nodeId);
    const { engine, config, ports, peers, metrics } = parts;
    readControllerGauges(metrics, () => (this.#local ? engine.image : undefined));
    this.#remote = new RemoteController({
      nodeId: this.#nodeId,
      config,
      clock: ports.clock,
      timers: ports.timers,
      image: () => engine.image,
      brokerEpoch: () => this.#brokerEpoch,
      connect: (brokerId, purpose) => peers.connect(brokerId, purpose),
      onRefused: (api) => parts.events.emit(SECURITY_EVENTS.brokersRefused, { asked: api }),
    });
    this.#road = this.#remote;
    this.#controllerWatch = new BrokerWatch({
      nodeId: this.#nodeId,
      timers: ports.timers,
      connect: (brokerId) => peers.connect(brokerId, 'controller-watch'),
      gone: ({ brokerId }) => {
        if (engine.image.controllerId !== brokerId || this.#closing) return;
        // One that was let go is expected to end, and is replaced all the same.
        if (!engine.image.broker(brokerId)?.shuttingDown) {
          parts.events.emit(CONTROLLER_EVENTS.controllerGone, { brokerId });
        }
        // The store being away is told elsewhere, and the watch calls on.
        engine.unseat(brokerId).catch(() => {});
      },
    });
    this.#heartbeats = new Heartbeats({
      intervalMs: config.brokerHeartbeatIntervalMs,
      timers: ports.timers,
      send: () => this.#tell(),
    });
  }

  get local(): Controller | undefined {
    return this.#local;
  }

  /** The controller, which has to run here: requests that it decides are forwarded before they reach a handler. */
  here(): Controller {
    if (!this.#local) throw new ControllerUnavailable('NOT_CONTROLLER', 'this broker is not the controller');
    return this.#local;
  }

  /** Reaches a controller that a test plays. */
  connectWith(road: ControllerRoad): void {
    this.#road = road;
  }

  /** Of this broker's present registration; -1 before the first. */
  get brokerEpoch(): number {
    return this.#brokerEpoch;
  }

  /** Answers when this broker is registered, that is when the cluster's picture here says so. */
  async start(): Promise<void> {
    const { engine } = this.#parts;
    this.#stops.push(
      engine.onAliveChanged(() => this.#reconcile()),
      engine.follow((image) => this.#onImage(image)),
    );
    const standing = this.#standForElection();
    // Fails where the store cannot be written; that it ends is no news here.
    const refused = new Promise<never>((_, reject) => standing.catch(reject));
    await Promise.race([this.#register(this.#parts.previousBrokerEpoch), refused]);
    await Promise.race([this.#known(), refused]);
    this.#heartbeats.start();
  }

  ensureTopic(name: string): Promise<Outcome> {
    return this.ensureTopics([name]).then((outcomes) => outcomes.get(name)!);
  }

  ensureTopics(names: readonly string[]): Promise<Map<string, Outcome>> {
    return this.#reach().ensureTopics(names);
  }

  allocateProducerIds(): Promise<ProducerIdBlock> {
    return this.#reach().allocateProducerIds(this.#nodeId);
  }

  /** A client's admin request, to the controller and its answer back; both frames without their sizes. */
  forward(frame: Buffer, principal: string, clientHost: string): Promise<Buffer> {
    return this.#remote.forward(frame, principal, clientHost);
  }

  /** A broker told how far it has applied the metadata. */
  reported(brokerId: number, brokerEpoch: number, offset: number): void {
    this.#propagation.reported(this.#parts.engine.image, brokerId, brokerEpoch, offset);
  }

  /**
   * Answers when every live broker has applied what this one has, or after two seconds: what an admin call is answered
   * behind, so that it can be relied on at whichever broker a client asks next.
   */
  propagated(): Promise<void> {
    const { engine, ports } = this.#parts;
    const { image } = engine;
    if (!this.#local || this.#propagation.isThere(image, image.offset)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = ports.timers.set(PROPAGATION_MS_MAX, () => {
        giveUp();
        resolve();
      });
      const giveUp = this.#propagation.when(image, image.offset, () => {
        ports.timers.clear(timer);
        resolve();
      });
    });
  }

  /**
   * Asks the controller to be let go: leaderships move to others first. Answers when that is done, or when the settings say
   * to stop without; either is told as an event.
   */
  async shutDown(): Promise<void> {
    const { engine, config, ports, events } = this.#parts;
    const { clock, timers } = ports;
    if (!config.controlledShutdownEnable || this.#closing) return;
    if (!engine.image.liveBrokers().some(({ brokerId }) => brokerId !== this.#nodeId)) return;
    const startedAt = clock.monotonic();
    const { handedOver, attempts, kept, reason } = await leave({
      ...{ nodeId: this.#nodeId, clock, timers },
      settings: {
        maxRetries: config.controlledShutdownMaxRetries,
        retryBackoffMs: config.controlledShutdownRetryBackoffMs,
      },
      image: () => engine.image,
      follow: (listener) => engine.follow(listener),
      ask: () => this.#askToLeave(),
    });
    const tookMs = clock.monotonic() - startedAt;
    if (handedOver) events.emit(CONTROLLER_EVENTS.controlledShutdown, { attempts, tookMs });
    else events.emit(CONTROLLER_EVENTS.controlledShutdownIncomplete, { attempts, tookMs, partitions: kept, reason });
    await this.propagated();
  }

  async #askToLeave(): Promise<boolean> {
    const { engine, ports, isCordoned } = this.#parts;
    // The picture knows a little sooner than we do that this broker was elected.
    while (!this.#local && engine.image.controllerId === this.#nodeId && !this.#closing) {
      await new Promise<void>((resolve) => ports.timers.set(ELECTED_LOOK_MS, resolve));
    }
    if (this.#local) return this.#local.beginShutdown({ brokerId: this.#nodeId, brokerEpoch: this.#brokerEpoch });
    const { controllerId, offset } = engine.image;
    if (controllerId < 0) throw new ControllerUnavailable('NOT_CONTROLLER', 'no controller is known');
    const cordoned = isCordoned();
    const answer = await this.#remote.heartbeat({ currentMetadataOffset: offset, wantShutDown: true, cordoned });
    const error = errorName(answer.errorCode);
    if (error !== 'NONE') throw new ControllerUnavailable(error, `the controller answered ${error}`);
    return answer.shouldShutDown;
  }

  alterPartitions(wishes: readonly IsrWish[]): Promise<readonly IsrOutcome[]> {
    return this.#reach().alterPartitions(wishes, { brokerId: this.#nodeId, brokerEpoch: this.#brokerEpoch });
  }

  /** No more elections and registrations. */
  close(): void {
    this.#closing = true;
    if (this.#reconcileDue) this.#parts.ports.timers.clear(this.#reconcileDue);
    this.#heartbeats.stop();
    this.#watch?.close();
    this.#controllerWatch.close();
    for (const stop of this.#stops.splice(0)) stop();
    this.#local = undefined;
  }

  #reach(): Pick<Controller, keyof ControllerRoad> {
    return this.#local ?? this.#road;
  }

  /** Ends with the host, or with the error of a store that takes nothing any more. */
  async #standForElection(): Promise<void> {
    const { engine, config, ports, events } = this.#parts;
    while (!this.#closing) {
      const leadership = await engine.elect(this.#nodeId).catch((error: unknown) => {
        if (this.#closing) return undefined;
        throw error;
      });
      if (!leadership || this.#closing) return;
      const over = new Promise<string>((resolve) => leadership.onLost(resolve));
      const controller = new Controller({
        ...{ engine, leadership, config, ports },
        onUncleanElection: (election) => {
          this.#parts.metrics.uncleanElections.value++;
          events.emit(CONTROLLER_EVENTS.uncleanElection, { ...election });
        },
      });
      this.#local = controller;
      this.#propagation = new Propagation(this.#nodeId);
      this.#watch = this.#watchBrokers(controller);
      this.#watch.follow(engine.image.liveBrokers());
      this.#rebalanceLater(controller);
      const { topicCount: topics, partitionCount: partitions } = engine.image;
      events.emit(CONTROLLER_EVENTS.elected, { epoch: leadership.epoch, topics, partitions });
      this.#reconcile();
      const reason = await over;
      this.#watch.close();
      if (this.#local === controller) this.#local = undefined;
      if (!this.#closing) events.emit(CONTROLLER_EVENTS.lost, { reason });
    }
  }

  async #register(previousBrokerEpoch: number): Promise<void> {
    const { engine, endpoints, config, ports, events } = this.#parts;
    this.#registering = true;
    try {
      const registration = await engine.register({
        brokerId: this.#nodeId,
        incarnationId: randomUuid(ports.random),
        endpoints: endpoints.map(({ listener, host, port }) => ({ listener, host, port, protocol: 'PLAINTEXT' })),
        rack: config.brokerRack,
        previousBrokerEpoch,
      });
      const { brokerEpoch } = registration;
      this.#brokerEpoch = brokerEpoch;
      events.emit(CONTROLLER_EVENTS.registered, { brokerEpoch });
      registration.onLost((reason) => {
        if (this.#closing || this.#brokerEpoch !== brokerEpoch) return;
        events.emit(CONTROLLER_EVENTS.registrationLost, { brokerEpoch, reason });
        this.#registerAgain();
      });
    } finally {
      this.#registering = false;
    }
  }

  /** This process never stopped, so its logs are as they were: its last epoch counts as closed in order. */
  #registerAgain(): void {
    const { ports, events } = this.#parts;
    if (this.#closing || this.#registering) return;
    this.#register(this.#brokerEpoch).catch((error: unknown) => {
      if (this.#closing) return;
      events.emit(CONTROLLER_EVENTS.registrationFailed, { error, retryMs: RETRY_MS });
      ports.timers.set(RETRY_MS, () => this.#registerAgain());
    });
  }

  #watchBrokers(controller: Controller): BrokerWatch {
    const { peers, ports, events } = this.#parts;
    return new BrokerWatch({
      nodeId: this.#nodeId,
      timers: ports.timers,
      connect: (brokerId) => peers.connect(brokerId, 'watch'),
      gone: ({ brokerId, brokerEpoch, shuttingDown }) => {
        const broker = { brokerId, brokerEpoch };
        // One that was let go is expected to end.
        if (!shuttingDown) events.emit(CONTROLLER_EVENTS.brokerGone, broker);
        controller.fence(broker).catch((error: unknown) => this.#reconcileFailed(error));
      },
    });
  }

  /** What was asked of a controller that is none any more, and may be beyond reach, is asked of the next one at once. */
  #turnFromOldController({ controllerId }: ClusterImage): void {
    const before = this.#controllerId;
    this.#controllerId = controllerId;
    if (before >= 0 && before !== controllerId) this.#parts.peers.disconnect(before, 'controller');
  }

  #watchController(image: ClusterImage): void {
    const { controllerId } = image;
    const controller = this.#local || controllerId === this.#nodeId ? undefined : image.broker(controllerId);
    this.#controllerWatch.follow(controller && !controller.fenced ? [controller] : []);
  }

  /** Gives leadership back to preferred leaders now and then, as long as this controller decides. */
  #rebalanceLater(controller: Controller): void {
    const { ports, config, events } = this.#parts;
    ports.timers.set(config.leaderImbalanceCheckIntervalSeconds * 1000, () => {
      if (this.#local !== controller || this.#closing) return;
      this.#rebalanceLater(controller);
      if (!config.autoLeaderRebalanceEnable) return;
      controller.rebalanceLeaders().catch((error: unknown) => {
        if (this.#local === controller) events.emit(CONTROLLER_EVENTS.rebalanceFailed, { error });
      });
    });
  }

  #onImage(image: ClusterImage): void {
    this.#turnFromOldController(image);
    this.#lookAtMyself(image);
    this.#watch?.follow(image.liveBrokers());
    this.#watchController(image);
    this.#propagation.settle(image);
    this.#heartbeats.news();
  }

  /** Tells the controller how far we are. Nothing comes of a word that does not arrive. */
  async #tell(): Promise<void> {
    const { engine, isCordoned } = this.#parts;
    const { controllerId, offset } = engine.image;
    const cordoned = isCordoned();
    const self = engine.image.broker(this.#nodeId);
    if (this.#local && self && self.cordoned !== cordoned) await this.#local.cordon(self, cordoned);
    if (this.#local || controllerId < 0 || controllerId === this.#nodeId) return;
    await this.#remote.heartbeat({ currentMetadataOffset: offset, wantShutDown: false, cordoned });
  }

  /** Fenced under the epoch that we live under: the controller took us for gone. */
  #lookAtMyself(image: ClusterImage): void {
    const { events } = this.#parts;
    const self = image.broker(this.#nodeId);
    if (!self?.fenced || self.shuttingDown || self.brokerEpoch !== this.#brokerEpoch || this.#closing) return;
    if (this.#registering) return;
    events.emit(CONTROLLER_EVENTS.registrationLost, {
      brokerEpoch: this.#brokerEpoch,
      reason: 'the controller fenced it',
    });
    this.#registerAgain();
  }

  #known(): Promise<void> {
    const { engine } = this.#parts;
    const isThere = (image: ClusterImage) => {
      const self = image.broker(this.#nodeId);
      return self !== undefined && self.brokerEpoch === this.#brokerEpoch && !self.fenced;
    };
    if (isThere(engine.image)) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = engine.follow((image) => {
        if (!isThere(image)) return;
        stop();
        resolve();
      });
    });
  }

  #reconcile(): void {
    this.#local?.reconcile().catch((error: unknown) => this.#reconcileFailed(error));
  }

  #reconcileFailed(error: unknown): void {
    const { events, ports } = this.#parts;
    // Deposed meanwhile: the next controller records it.
    const deposed =
      error instanceof ControllerUnavailable && error.cause instanceof EngineError && error.cause.code === 'FENCED';
    if (deposed || this.#closing) return;
    events.emit(CONTROLLER_EVENTS.reconcileFailed, { error });
    if (this.#reconcileDue) return;
    // A full disk has room again some day, and a broker that is starting waits to be recorded: nobody else would ask.
    this.#reconcileDue = ports.timers.set(RETRY_MS, () => {
      this.#reconcileDue = undefined;
      this.#reconcile();
    });
  }
}

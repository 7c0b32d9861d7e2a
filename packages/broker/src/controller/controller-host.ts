// This broker's part in the cluster: it stands for election all the time, is the controller while it is elected, and keeps
// itself registered. Reaching the controller is the same call wherever it runs (ControllerAccess).
// Always: at most one Controller at a time here, under the newest leadership; a broker that the store or the controller gave
// up while it lives registers again, under a new broker epoch.
import { type Ports, randomUuid } from '@moldau/kernel';
import { type ClusterImage, EngineError, type MetadataEngine } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { AdvertisedEndpoint } from '../context.ts';
import type { EventLog } from '../events.ts';
import { Controller, ControllerUnavailable } from './controller.ts';
import type { ControllerAccess, IsrOutcome, IsrWish } from './controller-access.ts';
import type { Outcome } from './decision.ts';
import { CONTROLLER_EVENTS } from './events.ts';
import type { ProducerIdBlock } from './producer-ids.ts';

/** The road to a controller in another process. */
export interface RemoteController {
  ensureTopics(names: readonly string[]): Promise<Map<string, Outcome>>;
  allocateProducerIds(): Promise<ProducerIdBlock>;
  alterPartitions(wishes: readonly IsrWish[]): Promise<readonly IsrOutcome[]>;
}

export interface ControllerHostParts {
  readonly ports: Ports;
  readonly config: BrokerConfig;
  readonly engine: MetadataEngine;
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly events: EventLog;
  /** Of the last clean stop; -1 when there was none. */
  readonly previousBrokerEpoch: number;
}

/** Pause before a registration that failed is tried again. */
const RETRY_MS = 500;

export class ControllerHost implements ControllerAccess {
  readonly #parts: ControllerHostParts;
  readonly #nodeId: number;
  #local: Controller | undefined;
  #remote: RemoteController | undefined;
  #brokerEpoch = -1;
  #registering = false;
  #closing = false;
  readonly #stops: (() => void)[] = [];

  constructor(parts: ControllerHostParts) {
    this.#parts = parts;
    this.#nodeId = parts.config.nodeId;
  }

  get local(): Controller | undefined {
    return this.#local;
  }

  /** The controller, which has to run here: requests that it decides are forwarded before they reach a handler. */
  here(): Controller {
    if (!this.#local) throw new ControllerUnavailable('NOT_CONTROLLER', 'this broker is not the controller');
    return this.#local;
  }

  /** Of this broker's present registration; -1 before the first. */
  get brokerEpoch(): number {
    return this.#brokerEpoch;
  }

  /** How a controller elsewhere is reached; until then it is unavailable. */
  connectWith(remote: RemoteController): void {
    this.#remote = remote;
  }

  /** Answers when this broker is registered, that is when the cluster's picture here says so. */
  async start(): Promise<void> {
    const { engine } = this.#parts;
    this.#stops.push(
      engine.onAliveChanged(() => this.#reconcile()),
      engine.follow((image) => this.#lookAtMyself(image)),
    );
    const standing = this.#standForElection();
    // Fails where the store cannot be written; that it ends is no news here.
    const refused = new Promise<never>((_, reject) => standing.catch(reject));
    await Promise.race([this.#register(this.#parts.previousBrokerEpoch), refused]);
    await Promise.race([this.#known(), refused]);
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

  alterPartitions(wishes: readonly IsrWish[]): Promise<readonly IsrOutcome[]> {
    return this.#reach().alterPartitions(wishes, { brokerId: this.#nodeId, brokerEpoch: this.#brokerEpoch });
  }

  /** No more elections and registrations. */
  close(): void {
    this.#closing = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#local = undefined;
  }

  #reach(): Pick<Controller, 'ensureTopics' | 'allocateProducerIds' | 'alterPartitions'> {
    const there = this.#local ?? this.#remote;
    if (!there) throw new ControllerUnavailable('NOT_CONTROLLER', 'the cluster has no controller within reach');
    return there;
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
      const controller = new Controller({ engine, leadership, config, ports });
      this.#local = controller;
      const { topicCount: topics, partitionCount: partitions } = engine.image;
      events.emit(CONTROLLER_EVENTS.elected, { epoch: leadership.epoch, topics, partitions });
      this.#reconcile();
      const reason = await over;
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
    const { events } = this.#parts;
    this.#local?.reconcile().catch((error: unknown) => {
      // Deposed meanwhile: the next controller records it.
      if (
        error instanceof ControllerUnavailable &&
        error.cause instanceof EngineError &&
        error.cause.code === 'FENCED'
      ) {
        return;
      }
      events.emit(CONTROLLER_EVENTS.reconcileFailed, { error });
    });
  }
}

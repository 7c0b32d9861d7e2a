// One broker's view of the modelled ensemble: the port of DESIGN D4 as a ZooKeeper engine has to fill it, with sessions
// that expire, answers that get lost after they took effect, and notifications that come late.
// In the flow: requests go through a SessionChannel; every ConnectionLoss is followed by reading what became of it (C6).
// Always: `image` moves batch by batch in order; an append is answered when it is applied here; what a lost session
// owned (registration, leadership) is told as lost once.
import {
  type AliveBroker,
  type BrokerRegistration,
  type ClusterImage,
  EngineError,
  type ImageListener,
  type ImagePreparation,
  type Leadership,
  type MetadataBatch,
  type MetadataEngine,
  type MetadataRecord,
  type Registration,
} from '@moldau/metadata';
import type { Boot } from '../world/machine.ts';
import type { Ensemble, Refusal, Session } from './ensemble.ts';
import { ConnectionLoss, type SessionChannel } from './session-channel.ts';

interface Waiting {
  readonly epoch: number;
  readonly offset: number;
  readonly records: readonly MetadataRecord[];
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

interface Follower {
  readonly listener: ImageListener;
  readonly preparation: ImagePreparation | undefined;
}

const RETRY_MS = 100;

export class ModelEngine implements MetadataEngine {
  readonly sessionTimeoutMs: number;
  /** A little less than a znode may hold. */
  readonly batchBytesMax = 900_000;
  readonly #boot: Boot;
  readonly #ensemble: Ensemble;
  readonly #channel: SessionChannel;
  readonly #followers = new Set<Follower>();
  readonly #aliveListeners = new Set<() => void>();
  #session: Session | undefined;
  #image: ClusterImage;
  #pending: ClusterImage;
  #confirmedAtMs: number;
  #alive: readonly AliveBroker[] = [];
  /** Under which this engine's broker leads; 0 none. */
  #epoch = 0;
  #leadershipLost: ((why: string) => void)[] = [];
  #registrationLost: ((why: string) => void)[] = [];
  #waiting: Waiting[] = [];
  #appending = false;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #applied: (() => void)[] = [];
  #closed = false;
  #tokens = 0;

  private constructor(
    boot: Boot,
    ensemble: Ensemble,
    channel: SessionChannel,
    sessionTimeoutMs: number,
    image: ClusterImage,
  ) {
    this.#boot = boot;
    this.#ensemble = ensemble;
    this.#channel = channel;
    this.sessionTimeoutMs = sessionTimeoutMs;
    this.#image = image;
    this.#pending = image;
    this.#confirmedAtMs = boot.machine.monotonic();
  }

  /** Pends until the ensemble answers. */
  static async open(
    boot: Boot,
    ensemble: Ensemble,
    channel: SessionChannel,
    sessionTimeoutMs: number,
  ): Promise<ModelEngine> {
    for (;;) {
      try {
        const image = await channel.ask('read', () => ensemble.image);
        const engine = new ModelEngine(boot, ensemble, channel, sessionTimeoutMs, image);
        await engine.#connected();
        await engine.#read();
        engine.#ping();
        return engine;
      } catch (error) {
        if (!(error instanceof ConnectionLoss)) throw error;
        await pause(boot, RETRY_MS);
      }
    }
  }

  get image(): ClusterImage {
    return this.#image;
  }

  get pending(): ClusterImage {
    return this.#epoch > 0 ? this.#pending : this.#image;
  }

  get fresh(): boolean {
    return this.#image.offset < 0;
  }

  get sessionConfirmedAtMs(): number {
    return this.#confirmedAtMs;
  }

  form(clusterId: string): Promise<string> {
    return this.#sure('form', () => this.#ensemble.form(clusterId));
  }

  async elect(brokerId: number): Promise<Leadership> {
    const token = this.#token();
    for (;;) {
      const session = await this.#connected();
      const epoch = await this.#sure('elect', () => this.#ensemble.elect(session, brokerId, token));
      if (this.#session !== session) continue;
      if (typeof epoch === 'number') {
        await this.#read();
        if (this.#session !== session) continue;
        const lost: ((why: string) => void)[] = [];
        this.#leadershipLost = lost;
        this.#epoch = epoch;
        this.#pending = this.#image;
        return { epoch, onLost: (listener) => lost.push(listener) };
      }
      if (epoch === 'expired') this.#expired('the session expired');
      await pause(this.#boot, RETRY_MS);
    }
  }

  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number> {
    if (this.#closed) return Promise.reject(new EngineError('CLOSED', 'the engine is closed'));
    if (epoch !== this.#epoch) return Promise.reject(new EngineError('FENCED', `controller epoch ${epoch} is over`));
    if (after !== this.#pending.offset) {
      return Promise.reject(
        new EngineError('STALE', `decided behind ${after}, but the log is at ${this.#pending.offset}`),
      );
    }
    const offset = after + 1;
    this.#pending = this.#pending.apply({ offset, epoch, records });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ epoch, offset, records, resolve, reject });
      if (!this.#appending) void this.#appendAll();
    });
  }

  /** One after the other: an answer that got lost is looked for before the next is sent. */
  async #appendAll(): Promise<void> {
    this.#appending = true;
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const { epoch, offset, records } = next;
      const token = this.#token();
      const answer = await this.#sure('append', () =>
        this.#ensemble.tokenAt(offset) === token ? offset : this.#ensemble.append(epoch, offset - 1, records, token),
      );
      // Refused meanwhile, because leadership was lost; what waits now is of a later one.
      if (this.#waiting[0] !== next) continue;
      if (typeof answer !== 'number') {
        this.#refuse(answer);
        break;
      }
      await this.#read();
      while (this.#image.offset < offset) await new Promise<void>((resolve) => this.#applied.push(resolve));
      if (this.#waiting[0] === next) {
        this.#waiting.shift();
        next.resolve(offset);
      }
    }
    this.#appending = false;
  }

  #refuse(refusal: Refusal): void {
    const refused = this.#waiting;
    this.#waiting = [];
    const error =
      refusal === 'stale'
        ? new EngineError('STALE', 'something else is at that place of the log')
        : new EngineError('FENCED', 'another controller was elected');
    if (refusal === 'fenced') this.#deposed('another controller was elected');
    this.#pending = this.#image;
    for (const { reject } of refused) reject(error);
  }

  follow(listener: ImageListener, preparation?: ImagePreparation): () => void {
    const follower = { listener, preparation };
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  async register(registration: BrokerRegistration): Promise<Registration> {
    for (;;) {
      const session = await this.#connected();
      const brokerEpoch = await this.#sure('register', () => this.#ensemble.register(session, registration));
      if (this.#session !== session) continue;
      if (typeof brokerEpoch === 'number') {
        await this.#read();
        if (this.#session !== session) continue;
        const lost: ((why: string) => void)[] = [];
        this.#registrationLost = lost;
        return { brokerEpoch, onLost: (listener) => lost.push(listener) };
      }
      if (brokerEpoch === 'expired') this.#expired('the session expired');
      // Held by the session of the run before until that expires (C4).
      await pause(this.#boot, RETRY_MS);
    }
  }

  async leave(brokerId: number): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#registrationLost = [];
    await this.#sure('leave', () => {
      this.#ensemble.leave(brokerId, session);
      this.#ensemble.resign(session);
    });
    this.#deposed('it left');
  }

  async unseat(brokerId: number): Promise<void> {
    await this.#sure('unseat', () => this.#ensemble.unseat(brokerId));
  }

  aliveBrokers(): readonly AliveBroker[] {
    return this.#alive;
  }

  onAliveChanged(listener: () => void): () => void {
    this.#aliveListeners.add(listener);
    return () => this.#aliveListeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const session = this.#session;
    this.#registrationLost = [];
    this.#deposed('the engine was closed');
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(new EngineError('CLOSED', 'the engine is closed'));
    if (!session) return;
    // One try: a session that is not ended expires.
    await this.#channel.ask('close', () => this.#ensemble.end(session)).catch(() => {});
  }

  #token(): string {
    return `${this.#boot.machine.name}/${this.#boot.number}/${++this.#tokens}`;
  }

  /** Asks until there is an answer; what may have taken effect is asked for by content or by session. */
  async #sure<T>(label: string, effect: () => T): Promise<T> {
    for (;;) {
      try {
        return await this.#channel.ask(label, effect);
      } catch (error) {
        if (!(error instanceof ConnectionLoss)) throw error;
        await pause(this.#boot, RETRY_MS);
      }
    }
  }

  async #connected(): Promise<Session> {
    while (!this.#session) {
      const askedAt = this.#boot.machine.monotonic();
      const session = await this.#sure('connect', () =>
        this.#ensemble.connect(this.sessionTimeoutMs, () => this.#channel.notify(() => void this.#read())),
      );
      if (!this.#session) {
        this.#session = session;
        this.#confirmedAtMs = askedAt;
      }
    }
    return this.#session;
  }

  #ping(): void {
    const { machine } = this.#boot;
    machine.world.schedule(this.sessionTimeoutMs / 3, this.#boot, 'zk ping due', () => {
      void this.#pingOnce();
    });
  }

  async #pingOnce(): Promise<void> {
    if (this.#closed) return;
    const { machine } = this.#boot;
    const session = this.#session;
    try {
      if (session) {
        const askedAt = machine.monotonic();
        const expired = await this.#channel.ask('ping', () => {
          this.#ensemble.hear(session);
          return session.expired;
        });
        if (!expired) this.#confirmedAtMs = Math.max(this.#confirmedAtMs, askedAt);
        else if (this.#session === session) this.#expired('the session expired');
      }
    } catch {
      // Notifications went with the connection: read again once there is another.
    }
    void this.#read();
    this.#ping();
  }

  #expired(why: string): void {
    this.#session = undefined;
    this.#deposed(why);
    const lost = this.#registrationLost;
    this.#registrationLost = [];
    for (const listener of lost) listener(why);
  }

  #deposed(why: string): void {
    if (this.#epoch === 0) return;
    this.#epoch = 0;
    const lost = this.#leadershipLost;
    this.#leadershipLost = [];
    const refused = this.#waiting;
    this.#waiting = [];
    this.#pending = this.#image;
    for (const { reject } of refused) reject(new EngineError('FENCED', `the controller is deposed: ${why}`));
    for (const listener of lost) listener(why);
  }

  /** Brings this view up to what the ensemble had when it was asked; calls during one are answered by one more. */
  #read(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#readAgain = true;
      return this.#reading;
    }
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    do {
      this.#readAgain = false;
      const session = this.#session;
      const from = this.#image.offset + 1;
      const { batches, alive, expired } = await this.#sure('read', () => ({
        batches: this.#ensemble.batchesFrom(from),
        alive: this.#ensemble.alive(),
        expired: session?.expired === true,
      }));
      if (this.#closed) return;
      for (const batch of batches) await this.#apply(batch);
      if (alive.length !== this.#alive.length || alive.some((broker, i) => broker !== this.#alive[i])) {
        this.#alive = alive;
        for (const listener of [...this.#aliveListeners]) listener();
      }
      if (expired && this.#session === session && session) this.#expired('the session expired');
      if (this.#epoch > 0 && this.#image.epoch > this.#epoch) this.#deposed('another controller was elected');
    } while (this.#readAgain);
  }

  async #apply(batch: MetadataBatch): Promise<void> {
    if (batch.offset <= this.#image.offset) return;
    const image = this.#ensemble.imageAt(batch.offset);
    const told = this.#image.inEffect(batch);
    for (const { preparation } of this.#followers) {
      const prepared = preparation?.(image, this.#image, told);
      if (prepared !== undefined) await prepared;
    }
    const previous = this.#image;
    this.#image = image;
    if (this.#epoch === 0 || this.#pending.offset < image.offset) this.#pending = image;
    for (const { listener } of [...this.#followers]) listener(image, previous, told);
    const applied = this.#applied;
    this.#applied = [];
    for (const tell of applied) tell();
  }
}

function pause(boot: Boot, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    boot.machine.world.schedule(delayMs, boot, 'zk pause', resolve);
  });
}

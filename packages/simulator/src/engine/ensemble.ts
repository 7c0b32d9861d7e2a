// A model of a ZooKeeper ensemble that keeps the metadata log: what an engine's requests find there, sessions and their
// expiry. It never loses what it answered; all that goes wrong lies between it and its clients (`SessionChannel`).
// Always: one log; a batch is taken only under the newest epoch and behind the newest offset; whoever's session expired
// is neither alive nor leader.
import {
  type AliveBroker,
  type BrokerRegistration,
  ClusterImage,
  type MetadataBatch,
  type MetadataRecord,
} from '@moldau/metadata';
import type { World } from '../world/world.ts';

export interface Session {
  readonly id: number;
  readonly timeoutMs: number;
  /** Told that something changed: read again. Never more than once in a while, and late. */
  readonly notify: () => void;
  lastHeardAt: number;
  expired: boolean;
}

export type Refusal = 'expired' | 'fenced' | 'stale' | 'taken' | 'waiting';

interface Entry {
  readonly batch: MetadataBatch;
  /** Says whose append it was, so that a client whose answer was lost can find out. */
  readonly token: string;
}

/** How often sessions are looked at. */
const EXPIRY_CHECK_MS = 100;

export class Ensemble {
  readonly #world: World;
  readonly #log: Entry[] = [];
  /** The picture after each batch; shared by all, because pictures never change. */
  readonly #images: ClusterImage[] = [];
  readonly #sessions = new Map<number, Session>();
  readonly #alive = new Map<number, { readonly session: Session; readonly broker: AliveBroker }>();
  #leader: Session | undefined;
  #epoch = 0;
  /** Grows with every change; broker epochs are taken from it, as ZooKeeper's czxid. */
  #zxid = 0;
  #clusterId: string | undefined;
  /** Told of every batch, with the pictures around it. */
  onBatch: ((before: ClusterImage, after: ClusterImage, batch: MetadataBatch) => void) | undefined;
  /** Elects a new leader of its own until then: answers nobody. */
  awayUntil = 0;

  constructor(world: World) {
    this.#world = world;
    this.#checkSessions();
  }

  get image(): ClusterImage {
    return this.#images.at(-1) ?? ClusterImage.empty;
  }

  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  get epoch(): number {
    return this.#epoch;
  }

  imageAt(offset: number): ClusterImage {
    return this.#images[offset] ?? ClusterImage.empty;
  }

  form(clusterId: string): string {
    this.#clusterId ??= clusterId;
    return this.#clusterId;
  }

  connect(timeoutMs: number, notify: () => void): Session {
    const session: Session = { id: ++this.#zxid, timeoutMs, notify, lastHeardAt: this.#world.now, expired: false };
    this.#sessions.set(session.id, session);
    return session;
  }

  hear(session: Session): void {
    session.lastHeardAt = this.#world.now;
  }

  end(session: Session): void {
    this.#expire(session);
  }

  /** Ends the session as if it had been silent for too long. */
  expireOne(choose: (sessions: readonly Session[]) => Session): void {
    const sessions = [...this.#sessions.values()];
    if (sessions.length > 0) this.#expire(choose(sessions));
  }

  /** The epoch of the new leadership, which the log says too; or 'taken' while another session leads. */
  elect(session: Session, brokerId: number, token: string): number | Refusal {
    if (session.expired) return 'expired';
    if (this.#leader === session) return this.#epoch;
    if (this.#leader) return 'taken';
    this.#leader = session;
    this.#epoch = Math.max(this.#epoch, this.image.epoch) + 1;
    const forming: MetadataRecord[] =
      this.#log.length === 0 && this.#clusterId !== undefined
        ? [{ kind: 'clusterFormed', clusterId: this.#clusterId }]
        : [];
    this.#add({
      batch: {
        offset: this.#log.length,
        epoch: this.#epoch,
        records: [...forming, { kind: 'controllerElected', brokerId, epoch: this.#epoch }],
      },
      token,
    });
    return this.#epoch;
  }

  /** As deleting the node of a controller whose session stands: who led goes on until another is elected. */
  unseat(brokerId: number): void {
    if (!this.#leader || this.image.controllerId !== brokerId) return;
    this.#leader = undefined;
    this.#changed();
  }

  resign(session: Session): void {
    if (this.#leader !== session) return;
    this.#leader = undefined;
    this.#changed();
  }

  /** As a multi that checks the controller epoch and creates the node of the next offset. */
  append(epoch: number, after: number, records: readonly MetadataRecord[], token: string): number | Refusal {
    const offset = after + 1;
    if (epoch !== this.#epoch) return 'fenced';
    if (offset !== this.#log.length) return 'stale';
    this.#add({ batch: { offset, epoch, records }, token });
    return offset;
  }

  tokenAt(offset: number): string | undefined {
    return this.#log[offset]?.token;
  }

  batchesFrom(offset: number): MetadataBatch[] {
    return this.#log.slice(offset).map(({ batch }) => batch);
  }

  register(session: Session, registration: BrokerRegistration): number | Refusal {
    if (session.expired) return 'expired';
    const held = this.#alive.get(registration.brokerId);
    if (held && held.session !== session) return 'waiting';
    if (held?.broker.incarnationId === registration.incarnationId) return held.broker.brokerEpoch;
    const brokerEpoch = ++this.#zxid;
    this.#alive.set(registration.brokerId, { session, broker: { ...registration, brokerEpoch } });
    this.#changed();
    return brokerEpoch;
  }

  leave(brokerId: number, session: Session): void {
    if (this.#alive.get(brokerId)?.session === session) this.#alive.delete(brokerId);
    this.#changed();
  }

  alive(): readonly AliveBroker[] {
    return [...this.#alive.values()].map(({ broker }) => broker).sort((a, b) => a.brokerId - b.brokerId);
  }

  get hasLeader(): boolean {
    return this.#leader !== undefined;
  }

  #add(entry: Entry): void {
    const before = this.image;
    const after = before.apply(entry.batch);
    this.#images.push(after);
    this.#log.push(entry);
    this.onBatch?.(before, after, before.inEffect(entry.batch));
    this.#zxid++;
    this.#world.note(entry.batch.offset);
    this.#changed();
  }

  #changed(): void {
    for (const session of this.#sessions.values()) session.notify();
  }

  #expire(session: Session): void {
    if (session.expired) return;
    session.expired = true;
    this.#sessions.delete(session.id);
    for (const [brokerId, held] of this.#alive) if (held.session === session) this.#alive.delete(brokerId);
    if (this.#leader === session) this.#leader = undefined;
    this.#zxid++;
    this.#changed();
  }

  #checkSessions(): void {
    this.#world.schedule(EXPIRY_CHECK_MS, undefined, 'sessions', () => {
      const { now } = this.#world;
      // While it answers nobody it expires nobody.
      if (now < this.awayUntil) for (const session of this.#sessions.values()) session.lastHeardAt = now;
      for (const session of [...this.#sessions.values()]) {
        if (now - session.lastHeardAt > session.timeoutMs) this.#expire(session);
      }
      this.#checkSessions();
    });
  }
}

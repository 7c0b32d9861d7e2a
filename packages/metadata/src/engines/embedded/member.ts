// One broker's view of the embedded store: its own picture, which moves batch by batch once what a batch needs here is
// prepared. A broker that is slow with its logs holds up nobody but itself.
import {
  type AliveBroker,
  type BrokerRegistration,
  EngineError,
  type ImageListener,
  type ImagePreparation,
  type Leadership,
  type MetadataEngine,
  type Registration,
} from '../../engine.ts';
import type { ClusterImage } from '../../image.ts';
import type { MetadataBatch, MetadataRecord } from '../../records.ts';
import type { EmbeddedStore } from '../embedded.ts';

interface Taken {
  readonly image: ClusterImage;
  readonly batch: MetadataBatch;
}

/** A write unit may be larger; a decision beyond it would hold the event loop for long. */
const BATCH_BYTES_MAX = 64 * 1024 * 1024;

export class EmbeddedMember implements MetadataEngine {
  readonly batchBytesMax = BATCH_BYTES_MAX;
  /** In one process nobody is taken for dead who lives. */
  readonly sessionConfirmedAtMs = Number.POSITIVE_INFINITY;
  readonly sessionTimeoutMs = Number.POSITIVE_INFINITY;
  readonly #store: EmbeddedStore;
  readonly #onClose: () => Promise<void>;
  readonly #listeners = new Set<ImageListener>();
  readonly #aliveListeners = new Set<() => void>();
  readonly #brokerIds = new Set<number>();
  #prepare: ImagePreparation | undefined;
  #image: ClusterImage;
  #behind: Taken[] = [];
  #catchingUp: Promise<void> | undefined;
  #closed = false;

  /** Made by EmbeddedStore. */
  constructor(store: EmbeddedStore, image: ClusterImage, o: { onClose: () => Promise<void> }) {
    this.#store = store;
    this.#image = image;
    this.#onClose = o.onClose;
  }

  get image(): ClusterImage {
    return this.#image;
  }

  get pending(): ClusterImage {
    return this.#store.isLed(this) ? this.#store.pending : this.#image;
  }

  get fresh(): boolean {
    return this.#store.fresh;
  }

  async form(clusterId: string): Promise<string> {
    return this.#store.form(clusterId);
  }

  elect(brokerId: number): Promise<Leadership> {
    this.#brokerIds.add(brokerId);
    return this.#store.elect(brokerId, this);
  }

  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number> {
    if (this.#closed) return Promise.reject(closed());
    return this.#store.append(epoch, after, records);
  }

  follow(listener: ImageListener, prepare?: ImagePreparation): () => void {
    this.#listeners.add(listener);
    if (prepare) this.#prepare = prepare;
    return () => {
      this.#listeners.delete(listener);
      if (prepare && this.#prepare === prepare) this.#prepare = undefined;
    };
  }

  async register(registration: BrokerRegistration): Promise<Registration> {
    if (this.#closed) throw closed();
    this.#brokerIds.add(registration.brokerId);
    return this.#store.register(registration);
  }

  leave(brokerId: number): Promise<void> {
    return this.#store.leave(brokerId);
  }

  /** In one process a broker that is gone has left. */
  async unseat(): Promise<void> {}

  aliveBrokers(): readonly AliveBroker[] {
    return this.#store.aliveBrokers();
  }

  onAliveChanged(listener: () => void): () => void {
    this.#aliveListeners.add(listener);
    return () => this.#aliveListeners.delete(listener);
  }

  /** The store's word that brokers came or went. */
  aliveChanged(): void {
    for (const listener of [...this.#aliveListeners]) listener();
  }

  /** The store's word that a batch is durable. Answers when it is applied here; undefined when it is already. */
  take(image: ClusterImage, batch: MetadataBatch): Promise<void> | undefined {
    if (this.#closed) return undefined;
    this.#behind.push({ image, batch });
    if (!this.#catchingUp) this.#catchUp();
    return this.#catchingUp;
  }

  /** Applies what is behind, in this turn as far as nothing has to be prepared. */
  #catchUp(): void {
    for (let next = this.#behind[0]; next; next = this.#behind[0]) {
      const prepared = this.#prepare?.(next.image, this.#image, this.#image.inEffect(next.batch));
      if (prepared) {
        this.#catchingUp = prepared.then(() => {
          this.#apply();
          this.#catchingUp = undefined;
          this.#catchUp();
          return this.#catchingUp;
        });
        return;
      }
      this.#apply();
    }
  }

  #apply(): void {
    const { image, batch: taken } = this.#behind.shift()!;
    if (this.#closed) return;
    const previous = this.#image;
    const batch = previous.inEffect(taken);
    this.#image = image;
    for (const listener of [...this.#listeners]) listener(image, previous, batch);
  }

  /** Leaves with all it stands for. */
  async close(): Promise<void> {
    if (this.#closed) return;
    for (const brokerId of this.#brokerIds) await this.#store.leave(brokerId);
    await this.#catchingUp;
    this.#closed = true;
    this.#listeners.clear();
    this.#aliveListeners.clear();
    await this.#onClose();
  }
}

function closed(): EngineError {
  return new EngineError('CLOSED', 'the metadata engine is closed');
}

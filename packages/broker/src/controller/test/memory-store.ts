// A metadata store in memory for transcripts of the controller: what is decided is durable at once, or held back until the
// transcript says how much of it was kept. Fences by epoch as a real one does.
import {
  type AliveBroker,
  ClusterImage,
  EngineError,
  type Leadership,
  type MetadataBatch,
  type MetadataEngine,
  type MetadataRecord,
} from '@moldau/metadata';

interface Waiting {
  readonly batch: MetadataBatch;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

export class MemoryStore {
  batchBytesMax = 1_000_000;
  /** Appends wait for `keep`. */
  holds = false;
  readonly #appended: (records: readonly MetadataRecord[]) => void;
  readonly #alive = new Map<number, AliveBroker>();
  #image: ClusterImage;
  #pending: ClusterImage;
  #epoch = 0;
  #lastBrokerEpoch = 0;
  #waiting: Waiting[] = [];

  /** `appended` hears of every batch when it is decided, before anybody knows whether it is kept. */
  constructor(appended: (records: readonly MetadataRecord[]) => void) {
    this.#appended = appended;
    this.#image = ClusterImage.empty.apply({
      offset: 0,
      epoch: 0,
      records: [{ kind: 'clusterFormed', clusterId: 'cluster' }],
    });
    this.#pending = this.#image;
  }

  get image(): ClusterImage {
    return this.#image;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Another controller: what is not durable by now is lost. */
  async lead(brokerId: number): Promise<{ engine: MetadataEngine; leadership: Leadership }> {
    const epoch = ++this.#epoch;
    for (const { reject } of this.#waiting.splice(0)) reject(new EngineError('FENCED', 'another one leads'));
    this.#pending = this.#image;
    this.holds = false;
    await this.append(epoch, this.#image.offset, [{ kind: 'controllerElected', brokerId, epoch }]);
    return { engine: this.#engineOf(epoch), leadership: { epoch, onLost: () => {} } };
  }

  register(broker: Pick<AliveBroker, 'brokerId' | 'rack' | 'previousBrokerEpoch'>): void {
    const brokerEpoch = ++this.#lastBrokerEpoch;
    const { brokerId } = broker;
    this.#alive.set(brokerId, { ...broker, brokerEpoch, incarnationId: `run-${brokerEpoch}`, endpoints: [] });
  }

  /** Its session is over. */
  expire(brokerId: number): void {
    this.#alive.delete(brokerId);
  }

  /** So many of the batches that wait become durable, in their order. */
  keep(count: number): void {
    for (const { batch, resolve } of this.#waiting.splice(0, count)) {
      this.#image = this.#image.apply(batch);
      resolve(batch.offset);
    }
  }

  append(epoch: number, after: number, records: readonly MetadataRecord[]): Promise<number> {
    if (epoch !== this.#epoch) return Promise.reject(new EngineError('FENCED', `epoch ${epoch} is over`));
    if (after !== this.#pending.offset)
      return Promise.reject(new EngineError('STALE', 'decided behind another offset'));
    const batch: MetadataBatch = { offset: after + 1, epoch, records };
    this.#pending = this.#pending.apply(batch);
    this.#appended(records);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      if (!this.holds) this.keep(1);
    });
  }

  /** As the controller of this epoch sees it; a deposed one sees what is durable. */
  #engineOf(epoch: number): MetadataEngine {
    const store = this;
    return {
      get image() {
        return store.#image;
      },
      get pending() {
        return store.#epoch === epoch ? store.#pending : store.#image;
      },
      get batchBytesMax() {
        return store.batchBytesMax;
      },
      append: (under: number, after: number, records: readonly MetadataRecord[]) => store.append(under, after, records),
      aliveBrokers: () => [...store.#alive.values()].sort((a, b) => a.brokerId - b.brokerId),
    } as unknown as MetadataEngine;
  }
}

// All brokers of a cluster in one process over the real embedded store, as `moldau start --brokers 3` runs them
// (`packages/broker/src/node/several-brokers.ts`): one starts after the other, all end with the first that fails, and a kill
// or power cut takes brokers and store together.
import type { Ports } from '@moldau/kernel';
import { type ClusterImage, EmbeddedStore, type MetadataBatch } from '@moldau/metadata';
import type { Boot } from '../world/machine.ts';
import type { SimNode } from './sim-node.ts';
import type { Program } from './sim-process.ts';

export const STORE_DIRECTORY = '/metadata/__moldau_metadata';
/** Small, so that snapshots and new logs are made within a run. */
const SNAPSHOT_BYTES = 20_000;

export class EmbeddedProgram implements Program {
  readonly #nodes: readonly SimNode[];
  readonly #onBatch: (before: ClusterImage, after: ClusterImage, batch: MetadataBatch) => void;
  #store: EmbeddedStore | undefined;
  #serves = false;

  constructor(
    nodes: readonly SimNode[],
    onBatch: (before: ClusterImage, after: ClusterImage, batch: MetadataBatch) => void,
  ) {
    this.#nodes = nodes;
    this.#onBatch = onBatch;
  }

  /** What is durable; undefined while nothing runs. */
  get image(): ClusterImage | undefined {
    return this.#store?.image;
  }

  async run(_boot: Boot, ports: Ports): Promise<void> {
    let fail: (error: unknown) => void = () => {};
    const storeFailed = new Promise<unknown>((resolve) => {
      fail = resolve;
    });
    const store = await EmbeddedStore.open({
      ports,
      directory: STORE_DIRECTORY,
      snapshotBytes: SNAPSHOT_BYTES,
      onEvent: (event) => {
        if (event.kind === 'failed') fail(event.error);
      },
    });
    this.#store = store;
    // Somebody who looks on: a member of which no broker knows.
    store.member().follow((image, previous, batch) => this.#onBatch(previous, image, batch));
    try {
      for (const node of this.#nodes) await node.startBroker(ports, async () => store.member());
      this.#serves = true;
      await Promise.race([storeFailed, ...this.#nodes.map(({ broker }) => broker!.failed)]);
    } finally {
      await this.#stopAll();
    }
  }

  /** One after the other, so that leaderships are handed over; the store last. */
  stop(): Promise<void> | undefined {
    if (!this.#serves) return undefined;
    return this.#stopAll();
  }

  async #stopAll(): Promise<void> {
    for (const { broker } of this.#nodes) await broker?.stop('the process stops');
    await this.#store?.close();
  }

  over(): void {
    this.#serves = false;
    this.#store = undefined;
    for (const node of this.#nodes) node.broker = undefined;
  }
}

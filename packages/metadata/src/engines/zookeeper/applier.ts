// Turns committed batches into pictures on this broker, one at a time and in order: prepared, applied, told, answered.
// The only place where the engine's `image` changes.
// Always: `queuedOffset` is the newest batch that was handed over, so that nobody hands it over again.
import { assert } from '@moldau/kernel';
import type { ImageListener, ImagePreparation } from '../../engine.ts';
import { ClusterImage } from '../../image.ts';
import type { MetadataBatch } from '../../records.ts';
import { imageDifference } from './image-difference.ts';

interface Item {
  readonly batch: MetadataBatch;
  readonly picture: ClusterImage | undefined;
  readonly done: () => void;
}

export class Applier {
  #image: ClusterImage = ClusterImage.empty;
  #queuedOffset = -1;
  #queue: Item[] = [];
  #running: Promise<void> | undefined;
  readonly #followers = new Set<{ listener: ImageListener; preparation: ImagePreparation | undefined }>();
  /** A preparation or listener that throws is a defect: nothing is applied after it. */
  #broken: unknown;
  readonly #onBroken: (error: unknown) => void;

  constructor(onBroken: (error: unknown) => void) {
    this.#onBroken = onBroken;
  }

  get image(): ClusterImage {
    return this.#image;
  }

  get queuedOffset(): number {
    return this.#queuedOffset;
  }

  follow(listener: ImageListener, preparation?: ImagePreparation): () => void {
    const entry = { listener, preparation };
    this.#followers.add(entry);
    return () => this.#followers.delete(entry);
  }

  /**
   * Resolves when the batch is applied and every follower was told. `picture`: with this batch, where it is worked out
   * already.
   */
  apply(batch: MetadataBatch, picture?: ClusterImage): Promise<void> {
    assert(batch.offset === this.#queuedOffset + 1, `batch ${batch.offset} follows ${this.#queuedOffset}`);
    return this.#enqueue(batch, picture);
  }

  /** Goes on from a later picture. Followers hear of one batch that says what is different. */
  async jump(picture: ClusterImage): Promise<void> {
    await this.#running;
    if (picture.offset <= this.#queuedOffset) return;
    const records = imageDifference(this.#image, picture);
    await this.#enqueue({ offset: picture.offset, epoch: picture.epoch, records }, picture);
  }

  /** Everything that was handed over is applied. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #enqueue(batch: MetadataBatch, picture: ClusterImage | undefined): Promise<void> {
    this.#queuedOffset = batch.offset;
    return new Promise((done) => {
      this.#queue.push({ batch, picture, done });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // Not before `#running` is set.
    await Promise.resolve();
    for (let item = this.#queue.shift(); item && this.#broken === undefined; item = this.#queue.shift()) {
      try {
        const previous = this.#image;
        const image = item.picture ?? previous.apply(item.batch);
        const batch = previous.inEffect(item.batch);
        for (const { preparation } of [...this.#followers]) {
          const prepared = preparation?.(image, previous, batch);
          if (prepared !== undefined) await prepared;
        }
        this.#image = image;
        for (const { listener } of [...this.#followers]) listener(image, previous, batch);
        item.done();
      } catch (error) {
        this.#broken = error;
        this.#onBroken(error);
      }
    }
    this.#running = undefined;
  }
}

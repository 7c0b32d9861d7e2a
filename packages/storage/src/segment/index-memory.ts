// The budget of index memory of closed segments. A segment being written keeps its indexes; those of the others are read
// when a lookup needs them and let go, least lately used first, when there are too many.
import type { Segment } from './segment.ts';

export class IndexMemory {
  readonly bytesMax: number;
  #usedBytes = 0;
  /** In the order of their last use: a Map keeps the order of insertion. */
  readonly #loaded = new Map<Segment, number>();

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The closed segment's indexes have been used just now. */
  touch(segment: Segment): void {
    const bytes = segment.indexMemoryBytes;
    const before = this.#loaded.get(segment);
    if (before !== undefined) {
      this.#loaded.delete(segment);
      this.#usedBytes -= before;
    }
    if (bytes === 0) return;
    this.#loaded.set(segment, bytes);
    this.#usedBytes += bytes;
    for (const [oldest, held] of this.#loaded) {
      if (this.#usedBytes <= this.bytesMax || oldest === segment) break;
      this.#loaded.delete(oldest);
      this.#usedBytes -= held;
      oldest.indexes = undefined;
    }
  }

  /** The segment is gone, or written to again. */
  forget(segment: Segment): void {
    const held = this.#loaded.get(segment);
    if (held === undefined) return;
    this.#loaded.delete(segment);
    this.#usedBytes -= held;
  }
}

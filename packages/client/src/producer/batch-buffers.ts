// Buffers of acknowledged batches, for the next ones to be written in (Kafka's BufferPool). Without it every large batch is
// memory asked of the system and given back by the garbage collector, which then takes a fifth of a producer's time.
// Bound: BYTES_MAX kept, beside buffer.memory; for one more the oldest are left to the collector.

/** Smaller ones cost nothing to make. */
const WORTH_KEEPING_BYTES = 8 << 10;
/** Sizes are whole multiples of this, or batches that differ by a few bytes would not fit into each other's buffers. */
const STEP_BYTES = 16 << 10;
/** Kept at most: some batches of 1 MiB each of a few requests under way. */
const BYTES_MAX = 8 << 20;

export class BatchBuffers {
  readonly #free: Buffer[] = [];
  #bytes = 0;

  /** Bytes kept for reuse. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A kept buffer of at least `capacityBytes`, or how many bytes to take when there is none that fits. */
  take(capacityBytes: number): Buffer | number {
    if (capacityBytes < WORTH_KEEPING_BYTES) return capacityBytes;
    // The last one given back is the one whose memory is warm.
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const buffer = this.#free[i]!;
      // A far larger one would be held by a small batch while a large one makes its own.
      if (buffer.length < capacityBytes || buffer.length > 4 * capacityBytes) continue;
      this.#free.splice(i, 1);
      this.#bytes -= buffer.length;
      return buffer;
    }
    return Math.ceil(capacityBytes / STEP_BYTES) * STEP_BYTES;
  }

  giveBack(buffer: Buffer): void {
    if (buffer.length < WORTH_KEEPING_BYTES || buffer.length > BYTES_MAX) return;
    while (this.#bytes + buffer.length > BYTES_MAX) this.#bytes -= this.#free.shift()!.length;
    this.#free.push(buffer);
    this.#bytes += buffer.length;
  }
}

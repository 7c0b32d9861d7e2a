// The memory that requests may hold together (`queued.max.request.bytes`). A frame is admitted while anything is left and
// may overdraw once, as in Kafka's memory pool, so that one large request never waits for ever; then connections wait in
// turn with their sockets paused.
// Always: every admitted byte is given back exactly once, when its request is answered or its connection ends.

/** Used when `queued.max.request.bytes` is -1, where Kafka would have no bound. */
export const requestBytesMaxDefault = 256 * 1024 * 1024;

export class RequestBudget {
  readonly #bytesMax: number;
  #held = 0;
  readonly #waiting = new Set<() => void>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** Takes `bytes`, or answers false and calls `retry` once when it is worth asking again. */
  admit(bytes: number, retry: () => void): boolean {
    if (this.#held >= this.#bytesMax) {
      this.#waiting.add(retry);
      return false;
    }
    this.#held += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
    if (this.#waiting.size === 0) return;
    for (const retry of this.#waiting) {
      if (this.#held >= this.#bytesMax) return;
      this.#waiting.delete(retry);
      retry();
    }
  }

  /** A connection that ended waits no longer. */
  forget(retry: () => void): void {
    this.#waiting.delete(retry);
  }
}

// Who waits for a log to be persisted up to an offset. Many per turn, nearly always in rising order.

export type PersistedCallback<E> = (error?: E) => void;

export class PersistenceWaiters<E> {
  #offsets: number[] = [];
  #callbacks: PersistedCallback<E>[] = [];
  #first = 0;

  get size(): number {
    return this.#offsets.length - this.#first;
  }

  add(offset: number, done: PersistedCallback<E>): void {
    let at = this.#offsets.length;
    while (at > this.#first && this.#offsets[at - 1]! > offset) at--;
    if (at === this.#offsets.length) {
      this.#offsets.push(offset);
      this.#callbacks.push(done);
    } else {
      this.#offsets.splice(at, 0, offset);
      this.#callbacks.splice(at, 0, done);
    }
  }

  /** Calls everyone who waited for an offset up to `end`. A callback may add waiters. */
  release(end: number): void {
    while (this.#first < this.#offsets.length && this.#offsets[this.#first]! <= end) {
      this.#callbacks[this.#first++]!();
    }
    if (this.#first === this.#offsets.length) {
      if (this.#first > 0) {
        this.#offsets.length = 0;
        this.#callbacks.length = 0;
        this.#first = 0;
      }
    } else if (this.#first > 256) {
      this.#offsets.splice(0, this.#first);
      this.#callbacks.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** Tells everyone why it will not happen. */
  reject(error: E): void {
    const callbacks = this.#callbacks.slice(this.#first);
    this.#offsets.length = 0;
    this.#callbacks.length = 0;
    this.#first = 0;
    for (const callback of callbacks) callback(error);
  }
}

// Pure: what waits for a partition. Producers wait for an offset to be safe, fetches for bytes to come. Deadlines are the
// business of whoever parks (see deadlines.ts): a waiter that timed out ignores its release.
// Always: waiters of an offset are released in the order of offsets, each once.

/** What keeps a waiter from ever being released; or what it waited for came, on fewer replicas than it asked for. */
export type WaitFailure = 'offline' | 'notLeader' | 'notEnoughReplicas';

export type OffsetWaiter = (failure?: WaitFailure) => void;

/** Waiters for an offset, released as it is reached. Offsets are added in rising order almost always (log order). */
export class OffsetWaiters {
  #offsets: number[] = [];
  #waiters: (OffsetWaiter | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#offsets.length - this.#head;
  }

  add(offset: number, waiter: OffsetWaiter): void {
    const last = this.#offsets.length - 1;
    if (this.size === 0 || offset >= this.#offsets[last]!) {
      this.#offsets.push(offset);
      this.#waiters.push(waiter);
      return;
    }
    // A duplicate of an earlier batch waits for an earlier offset: rare, and the queue is short.
    let at = last;
    while (at > this.#head && this.#offsets[at - 1]! > offset) at--;
    this.#offsets.splice(at, 0, offset);
    this.#waiters.splice(at, 0, waiter);
  }

  /** Calls every waiter for an offset at or below `reached`. */
  release(reached: number, failure?: WaitFailure): void {
    while (this.#head < this.#offsets.length && this.#offsets[this.#head]! <= reached) this.#take()(failure);
    this.#shrink();
  }

  /** Calls every waiter with the reason why it waits in vain. */
  fail(failure: WaitFailure): void {
    while (this.#head < this.#offsets.length) this.#take()(failure);
    this.#shrink();
  }

  #take(): OffsetWaiter {
    const waiter = this.#waiters[this.#head]!;
    this.#waiters[this.#head++] = undefined;
    return waiter;
  }

  #shrink(): void {
    if (this.#head === this.#offsets.length) {
      this.#offsets.length = 0;
      this.#waiters.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#offsets = this.#offsets.slice(this.#head);
      this.#waiters = this.#waiters.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** Somebody who wants to know that a partition has more to read, or is not what it was. */
export interface GrowthWatcher {
  /** `bytes` more can be read than at the last call (an estimate; at least 1). */
  grown(bytes: number): void;
  /** The partition is gone, offline or led elsewhere: look at once. */
  changed(): void;
}

/** A parked fetch: ready once enough bytes have come over all its partitions, or when something changed. */
export class ParkedFetch implements GrowthWatcher {
  #bytesMissing: number;
  #ready = false;
  readonly #wake: () => void;

  constructor(bytesMissing: number, wake: () => void) {
    this.#bytesMissing = bytesMissing;
    this.#wake = wake;
  }

  grown(bytes: number): void {
    this.#bytesMissing -= bytes;
    if (this.#bytesMissing <= 0) this.changed();
  }

  changed(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#wake();
  }
}

// Where records without a key go: to one partition until a batch's worth is there, then to another, so that batches fill
// up instead of every partition getting a few records each (KIP-480, KIP-794). The next one is drawn at random; partitions
// whose batches pile up, because their broker is slow, are drawn less often. Pure, but for the random numbers handed in.

export interface StickyTopic {
  partition: number;
  /** Bytes sent there since it was chosen. */
  bytes: number;
}

export class StickyPartitioner {
  readonly #batchSize: number;
  readonly #adaptive: boolean;
  readonly #random: () => number;
  /** How many batches wait for the partition. */
  readonly #waiting: (topic: string, partition: number) => number;
  readonly #usable: ((topic: string, available: readonly number[]) => readonly number[]) | undefined;
  readonly #topics = new Map<string, StickyTopic>();

  constructor(o: {
    batchSize: number;
    adaptive: boolean;
    /** In [0, 1). */
    random: () => number;
    waiting: (topic: string, partition: number) => number;
    /** Those of the available partitions that may be drawn; default all. Never answers none. */
    usable?: ((topic: string, available: readonly number[]) => readonly number[]) | undefined;
  }) {
    this.#batchSize = o.batchSize;
    this.#adaptive = o.adaptive;
    this.#random = o.random;
    this.#waiting = o.waiting;
    this.#usable = o.usable;
  }

  /** The partition for the next record. `available`: those with a leader; `count`: of all, for when none has one. */
  current(topic: string, available: readonly number[], count: number): number {
    const state = this.#topics.get(topic);
    if (state && (available.length === 0 || available.includes(state.partition))) return state.partition;
    return this.#choose(topic, available, count);
  }

  /** Goes on to another partition: the batch at hand is full. Answers which. */
  next(topic: string, available: readonly number[], count: number): number {
    return this.#choose(topic, available, count);
  }

  /** So many bytes went to the current partition. */
  sent(topic: string, bytes: number, available: readonly number[], count: number): void {
    const state = this.#topics.get(topic);
    if (!state) return;
    state.bytes += bytes;
    if (state.bytes >= this.#batchSize) this.#choose(topic, available, count);
  }

  #choose(topic: string, available: readonly number[], count: number): number {
    const among = available.length > 0 && this.#usable ? this.#usable(topic, available) : available;
    const partition = among.length === 0 ? Math.floor(this.#random() * count) : among[this.#draw(topic, among)]!;
    this.#topics.set(topic, { partition, bytes: 0 });
    return partition;
  }

  /** Each partition's lot is what its queue falls short of the longest one, plus one. */
  #draw(topic: string, available: readonly number[]): number {
    if (!this.#adaptive) return Math.floor(this.#random() * available.length);
    let longest = 0;
    let sum = 0;
    for (const partition of available) {
      const waiting = this.#waiting(topic, partition);
      longest = Math.max(longest, waiting);
      sum += waiting;
    }
    let lot = this.#random() * (available.length * (longest + 1) - sum);
    for (let index = 0; index < available.length; index++) {
      lot -= longest + 1 - this.#waiting(topic, available[index]!);
      if (lot < 0) return index;
    }
    return available.length - 1;
  }
}

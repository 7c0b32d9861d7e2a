// Hands out producer ids from blocks that the controller grants. An id is given once in the life of the cluster: a block
// is durable before its first id leaves, and what is left of it at a stop is lost (invariant 28).

/** Ids `first` to `first + count - 1`. */
export interface ProducerIdBlock {
  readonly first: number;
  readonly count: number;
}

export class ProducerIds {
  readonly #allocate: () => Promise<ProducerIdBlock>;
  #next = 0;
  #end = 0;
  /** The block being asked for, if one is: all who wait share it. */
  #asking: Promise<void> | undefined;

  constructor(allocate: () => Promise<ProducerIdBlock>) {
    this.#allocate = allocate;
  }

  /** A fresh id. Rejects when the controller gives no block. */
  async next(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#asking ??= this.#ask();
      await this.#asking;
    }
    return this.#next++;
  }

  async #ask(): Promise<void> {
    try {
      const { first, count } = await this.#allocate();
      this.#next = first;
      this.#end = first + count;
    } finally {
      this.#asking = undefined;
    }
  }
}

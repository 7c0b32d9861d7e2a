// Work that may be late: index files, snapshots, checkpoints. One piece after another, one at the end of each turn, so that
// none of it holds an append up. A failure is told to the owner and does not stop the rest.

export class BackgroundQueue {
  readonly #afterTurn: (run: () => void) => void;
  readonly #failed: (error: unknown) => void;
  #queue: (() => Promise<void> | void)[] = [];
  #running = false;
  #drained: (() => void)[] = [];

  constructor(afterTurn: (run: () => void) => void, failed: (error: unknown) => void) {
    this.#afterTurn = afterTurn;
    this.#failed = failed;
  }

  add(run: () => Promise<void> | void): void {
    this.#queue.push(run);
    if (!this.#running) this.#start();
  }

  /** Everything added so far is done. */
  drained(): Promise<void> {
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #start(): void {
    this.#running = true;
    this.#afterTurn(() => void this.#run());
  }

  async #run(): Promise<void> {
    const run = this.#queue.shift();
    try {
      await run?.();
    } catch (error) {
      this.#failed(error);
    }
    if (this.#queue.length > 0) {
      this.#afterTurn(() => void this.#run());
      return;
    }
    this.#running = false;
    const drained = this.#drained;
    this.#drained = [];
    for (const resolve of drained) resolve();
  }
}

// A write of shared state (a checkpoint, a directory sync) that many ask for: those who ask while one is under way share
// the next one, because the one under way may have missed what they changed.

export class SharedRun {
  readonly #run: () => Promise<void>;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** Resolves when a run that started after this call is done. */
  request(): Promise<void> {
    if (!this.#current) return this.#start();
    this.#next ??= this.#current.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const running = this.#run().finally(() => {
      if (this.#current === running) this.#current = undefined;
    });
    this.#current = running;
    return running;
  }
}

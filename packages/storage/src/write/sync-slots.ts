// How many syncs may be under way at a time, over all logs. A log that waits for its turn gathers what arrives meanwhile,
// so the same requests need fewer syncs; and each sync costs the processor some 60 us, however little it brings to disk.

export class SyncSlots {
  readonly #slots: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Runs `start` when a slot is free: now, or later in the order of asking. It must `release` when its sync is done. */
  take(start: () => void): void {
    if (this.#taken < this.#slots) {
      this.#taken++;
      start();
    } else {
      this.#waiting.push(start);
    }
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken--;
  }
}

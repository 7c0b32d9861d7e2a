// Which records are still open, by era: a flush begins a new era and waits for those before it. Pure.

export class Flushes {
  /** Records not settled, by era. */
  readonly #open = new Map<number, number>();
  readonly #waiting: { readonly era: number; readonly done: () => void }[] = [];
  #era = 0;

  /** Of records taken now. */
  get era(): number {
    return this.#era;
  }

  /** A flush is under way. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get hasOpen(): boolean {
    return this.#open.size > 0;
  }

  taken(): void {
    this.#open.set(this.#era, (this.#open.get(this.#era) ?? 0) + 1);
  }

  settled(era: number, count: number): void {
    const left = this.#open.get(era)! - count;
    if (left > 0) {
      this.#open.set(era, left);
      return;
    }
    this.#open.delete(era);
    for (let i = 0; i < this.#waiting.length; ) {
      const flush = this.#waiting[i]!;
      if (this.#hasOpenUpTo(flush.era)) i++;
      else this.#waiting.splice(i, 1)[0]!.done();
    }
  }

  /** Calls `done` when every record taken so far is settled. False: they are already, and `done` is not called. */
  begin(done: () => void): boolean {
    const era = this.#era;
    if (!this.#hasOpenUpTo(era)) return false;
    this.#era++;
    this.#waiting.push({ era, done });
    return true;
  }

  #hasOpenUpTo(era: number): boolean {
    for (const open of this.#open.keys()) if (open <= era) return true;
    return false;
  }
}

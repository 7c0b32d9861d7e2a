// Pure: an amount a second over a sliding row of windows (Kafka: SampledStat and Rate with a time window).
// Always: the divisor is never less than `windows - 1` whole windows, so that a burst at the start is an average too.

/** What was recorded while one window lasted. */
interface Sample {
  startedAtMs: number;
  amount: number;
}

export class SampledRate {
  readonly #windows: number;
  readonly #windowMs: number;
  /** Oldest first; at most `#windows`. */
  readonly #samples: Sample[] = [];

  /** `windows` and `windowMs`: quota.window.num and quota.window.size.seconds. */
  constructor(windows: number, windowMs: number) {
    this.#windows = windows;
    this.#windowMs = windowMs;
  }

  record(amount: number, now: number): void {
    let last = this.#samples.at(-1);
    if (!last || now - last.startedAtMs >= this.#windowMs) {
      last = { startedAtMs: now, amount: 0 };
      this.#samples.push(last);
      if (this.#samples.length > this.#windows) this.#samples.shift();
    }
    last.amount += amount;
  }

  /** Units a second at `now`. */
  rate(now: number): number {
    return this.#total(now) / (this.#stretchMs(now) / 1_000);
  }

  /**
   * How long nothing may follow until the rate is `limit` again, in milliseconds (Kafka: QuotaUtils.throttleTime): the
   * stretch that is too much, over the stretch that was looked at. 0 while the rate is within.
   */
  throttleMs(limit: number, now: number): number {
    const rate = this.rate(now);
    if (rate <= limit) return 0;
    return Math.min(2 ** 31 - 1, Math.round(((rate - limit) / limit) * this.#stretchMs(now)));
  }

  /** Nothing was recorded within the windows. */
  idle(now: number): boolean {
    return this.#total(now) === 0;
  }

  #total(now: number): number {
    this.#forget(now);
    return this.#samples.reduce((sum, { amount }) => sum + amount, 0);
  }

  #stretchMs(now: number): number {
    this.#forget(now);
    const least = (this.#windows - 1) * this.#windowMs;
    const oldest = this.#samples[0];
    if (!oldest) return Math.max(least, this.#windowMs);
    const elapsed = now - oldest.startedAtMs;
    const missing = Math.max(0, this.#windows - 1 - Math.floor(elapsed / this.#windowMs));
    return Math.max(1, elapsed + missing * this.#windowMs);
  }

  #forget(now: number): void {
    while (this.#samples.length > 0 && now - this.#samples[0]!.startedAtMs >= this.#windows * this.#windowMs) {
      this.#samples.shift();
    }
  }
}

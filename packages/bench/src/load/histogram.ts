// Latencies without keeping each: buckets 2 % wide from a microsecond to a minute and a half. Adding costs one logarithm.
const GROWTH = Math.log(1.02);
const BUCKETS = 920;

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;
  #maximum = 0;

  add(milliseconds: number): void {
    const bucket = milliseconds <= 0.001 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(milliseconds * 1000) / GROWTH));
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#total++;
    if (milliseconds > this.#maximum) this.#maximum = milliseconds;
  }

  get count(): number {
    return this.#total;
  }

  get maximum(): number {
    return this.#maximum;
  }

  /** Upper edge of the bucket in which the quantile lies, in milliseconds; 0 when nothing was added. */
  quantile(q: number): number {
    let left = Math.ceil(this.#total * q);
    for (let bucket = 0; bucket < BUCKETS && this.#total > 0; bucket++) {
      left -= this.#counts[bucket] as number;
      if (left <= 0) return Math.min(this.#maximum, Math.exp(bucket * GROWTH) / 1000);
    }
    return this.#maximum;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#maximum = 0;
  }
}

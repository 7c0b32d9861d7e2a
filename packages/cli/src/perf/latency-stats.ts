// What the producer performance tool measures and prints: a line for each interval, a line at the end.
import { javaFixed } from '../text/java-text.ts';

const SAMPLES_MAX = 500_000;
const BYTES_PER_MB = 1024 * 1024;

/** Counts sends and their latencies. Percentiles come from at most half a million samples, taken evenly. */
export class LatencyStats {
  readonly #startedAt: number;
  readonly #intervalMs: number;
  readonly #sampleEvery: number;
  readonly #latencies: Int32Array;
  readonly #steady: boolean;
  readonly #print: (line: string) => void;
  #sampled = 0;
  #seen = 0;
  #count = 0;
  #bytes = 0;
  #latencyMax = 0;
  #latencySum = 0;
  #windowStartedAt: number;
  #windowCount = 0;
  #windowBytes = 0;
  #windowLatencyMax = 0;
  #windowLatencySum = 0;
  #quiet = false;

  constructor(options: {
    readonly records: number;
    readonly intervalMs: number;
    readonly now: number;
    /** The second counter of a run with warm-up. */
    readonly steady?: boolean;
    readonly print: (line: string) => void;
  }) {
    this.#startedAt = options.now;
    this.#windowStartedAt = options.now;
    this.#intervalMs = options.intervalMs;
    this.#steady = options.steady ?? false;
    this.#print = options.print;
    this.#sampleEvery = Math.floor(options.records / Math.min(options.records, SAMPLES_MAX));
    this.#latencies = new Int32Array(Math.floor(options.records / this.#sampleEvery) + 1);
  }

  /** Stops the interval lines, because the steady-state counter prints them from now on. */
  silence(): void {
    this.#quiet = true;
  }

  /** One acknowledged record. */
  record(latencyMs: number, bytes: number, now: number): void {
    this.#count++;
    this.#bytes += bytes;
    this.#latencySum += latencyMs;
    this.#latencyMax = Math.max(this.#latencyMax, latencyMs);
    this.#windowCount++;
    this.#windowBytes += bytes;
    this.#windowLatencySum += latencyMs;
    this.#windowLatencyMax = Math.max(this.#windowLatencyMax, latencyMs);
    if (this.#seen % this.#sampleEvery === 0) this.#latencies[this.#sampled++] = latencyMs;
    this.#seen++;
    if (now - this.#windowStartedAt < this.#intervalMs) return;
    if (this.#steady && this.#count === this.#windowCount) this.#print('In steady state.\n');
    if (!this.#quiet) this.#print(this.windowLine(now));
    this.#windowStartedAt = now;
    this.#windowCount = 0;
    this.#windowBytes = 0;
    this.#windowLatencyMax = 0;
    this.#windowLatencySum = 0;
  }

  windowLine(now: number): string {
    const seconds = (now - this.#windowStartedAt) / 1000;
    const rate = javaFixed(this.#windowCount / seconds, 1);
    const volume = javaFixed(this.#windowBytes / seconds / BYTES_PER_MB, 2);
    const average = javaFixed(this.#windowLatencySum / this.#windowCount, 1);
    return `${this.#windowCount} records sent, ${rate} records/sec (${volume} MB/sec), ${average} ms avg latency, ${javaFixed(this.#windowLatencyMax, 1)} ms max latency.\n`;
  }

  totalLine(now: number): string {
    const seconds = (now - this.#startedAt) / 1000;
    const rate = javaFixed(this.#count / seconds, 6);
    const volume = javaFixed(this.#bytes / seconds / BYTES_PER_MB, 2);
    const average = javaFixed(this.#latencySum / this.#count, 2);
    const [p50, p95, p99, p999] = this.#percentiles(0.5, 0.95, 0.99, 0.999);
    return (
      `${this.#count}${this.#steady ? ' steady state' : ''} records sent, ${rate} records/sec (${volume} MB/sec), ` +
      `${average} ms avg latency, ${javaFixed(this.#latencyMax, 2)} ms max latency, ` +
      `${p50} ms 50th, ${p95} ms 95th, ${p99} ms 99th, ${p999} ms 99.9th.\n`
    );
  }

  #percentiles(...fractions: number[]): number[] {
    const sorted = this.#latencies.subarray(0, this.#sampled).sort();
    return fractions.map((fraction) => sorted[Math.floor(fraction * sorted.length)] ?? 0);
  }
}

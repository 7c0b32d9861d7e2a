// What else is looked at while frames fly: whether the broker answers somebody else at once, and how much memory it has.
import { readFileSync } from 'node:fs';
import { APIS, encodeRequest } from '@moldau/protocol';
import { FuzzConnection } from './fuzz-connection.ts';

const EVERY_MS = 100;

export class Watch {
  readonly #host: string;
  readonly #port: number;
  readonly #pid: number | undefined;
  #connection: FuzzConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  /** Answers to a request on a quiet connection, in ms. */
  readonly #latencies: number[] = [];
  #worstSince = 0;
  readonly residentMb = { start: 0, peak: 0, end: 0 };

  constructor(host: string, port: number, pid: number | undefined) {
    this.#host = host;
    this.#port = port;
    this.#pid = pid;
  }

  start(): void {
    this.residentMb.start = this.#resident();
    this.#timer = setInterval(() => void this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#connection?.drop();
    this.residentMb.end = this.#resident();
  }

  /** The slowest answer since this was last asked, in ms. */
  worstSinceLast(): number {
    const worst = this.#worstSince;
    this.#worstSince = 0;
    return worst;
  }

  /** Milliseconds: the median, the 99th percentile, the worst. */
  latency(): { p50: number; p99: number; max: number } {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
  }

  async #look(): Promise<void> {
    this.#resident();
    if (this.#asking) return;
    this.#asking = true;
    const startedAt = performance.now();
    try {
      this.#connection ??= await FuzzConnection.open(this.#host, this.#port);
      await this.#connection.volley([METADATA], 0, 30_000);
      if (this.#connection.closed) this.#connection = undefined;
    } catch {
      // A broker that is gone is noticed where the frames go.
      this.#connection = undefined;
    }
    const tookMs = performance.now() - startedAt;
    this.#latencies.push(tookMs);
    this.#worstSince = Math.max(this.#worstSince, tookMs);
    this.#asking = false;
  }

  #resident(): number {
    if (this.#pid === undefined) return 0;
    try {
      const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8');
      const mb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      this.residentMb.peak = Math.max(this.residentMb.peak, mb);
      return mb;
    } catch {
      return 0;
    }
  }
}

const METADATA = Buffer.concat(
  encodeRequest(
    { api: APIS.Metadata, apiVersion: 4, correlationId: 0, clientId: 'watch' },
    { topics: [], allowAutoTopicCreation: false },
  ),
);

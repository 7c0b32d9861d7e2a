// How much each client may write and read here (KIP-13, KIP-55, KIP-219): every broker by itself, as in Kafka.
// In the flow: Produce and Fetch ask when they know their bytes; what they are told goes into the answer, and the
// connection takes up nothing new for so long. Where nobody set a quota this is one comparison a request.
// Bounded: at most `rememberedMax` allowances are kept, those used last.
import type { ClusterImage } from '@moldau/metadata';
import { matchQuota } from './quota-match.ts';
import { SampledRate } from './sampled-rate.ts';

export type ByteRate = 'producer_byte_rate' | 'consumer_byte_rate';

/** Who asks: what a quota can be set for. */
export interface QuotaClient {
  readonly principal: string;
  readonly clientId: string | null;
}

export interface QuotaWindows {
  /** quota.window.num */
  readonly windows: number;
  /** quota.window.size.seconds, in milliseconds. */
  readonly windowMs: number;
}

const rememberedMax = 10_000;

export class ClientQuotas {
  readonly #image: () => ClusterImage;
  readonly #windows: QuotaWindows;
  /** Used longest ago first. */
  readonly #rates = new Map<string, SampledRate>();

  constructor(image: () => ClusterImage, windows: QuotaWindows) {
    this.#image = image;
    this.#windows = windows;
  }

  /** Notes what passed; how long the client must hold back for it, in milliseconds, 0 for not at all. */
  passed(key: ByteRate, client: QuotaClient, bytes: number, now: number): number {
    const image = this.#image();
    if (!image.hasClientQuotas) return 0;
    const quota = matchQuota(image, key, client.principal, client.clientId);
    if (!quota) return 0;
    const rate = this.#rateOf(`${key} ${quota.sharedBy}`);
    rate.record(bytes, now);
    return rate.throttleMs(quota.limit, now);
  }

  /**
   * As `passed`, but what is too much is not noted: it does not pass now. To a client that had nothing for a whole row of
   * windows anything passes: one batch larger than the allowance would keep it waiting for ever (Kafka does).
   */
  mayPass(key: ByteRate, client: QuotaClient, bytes: number, now: number): number {
    if (bytes === 0) return 0;
    const image = this.#image();
    if (!image.hasClientQuotas) return 0;
    const quota = matchQuota(image, key, client.principal, client.clientId);
    if (!quota) return 0;
    const rate = this.#rateOf(`${key} ${quota.sharedBy}`);
    const idle = rate.idle(now);
    rate.record(bytes, now);
    const throttleMs = idle ? 0 : rate.throttleMs(quota.limit, now);
    if (throttleMs > 0) rate.record(-bytes, now);
    return throttleMs;
  }

  /** The most that may pass at once: a whole row of windows' worth. An answer larger than that would never be allowed. */
  bytesMax(key: ByteRate, client: QuotaClient): number {
    const image = this.#image();
    if (!image.hasClientQuotas) return Number.POSITIVE_INFINITY;
    const quota = matchQuota(image, key, client.principal, client.clientId);
    if (!quota) return Number.POSITIVE_INFINITY;
    const { windows, windowMs } = this.#windows;
    return Math.max(1, Math.floor((quota.limit * Math.max(1, windows - 1) * windowMs) / 1_000));
  }

  /** Allowances that are kept. For tests. */
  get remembered(): number {
    return this.#rates.size;
  }

  #rateOf(key: string): SampledRate {
    const rates = this.#rates;
    const rate = rates.get(key) ?? new SampledRate(this.#windows.windows, this.#windows.windowMs);
    // Used last stands last; whoever was quiet longest is forgotten, which costs an allowance too many at worst.
    rates.delete(key);
    rates.set(key, rate);
    if (rates.size > rememberedMax) rates.delete(rates.keys().next().value!);
    return rate;
  }
}

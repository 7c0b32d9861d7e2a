// Pure: how much replication traffic of throttled replicas may pass, one direction of one broker (KIP-73). In the flow: the
// leader asks before it reads for a follower that is not in sync, the follower before it fetches for a replica that is
// behind; both note what passed. Replicas in sync are never held back: that would take them out of the ISR.
// Always: over any stretch of time, what passes is at most `rate` bytes a second, one second's worth ahead, and one answer.
export class ReplicationQuota {
  readonly #rate: () => number;
  /** Bytes that may pass; negative after an answer that was larger. */
  #left = 0;
  #asOfMs = Number.NEGATIVE_INFINITY;

  /** `rate`: bytes a second, read at each use; at and beyond 2^53 there is no bound. */
  constructor(rate: () => number) {
    this.#rate = rate;
  }

  /** How long nothing may pass, in milliseconds; 0: it may. */
  waitMs(now: number): number {
    const rate = this.#rate();
    if (rate >= Number.MAX_SAFE_INTEGER) return 0;
    this.#refill(rate, now);
    if (this.#left > 0) return 0;
    // A rate of 0 stops everything: looked at again after a second.
    return rate === 0 ? 1_000 : Math.min(1_000, Math.ceil(((1 - this.#left) / rate) * 1_000));
  }

  passed(bytes: number, now: number): void {
    const rate = this.#rate();
    if (rate >= Number.MAX_SAFE_INTEGER) return;
    this.#refill(rate, now);
    this.#left -= bytes;
  }

  #refill(rate: number, now: number): void {
    const elapsedMs = Math.min(1_000, now - this.#asOfMs);
    this.#left = Math.min(rate, this.#left + (rate * elapsedMs) / 1_000);
    this.#asOfMs = now;
  }
}

/** Whether a topic's list of throttled replicas (`*`, or `partition:broker`) names this one. */
export function isThrottled(replicas: readonly string[], partition: number, brokerId: number): boolean {
  if (replicas.length === 0) return false;
  return replicas[0] === '*' || replicas.includes(`${partition}:${brokerId}`);
}

// Holds a sender to a rate, by short sleeps whenever it is ahead.

/** A rate in things per second; below 0 no limit, 0 never more than the first. Times in milliseconds. */
export class Throttle {
  readonly #perSecond: number;
  readonly #startedAt: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#startedAt = now;
  }

  /** How long to wait before the next one, after `sent` of them; 0 for not at all. */
  delayMs(sent: number, now: number): number {
    if (this.#perSecond < 0) return 0;
    if (this.#perSecond === 0) return Number.POSITIVE_INFINITY;
    const dueAt = this.#startedAt + (sent / this.#perSecond) * 1000;
    // Sleeping less than a timer can measure costs more than it holds back.
    return dueAt - now < 1 ? 0 : dueAt - now;
  }
}

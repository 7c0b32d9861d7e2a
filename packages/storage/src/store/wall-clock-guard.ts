// Retention by time compares record times with the wall clock, and a wall clock that jumps a year ahead would delete
// everything (S10). The monotonic clock tells that it jumped: deletion by time then waits an hour, for somebody to see it,
// before the new time is believed.
import type { Clock } from '@moldau/kernel';

const JUMP_MS_MAX = 3_600_000;
const HOLD_MS = 3_600_000;

export type WallClock =
  | { readonly kind: 'steady' }
  | { readonly kind: 'jumped'; readonly jumpMs: number; readonly resumesInMs: number };

export class WallClockGuard {
  readonly #clock: Clock;
  /** Wall clock minus monotonic, as believed. */
  #difference: number;
  #heldUntilMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#difference = clock.now() - clock.monotonic();
  }

  check(): WallClock {
    const monotonic = this.#clock.monotonic();
    const difference = this.#clock.now() - monotonic;
    const jumpMs = difference - this.#difference;
    if (Math.abs(jumpMs) <= JUMP_MS_MAX) {
      // Slow corrections are followed.
      this.#difference = difference;
      this.#heldUntilMs = undefined;
      return { kind: 'steady' };
    }
    this.#heldUntilMs ??= monotonic + HOLD_MS;
    if (monotonic >= this.#heldUntilMs) {
      this.#difference = difference;
      this.#heldUntilMs = undefined;
      return { kind: 'steady' };
    }
    return { kind: 'jumped', jumpMs, resumesInMs: this.#heldUntilMs - monotonic };
  }
}

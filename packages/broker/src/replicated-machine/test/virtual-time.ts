// A clock that moves when told, for tests of anything that waits: `advance` runs what is due on the way, `stall` lets time
// pass without running anything (the event loop hangs).
import { type Clock, DeadlineHeap, type Timers } from '@moldau/kernel';

export class VirtualTime {
  #monotonicMs = 0;
  readonly #wallStartMs: number;
  readonly #heap = new DeadlineHeap<() => void>();

  constructor(wallStartMs = 1_700_000_000_000) {
    this.#wallStartMs = wallStartMs;
  }

  readonly clock: Clock = {
    now: () => this.#wallStartMs + this.#monotonicMs,
    monotonic: () => this.#monotonicMs,
  };

  readonly timers: Timers = {
    set: (delayMs, run) => this.#heap.add(this.#monotonicMs + delayMs, run),
    clear: (handle) => {
      this.#heap.remove(handle as never);
    },
    afterTurn: (run) => {
      this.#heap.add(this.#monotonicMs, run);
    },
  };

  /** Lets `ms` pass, running what becomes due at its time. */
  advance(ms: number): void {
    const until = this.#monotonicMs + ms;
    for (let dueAt = this.#heap.nextDueAt; dueAt !== undefined && dueAt <= until; dueAt = this.#heap.nextDueAt) {
      this.#monotonicMs = Math.max(this.#monotonicMs, dueAt);
      this.#heap.takeDue(dueAt)!();
    }
    this.#monotonicMs = until;
  }

  /** Lets `ms` pass while nothing runs. */
  stall(ms: number): void {
    this.#monotonicMs += ms;
  }
}

// One heap and one timer for everything that waits in this broker: parked fetches and produces, coordinators' timers.
// Ten thousand waiting requests cost ten thousand array slots, not ten thousand timers.
import { type Clock, type Deadline, DeadlineHeap, type TimerHandle, type Timers } from '@moldau/kernel';

/** A handle to cancel with. */
export type DeadlineHandle = Deadline<() => void>;

export class Deadlines {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #heap = new DeadlineHeap<() => void>();
  #timer: TimerHandle | undefined;
  #timerDueAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  /** Waiting now. */
  get size(): number {
    return this.#heap.size;
  }

  /** Calls `run` once when the monotonic clock has reached `dueAtMs`; never inside this call. */
  at(dueAtMs: number, run: () => void): DeadlineHandle {
    const handle = this.#heap.add(dueAtMs, run);
    if (dueAtMs < this.#timerDueAt) this.#arm();
    return handle;
  }

  /** Cancels; a handle that ran or was cancelled already is ignored. The timer stays armed: it finds nothing and re-arms. */
  cancel(handle: DeadlineHandle): void {
    this.#heap.remove(handle);
  }

  /** Nothing runs from here on. */
  close(): void {
    this.#closed = true;
    if (this.#timer) this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer) this.#timers.clear(this.#timer);
    this.#timer = undefined;
    const dueAt = this.#heap.nextDueAt;
    this.#timerDueAt = dueAt ?? Number.POSITIVE_INFINITY;
    if (dueAt === undefined || this.#closed) return;
    // Rounded up: a timer that fires a fraction early would find nothing due and spin.
    const delayMs = Math.max(0, Math.ceil(dueAt - this.#clock.monotonic()));
    this.#timer = this.#timers.set(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonic();
    for (let run = this.#heap.takeDue(now); run && !this.#closed; run = this.#heap.takeDue(now)) run();
    this.#arm();
  }
}

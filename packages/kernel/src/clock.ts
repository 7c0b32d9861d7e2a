// Time comes in through these two ports. A state machine gets `now` as an argument instead and never sees them.

/** Reads time. The simulator's clock moves only when the simulation says so. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. May jump in both directions; use for record timestamps. */
  now(): number;
  /** Milliseconds from an arbitrary start, with a fraction. Never goes back; use for every deadline and duration. */
  monotonic(): number;
}

/** A scheduled call. Opaque: only the `Timers` that made it can clear it. */
export type TimerHandle = { readonly timer: unique symbol } | object;

/** Calls back later. Every callback runs on the event loop that set it, never inside `set`. */
export interface Timers {
  /** Calls `run` once after `delayMs` (0 or more; values beyond 2^31-1 are waited out in full, unlike setTimeout's). */
  set(delayMs: number, run: () => void): TimerHandle;
  /** Cancels; a handle that fired or was cleared already is ignored. */
  clear(handle: TimerHandle): void;
  /** Calls `run` once after the input that is ready now has been handled: the end of this turn of the event loop. */
  afterTurn(run: () => void): void;
}

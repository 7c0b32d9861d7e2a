import type { Clock, TimerHandle, Timers } from '../clock.ts';

/** The machine's clocks. */
export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Longest delay that Node's setTimeout honours; a longer one would fire after 1 ms. */
const DELAY_MS_MAX = 2 ** 31 - 1;

class NodeTimer {
  #timeout: NodeJS.Timeout | undefined;
  #leftMs: number;
  readonly #run: () => void;

  constructor(delayMs: number, run: () => void) {
    this.#leftMs = delayMs;
    this.#run = run;
    this.#arm();
  }

  #arm(): void {
    const step = Math.min(this.#leftMs, DELAY_MS_MAX);
    this.#leftMs -= step;
    this.#timeout = setTimeout(() => (this.#leftMs > 0 ? this.#arm() : this.#run()), step);
  }

  clear(): void {
    clearTimeout(this.#timeout);
  }
}

/** Node's timers, without the 24.8-day trap of setTimeout. */
export const nodeTimers: Timers = {
  set: (delayMs, run) => new NodeTimer(Math.max(0, delayMs), run),
  clear: (handle: TimerHandle) => (handle as NodeTimer).clear(),
  afterTurn: (run) => {
    setImmediate(run);
  },
};

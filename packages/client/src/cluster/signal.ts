import type { Timers } from '@moldau/kernel';

/** "Something happened": those who wait look again. Notifying when nobody waits is remembered for the next wait. */
export class Signal {
  #raised = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#raised = true;
    this.#wake?.();
  }

  /** Answers at the next notify (or at once when one came since the last wait), or after `timeoutMs`. One waiter. */
  wait(timers: Timers, timeoutMs: number): Promise<void> {
    if (this.#raised) {
      this.#raised = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = timers.set(timeoutMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        this.#raised = false;
        timers.clear(timer);
        resolve();
      };
    });
  }
}

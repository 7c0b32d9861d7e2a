import type { Timers } from '@moldau/kernel';

/** Answers after so many milliseconds. */
export function sleep(timers: Timers, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.set(delayMs, resolve);
  });
}

import type { Timers } from '@moldau/kernel';

/** Answers after so many milliseconds. */
export function sleep(timers: Timers, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.set(delayMs, resolve);
  });
}

/** Whether the promise settles within the time; leaves no timer behind, which would keep the process from ending. */
export async function settlesWithin(timers: Timers, delayMs: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = timers.set(delayMs, () => resolve(false));
    const settled = () => {
      timers.clear(timer);
      resolve(true);
    };
    promise.then(settled, settled);
  });
}

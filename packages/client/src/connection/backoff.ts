import type { Random } from '@moldau/kernel';

/** Pauses that double from `firstMs` to `maxMs`, each a random fifth longer or shorter, so that clients do not march in step. */
export interface BackoffSettings {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The pause after so many failures in a row (1 or more), in milliseconds. */
export function backoffMs(failures: number, { firstMs, maxMs }: BackoffSettings, random: Random): number {
  const plain = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.min(maxMs, plain * (0.8 + 0.4 * random.float()));
}

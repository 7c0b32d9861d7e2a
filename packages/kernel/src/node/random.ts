import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';

/** The operating system's generator for bytes; V8's for floats, which only spread load and jitter. */
export const nodeRandom: Random = {
  bytes: (count) => randomBytes(count),
  float: () => Math.random(),
};

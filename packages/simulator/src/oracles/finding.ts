// What a run found, in one word: which oracle said no. Two runs found the same when their words are the same; planted bugs
// say by which words they are to be found, and the shrinker keeps to the word that it began with.
import type { ViolationKind } from '@moldau/history';
import { Escaped } from '../world/world.ts';
import { Broken } from './broken.ts';

export type Finding =
  /** The number of an invariant that was broken. */
  | number
  /** What the history checker says. */
  | ViolationKind
  /** A phase did not come to its end. */
  | 'start'
  | 'liveness'
  | 'last read'
  /** An exception or rejection that nobody caught, in a broker or a client's code. */
  | 'escaped'
  /** A client loop ended with an error that it may not meet, or the world never waits. */
  | 'threw'
  /** The process died or was stuck. */
  | 'process';

/** Of a phase that failed: by an error, or because it did not come to its end. */
export function findingOf(failure: Error | undefined, phase: 'start' | 'liveness' | 'last read'): Finding {
  if (failure instanceof Broken) return failure.invariant;
  if (failure instanceof Escaped) return 'escaped';
  return failure ? 'threw' : phase;
}

// The log under a replicated machine, as the machine's runtime needs it. The broker's Partition implements it for
// internal topics; memory-log.ts implements it for tests.
import type { WireError } from '@moldau/protocol/errors';

/** An append that the log took: the records are in it and will be persisted in order. */
export interface Placed {
  readonly kind: 'placed';
  readonly baseOffset: number;
  /** One past the last record. */
  readonly endOffset: number;
}

/** An append of which nothing is in the log. */
export interface AppendRefused {
  readonly kind: 'refused';
  /** MESSAGE_TOO_LARGE, KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, … as a producer would get it. */
  readonly error: WireError;
  readonly detail: string;
}

export interface ShardLog {
  readonly startOffset: number;
  /** One past the last record in the log, persisted or not. */
  readonly endOffset: number;
  /**
   * Puts one record batch (v2, base offset 0) at the end, whole or not at all, before it returns: reads after this call
   * see it. The buffer becomes the log's, which writes offset and leader epoch into it.
   */
  append(batch: Buffer): Placed | AppendRefused;
  /**
   * Calls `done` once, not within this call, when everything below `endOffset` is as safe as the log's topic promises
   * (on disk on every in-sync replica); with an error when that can no longer happen here.
   */
  whenPersisted(endOffset: number, done: (error?: Error) => void): void;
  /** Whole batches from the one that holds `offset` on, about `bytesMax` bytes but at least one; empty at the end. */
  read(offset: number, bytesMax: number): Promise<Buffer>;
}

// What every log of one log directory shares: ports, budgets, and the directory's own fate.
import type { Clock, Disk, Random, Timers } from '@moldau/kernel';
import type { ReadBuffers } from './log/read-buffers.ts';
import type { PartitionLog } from './partition-log.ts';
import type { IndexMemory } from './segment/index-memory.ts';
import type { OpenFiles } from './segment/open-files.ts';
import type { StorageEvents } from './storage-event.ts';
import type { TailMemory } from './tail/tail.ts';
import type { SyncSlots } from './write/sync-slots.ts';
import type { TurnFlusher } from './write/turn-flusher.ts';

/** Counters since start, over all logs; the broker shows them as metrics. */
export interface StorageStats {
  writes: number;
  writtenBytes: number;
  /** Syncs and the time they took, summed. */
  syncs: number;
  syncMs: number;
  /** Reads and their bytes, by where they were served from. */
  tailReads: number;
  tailReadBytes: number;
  diskReads: number;
  diskReadBytes: number;
}

export interface StorageContext {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly files: OpenFiles;
  readonly tailMemory: TailMemory;
  readonly indexMemory: IndexMemory;
  readonly readBuffers: ReadBuffers;
  readonly flusher: TurnFlusher;
  readonly syncSlots: SyncSlots;
  readonly directory: DirectoryFate;
  readonly events: StorageEvents;
  readonly stats: StorageStats;
  readonly verifyReads: 'first' | 'never';
  readonly producerIdExpirationMs: number;
  /** The log's recovery point, epochs or indexes on disk lag behind; the next checkpoint pass looks at it. */
  changed(log: PartitionLog): void;
  /** Some high watermark, some start offset of the directory is not in its checkpoint. */
  highWatermarkMoved(): void;
  logStartMoved(): void;
  /** Writes the start offsets now; calls that come together share one write. */
  checkpointLogStarts(): Promise<void>;
  /** Removes files or directories after a while. */
  removeLater(paths: readonly string[], delayMs: number): void;
  /** Work that must not hold an append up: index files, snapshots, checkpoints. Runs soon, one after another. */
  later(run: () => Promise<void> | void): void;
}

export interface DirectoryFate {
  /** Of the log dir. */
  readonly path: string;
  /** Fences the directory: nothing in it is read, written or acknowledged any more. */
  fail(error: unknown): void;
  /** Makes the names of logs made or renamed so far durable; calls that come together share one sync. */
  syncNames(): Promise<void>;
}

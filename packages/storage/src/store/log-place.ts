// Where one log lives: what it shares with the other logs of its directory, and of which directory that is. A log that moves
// to another directory keeps its segments, its memory and everybody who waits for it; only this changes under it (see
// `log-move.ts`).
import type { Clock, Disk, Random, Timers } from '@moldau/kernel';
import type { ReadBuffers } from '../log/read-buffers.ts';
import type { PartitionLog } from '../partition-log.ts';
import type { IndexMemory } from '../segment/index-memory.ts';
import type { OpenFiles } from '../segment/open-files.ts';
import type { DirectoryFate, StorageContext, StorageStats } from '../storage-context.ts';
import type { StorageEvents } from '../storage-event.ts';
import type { TailMemory } from '../tail/tail.ts';
import type { SyncSlots } from '../write/sync-slots.ts';
import type { TurnFlusher } from '../write/turn-flusher.ts';
import type { LogDirectory } from './log-directory.ts';

export class LogPlace implements StorageContext {
  #directory: LogDirectory;

  constructor(directory: LogDirectory) {
    this.#directory = directory;
  }

  /** From here on the files are there; between two writes. */
  moveTo(directory: LogDirectory): void {
    this.#directory = directory;
  }

  get directory(): DirectoryFate {
    return this.#directory;
  }
  get disk(): Disk {
    return this.#directory.disk;
  }
  get clock(): Clock {
    return this.#directory.clock;
  }
  get timers(): Timers {
    return this.#directory.timers;
  }
  get random(): Random {
    return this.#directory.random;
  }
  get files(): OpenFiles {
    return this.#directory.files;
  }
  get tailMemory(): TailMemory {
    return this.#directory.tailMemory;
  }
  get indexMemory(): IndexMemory {
    return this.#directory.indexMemory;
  }
  get readBuffers(): ReadBuffers {
    return this.#directory.readBuffers;
  }
  get flusher(): TurnFlusher {
    return this.#directory.flusher;
  }
  get syncSlots(): SyncSlots {
    return this.#directory.syncSlots;
  }
  get events(): StorageEvents {
    return this.#directory.events;
  }
  get stats(): StorageStats {
    return this.#directory.stats;
  }
  get verifyReads(): 'first' | 'never' {
    return this.#directory.verifyReads;
  }
  get producerIdExpirationMs(): number {
    return this.#directory.producerIdExpirationMs;
  }

  changed(log: PartitionLog): void {
    this.#directory.changed(log);
  }
  highWatermarkMoved(): void {
    this.#directory.highWatermarkMoved();
  }
  logStartMoved(): void {
    this.#directory.logStartMoved();
  }
  checkpointLogStarts(): Promise<void> {
    return this.#directory.checkpointLogStarts();
  }
  removeLater(paths: readonly string[], delayMs: number): void {
    this.#directory.removeLater(paths, delayMs);
  }
  later(run: () => Promise<void> | void): void {
    this.#directory.later(run);
  }
}

// What runs over all logs from time to time: checkpoints, retention, forgetting of silent producers. A handful of timers
// for the whole store, and passes that look only at what changed; an idle broker does nothing here.
import type { TimerHandle } from '@moldau/kernel';
import { DiskError } from '@moldau/kernel';
import { retainLog } from '../log/retention.ts';
import type { LogDirectory, SharedContext } from './log-directory.ts';
import { WallClockGuard } from './wall-clock-guard.ts';

export interface HousekeepingIntervals {
  readonly retentionCheckIntervalMs: number;
  readonly flushOffsetCheckpointIntervalMs: number;
  readonly highWatermarkCheckpointIntervalMs: number;
  readonly producerIdExpirationCheckIntervalMs: number;
}

export class Housekeeping {
  readonly #shared: SharedContext;
  readonly #directories: readonly LogDirectory[];
  readonly #intervals: HousekeepingIntervals;
  readonly #timers = new Set<TimerHandle>();
  readonly #wallClock: WallClockGuard;
  /** The pass that is under way, and those behind it. */
  #pass: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(shared: SharedContext, directories: readonly LogDirectory[], intervals: HousekeepingIntervals) {
    this.#shared = shared;
    this.#directories = directories;
    this.#intervals = intervals;
    this.#wallClock = new WallClockGuard(shared.clock);
  }

  startCheckpoints(): void {
    this.#every(this.#intervals.flushOffsetCheckpointIntervalMs, () => this.#each((d) => d.checkpointPass()));
    this.#every(this.#intervals.highWatermarkCheckpointIntervalMs, () =>
      this.#each((directory) => directory.checkpointHighWatermarks()),
    );
  }

  startRetention(): void {
    this.#every(this.#intervals.retentionCheckIntervalMs, () => this.#retain());
    this.#every(this.#intervals.producerIdExpirationCheckIntervalMs, async () => {
      const now = this.#shared.clock.now();
      for (const directory of this.#directories) {
        for (const log of directory.logs.values()) {
          if (log.producerState.size > 0) log.producerState.expire(now, this.#shared.producerIdExpirationMs);
        }
      }
    });
  }

  /** No pass starts any more; resolves when none is under way (KAFKA-13315). */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) this.#shared.timers.clear(timer);
    this.#timers.clear();
    await this.#pass;
  }

  checkpoint(): Promise<void> {
    return this.#inTurn(() =>
      this.#each(async (directory) => {
        await directory.checkpointPass();
        await directory.checkpointHighWatermarks();
      }),
    );
  }

  retain(): Promise<void> {
    return this.#inTurn(() => this.#retain());
  }

  /** Passes never overlap: they write the same files. */
  #inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#pass.then(() => (this.#stopped ? undefined : run()));
    this.#pass = done.catch(() => {});
    return done;
  }

  async #retain(): Promise<void> {
    const byTime = this.#wallClock.check();
    if (byTime.kind === 'jumped') {
      const { jumpMs, resumesInMs } = byTime;
      this.#shared.events({ kind: 'retentionPaused', jumpMs, resumesInMs });
    }
    const nowMs = this.#shared.clock.now();
    await this.#each(async (directory) => {
      for (const log of directory.logs.values()) {
        if (this.#stopped || log.failure) continue;
        retainLog(directory, log, nowMs, byTime.kind === 'steady');
      }
    });
  }

  /** Runs over the directories that work; a disk error is the directory's fate. */
  async #each(run: (directory: LogDirectory) => Promise<void>): Promise<void> {
    for (const directory of this.#directories) {
      if (directory.failure) continue;
      try {
        await run(directory);
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
        directory.failUnlessPassing(error);
      }
    }
  }

  #every(intervalMs: number, run: () => Promise<void>): void {
    const arm = () => {
      if (this.#stopped) return;
      const timer = this.#shared.timers.set(intervalMs, () => {
        this.#timers.delete(timer);
        void this.#inTurn(run).finally(arm);
      });
      this.#timers.add(timer);
    };
    arm();
  }
}

// The moves of logs between directories that are under way: one for a log, a few at a time, the rest wait with their copies
// begun (so that whoever asks sees them). In the flow: AlterReplicaLogDirs → LogStore.move → here → `log-move`.
// Always: a move ends before another one of the same log begins; at `stop` nothing is under way any more.
import type { PartitionLog } from '../partition-log.ts';
import type { DelayedRemovals } from './delayed-removals.ts';
import type { LogDirectory, SharedContext } from './log-directory.ts';
import { LogMove, type MoveOutcome } from './log-move.ts';

export interface LogMovesParts {
  readonly shared: SharedContext;
  readonly removals: DelayedRemovals;
  readonly directoryOf: (log: PartitionLog) => LogDirectory;
  /** Writes the checkpoints of all directories that changed. */
  readonly checkpoint: () => Promise<void>;
  readonly bytesPerSecond: () => number;
}

/** Each reads and writes one file at a time: more would only make the disks seek. */
const AT_A_TIME = 2;

interface Entry {
  readonly move: LogMove;
  /** Settles when nothing of it is under way any more. */
  readonly settled: Promise<void>;
}

export class LogMoves {
  readonly #p: LogMovesParts;
  readonly #entries = new Map<PartitionLog, Entry>();
  readonly #settling = new Set<Promise<void>>();
  #running = 0;
  #waiting: (() => void)[] = [];
  #stopped = false;

  constructor(parts: LogMovesParts) {
    this.#p = parts;
  }

  of(log: PartitionLog): LogMove | undefined {
    return this.#entries.get(log)?.move;
  }

  /** Into this directory. */
  *into(directory: LogDirectory): IterableIterator<LogMove> {
    for (const { move } of this.#entries.values()) if (move.to === directory) yield move;
  }

  /** Begins to move a log, in place of a move under way. Throws DiskError where the copy cannot be begun. */
  begin(log: PartitionLog, to: LogDirectory): void {
    const { shared, bytesPerSecond, directoryOf } = this.#p;
    if (this.#stopped) return;
    const before = this.#entries.get(log);
    before?.move.end('cancelled');
    const from = directoryOf(log);
    const move = new LogMove({ ...{ log, from, to, shared, bytesPerSecond } });
    move.begin();
    shared.events({ kind: 'logMoveBegun', log: log.name, from: from.path, directory: to.path });
    const settled = this.#carryOut(move, before?.settled).finally(() => this.#settling.delete(settled));
    this.#settling.add(settled);
    this.#entries.set(log, { move, settled });
  }

  /** The log stays where it is, or is about to go for good. */
  cancel(log: PartitionLog): void {
    this.#entries.get(log)?.move.end('cancelled');
  }

  /** What is not done stays as it is and begins anew after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { move } of this.#entries.values()) move.end('stopped');
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#settling);
  }

  async #carryOut(move: LogMove, before: Promise<void> | undefined): Promise<void> {
    const { shared } = this.#p;
    await before;
    while (this.#running >= AT_A_TIME && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    const startedAt = shared.clock.monotonic();
    this.#running++;
    let outcome: MoveOutcome;
    try {
      outcome = await move.run();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
      if (this.#entries.get(move.log)?.move === move) this.#entries.delete(move.log);
    }
    await this.#settle(move, outcome, shared.clock.monotonic() - startedAt);
  }

  async #settle(move: LogMove, outcome: MoveOutcome, tookMs: number): Promise<void> {
    const { shared, removals, checkpoint } = this.#p;
    const { log, to, from } = move;
    if (outcome.kind === 'failed') {
      shared.events({ kind: 'logMoveFailed', log: log.name, directory: to.path, error: outcome.error });
    }
    if (outcome.kind !== 'moved') return;
    const { oldPath, movedFile, bytes } = outcome;
    removals.add([oldPath], log.config.fileDeleteDelayMs);
    shared.events({ kind: 'logMoved', log: log.name, from: from.path, directory: to.path, bytes, tookMs });
    try {
      // The file says what these are to say: it goes when they say it.
      await checkpoint();
      if (this.#stopped) return;
      await to.disk.remove(movedFile);
      await to.disk.syncDirectory(to.path);
    } catch (error) {
      to.failUnlessPassing(error);
    }
  }
}

// Work on records with order where order is due: units that share a line run one after the other, lines run side by side up
// to a bound. Knows how far each partition is done without a gap, which is what may be committed.
// Always: a partition's position is the first offset of its oldest unit that is not done (or where handing out stands, when
// all are done); units of partitions that were moved or taken away are dropped unless they run already.
import type { AssignedPartition } from './positions.ts';

export interface Unit {
  readonly entry: AssignedPartition;
  /** Units of one line keep their order. */
  readonly line: string;
  readonly firstOffset: number;
  /** Records in it. */
  readonly count: number;
  readonly run: () => void | Promise<void>;
}

interface Tracked extends Unit {
  state: 'waiting' | 'running' | 'done';
  startedAt: number;
}

export class WorkLines {
  readonly #concurrency: number;
  readonly #isCurrent: (entry: AssignedPartition) => boolean;
  readonly #now: () => number;
  readonly #onProgress: () => void;
  readonly #lines = new Map<string, Tracked[]>();
  /** Units not done without a gap, by partition, in order of offset. */
  readonly #open = new Map<AssignedPartition, Tracked[]>();
  /** First offset that will not be done, by partition: what comes after it does not count. */
  readonly #failedAt = new Map<AssignedPartition, number>();
  readonly #running = new Set<Tracked>();
  #openRecords = 0;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(o: {
    concurrency: number;
    isCurrent: (entry: AssignedPartition) => boolean;
    now: () => number;
    /** A unit is done or has failed. */
    onProgress: () => void;
  }) {
    this.#concurrency = o.concurrency;
    this.#isCurrent = o.isCurrent;
    this.#now = o.now;
    this.#onProgress = o.onProgress;
  }

  /** Records taken and not done. */
  get openRecords(): number {
    return this.#openRecords;
  }

  /** The first error of a unit. Nothing more is started after it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  openRecordsOf(entry: AssignedPartition): number {
    return (this.#open.get(entry) ?? []).reduce((sum, { count, state }) => sum + (state === 'done' ? 0 : count), 0);
  }

  /** How long the unit that runs longest has been running, in milliseconds; 0 when none does. */
  get longestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { startedAt } of this.#running) oldest = Math.min(oldest, startedAt);
    return oldest === Number.POSITIVE_INFINITY ? 0 : this.#now() - oldest;
  }

  add(unit: Unit): void {
    const tracked: Tracked = { ...unit, state: 'waiting', startedAt: 0 };
    push(this.#lines, unit.line, tracked);
    push(this.#open, unit.entry, tracked);
    this.#openRecords += unit.count;
  }

  /** Starts what may start. */
  pump(): void {
    for (const [name, line] of this.#lines) {
      if (this.#stopped || this.#running.size >= this.#concurrency) return;
      while (line[0] && line[0].state === 'waiting' && !this.#isCurrent(line[0].entry)) this.#forget(line.shift()!);
      const next = line[0];
      if (!next) this.#lines.delete(name);
      else if (next.state === 'waiting' && !next.entry.paused) void this.#start(next, line);
    }
  }

  /** Forgets what waits of these partitions (all when none are named), and answers when nothing of them runs. */
  async drain(entries?: ReadonlySet<AssignedPartition>): Promise<void> {
    const concerned = ({ entry }: Unit) => entries?.has(entry) ?? true;
    for (const [name, line] of this.#lines) {
      const kept = line.filter((unit) => unit.state !== 'waiting' || !concerned(unit));
      for (const unit of line) if (unit.state === 'waiting' && concerned(unit)) this.#forget(unit);
      if (kept.length === 0) this.#lines.delete(name);
      else this.#lines.set(name, kept);
    }
    while ([...this.#running].some(concerned)) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
  }

  /** Starts nothing more. */
  halt(): void {
    this.#stopped = true;
  }

  /** Starts nothing more; answers when what runs is done. */
  stop(): Promise<void> {
    this.halt();
    return this.drain();
  }

  async #start(unit: Tracked, line: Tracked[]): Promise<void> {
    unit.state = 'running';
    unit.startedAt = this.#now();
    this.#running.add(unit);
    try {
      await unit.run();
      unit.state = 'done';
      this.#openRecords -= unit.count;
    } catch (error) {
      this.#failure ??= { error };
      this.#stopped = true;
      this.#forget(unit);
    }
    this.#running.delete(unit);
    // drain may have put another list in the place of this one; the running unit is the first of either.
    const current = this.#lines.get(unit.line) ?? line;
    if (current[0] === unit) current.shift();
    if (current.length === 0) this.#lines.delete(unit.line);
    if (unit.state === 'done') this.#advance(unit.entry);
    for (const wake of this.#idleWaiters.splice(0)) wake();
    this.#onProgress();
    this.pump();
  }

  #advance(entry: AssignedPartition): void {
    const open = this.#open.get(entry) ?? [];
    while (open[0]?.state === 'done') open.shift();
    if (open.length === 0) this.#open.delete(entry);
    if (entry.position === undefined || !this.#isCurrent(entry)) return;
    entry.position = Math.min(open[0]?.firstOffset ?? entry.collected, this.#failedAt.get(entry) ?? entry.collected);
  }

  /** Will not be done: the partition's position does not pass it. */
  #forget(unit: Tracked): void {
    this.#openRecords -= unit.count;
    const open = this.#open.get(unit.entry);
    const index = open?.indexOf(unit) ?? -1;
    if (index >= 0) open!.splice(index, 1);
    if (open?.length === 0) this.#open.delete(unit.entry);
    const before = this.#failedAt.get(unit.entry) ?? Number.POSITIVE_INFINITY;
    if (this.#isCurrent(unit.entry)) this.#failedAt.set(unit.entry, Math.min(before, unit.firstOffset));
  }
}

function push<K, T>(lists: Map<K, T[]>, key: K, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

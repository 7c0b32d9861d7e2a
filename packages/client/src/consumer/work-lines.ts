// Work on records with order where order is due: units that share a line run one after the other, lines run side by side up
// to a bound; the steps of a unit (a batch's records) run in order, without a turn between those whose handler does not
// wait. Knows how far each partition is done without a gap, which is what may be committed.
// Always: a partition's position is the first offset of its oldest step that is not done (or where handing out stands, when
// all are done); steps of partitions that were moved, paused or taken away are not begun.
import type { AssignedPartition } from './positions.ts';

export interface Unit {
  readonly entry: AssignedPartition;
  /** Units of one line keep their order. */
  readonly line: string;
  /** How many times `run` is called, with 0, 1, …; at least 1. */
  readonly steps: number;
  /** Records in one step. */
  readonly recordsPerStep: number;
  /** Of all its records; held until the unit is over. */
  readonly bytes: number;
  /** Offset of the first record of a step. */
  offsetOf(step: number): number;
  run(step: number): void | Promise<void>;
}

interface Tracked {
  readonly unit: Unit;
  state: 'waiting' | 'running' | 'done';
  /** The step at hand, or the next one. */
  step: number;
  startedAt: number;
  /** Nothing of it is begun any more; the step at hand comes to its end. */
  dropped: boolean;
}

/** Handlers have the event loop for so long at a time: heartbeats and answers must have their turn. */
const TURN_MS = 10;
/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 32;

export class WorkLines {
  readonly #concurrency: number;
  readonly #isCurrent: (entry: AssignedPartition) => boolean;
  readonly #now: () => number;
  readonly #nextTurn: () => Promise<void>;
  readonly #onProgress: () => void;
  readonly #lines = new Map<string, Tracked[]>();
  /** Units not done without a gap, by partition, in order of offset. */
  readonly #open = new Map<AssignedPartition, Tracked[]>();
  /** First offset that will not be done, by partition: what comes after it does not count. */
  readonly #failedAt = new Map<AssignedPartition, number>();
  readonly #running = new Set<Tracked>();
  #openRecords = 0;
  #openBytes = 0;
  #stepsSinceLook = 0;
  /** When the event loop last had a turn that we know of. */
  #turnSince: number;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(o: {
    concurrency: number;
    isCurrent: (entry: AssignedPartition) => boolean;
    /** Monotonic milliseconds. */
    now: () => number;
    /** Answers once other work of the event loop had its turn. */
    nextTurn: () => Promise<void>;
    /** A unit is done or has failed. */
    onProgress: () => void;
  }) {
    this.#concurrency = o.concurrency;
    this.#isCurrent = o.isCurrent;
    this.#now = o.now;
    this.#nextTurn = o.nextTurn;
    this.#onProgress = o.onProgress;
    this.#turnSince = o.now();
  }

  /** Records taken and not done. */
  get openRecords(): number {
    return this.#openRecords;
  }

  /** Bytes of units that are not over. */
  get openBytes(): number {
    return this.#openBytes;
  }

  /** The first error of a unit. Nothing more is started after it. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  openRecordsOf(entry: AssignedPartition): number {
    let sum = 0;
    for (const tracked of this.#open.get(entry) ?? []) sum += openRecordsOf(tracked);
    return sum;
  }

  /** How long the step that runs longest has been running, in milliseconds; 0 when none does. */
  get longestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { startedAt } of this.#running) oldest = Math.min(oldest, startedAt);
    return oldest === Number.POSITIVE_INFINITY ? 0 : this.#now() - oldest;
  }

  add(unit: Unit): void {
    const tracked: Tracked = { unit, state: 'waiting', step: 0, startedAt: 0, dropped: false };
    push(this.#lines, unit.line, tracked);
    push(this.#open, unit.entry, tracked);
    this.#openRecords += unit.steps * unit.recordsPerStep;
    this.#openBytes += unit.bytes;
  }

  /** Starts what may start. */
  pump(): void {
    for (const [name, line] of this.#lines) {
      if (this.#stopped || this.#running.size >= this.#concurrency) return;
      while (line[0]?.state === 'waiting' && !this.#isCurrent(line[0].unit.entry)) this.#forget(line.shift()!);
      const next = line[0];
      if (!next) this.#lines.delete(name);
      else if (next.state === 'waiting' && !next.unit.entry.paused) void this.#start(next, line);
    }
  }

  /** Forgets what waits of these partitions (all when none are named), and answers when nothing of them runs. */
  async drain(entries?: ReadonlySet<AssignedPartition>): Promise<void> {
    const concerned = ({ unit }: Tracked) => entries?.has(unit.entry) ?? true;
    for (const [name, line] of this.#lines) {
      const kept: Tracked[] = [];
      for (const tracked of line) {
        if (!concerned(tracked)) kept.push(tracked);
        else if (tracked.state === 'waiting') this.#forget(tracked);
        else {
          tracked.dropped = true;
          kept.push(tracked);
        }
      }
      if (kept.length === 0) this.#lines.delete(name);
      else this.#lines.set(name, kept);
    }
    while ([...this.#running].some(concerned)) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
  }

  /**
   * Makes the calls that wait and answers when none is left that may begin: all are done, or a unit failed, or it was
   * halted, or what is left belongs to partitions that are paused.
   */
  async finish(): Promise<void> {
    this.pump();
    while (this.#running.size > 0) {
      // What ends wakes us and, before we go on, starts what is next.
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

  async #start(tracked: Tracked, line: Tracked[]): Promise<void> {
    const { unit } = tracked;
    tracked.state = 'running';
    this.#running.add(tracked);
    try {
      tracked.startedAt = this.#now();
      do {
        const running = unit.run(tracked.step);
        if (running !== undefined) {
          await running;
          tracked.startedAt = this.#now();
        }
        tracked.step++;
        this.#openRecords -= unit.recordsPerStep;
        if (tracked.step === unit.steps) tracked.state = 'done';
        this.#advance(unit.entry);
        if (++this.#stepsSinceLook >= STEPS_PER_LOOK) await this.#look(tracked);
      } while (this.#goesOn(tracked));
    } catch (error) {
      this.#failure ??= { error };
      this.#stopped = true;
      tracked.dropped = true;
    }
    this.#ended(tracked, line);
  }

  /** Gives way when the event loop was held for long; a handler whose promise is kept at once holds it just the same. */
  async #look(tracked: Tracked): Promise<void> {
    this.#stepsSinceLook = 0;
    if (this.#now() - this.#turnSince > TURN_MS) {
      await this.#nextTurn();
      this.#turnSince = this.#now();
    }
    tracked.startedAt = this.#now();
  }

  /** Whether the next step may begin at once. */
  #goesOn(tracked: Tracked): boolean {
    const { entry } = tracked.unit;
    return tracked.state === 'running' && !tracked.dropped && !this.#stopped && !entry.paused && this.#isCurrent(entry);
  }

  /** It runs no more: done, to be forgotten, or (its partition was paused) waiting again. */
  #ended(tracked: Tracked, line: Tracked[]): void {
    const { unit } = tracked;
    this.#running.delete(tracked);
    const resumable = !tracked.dropped && !this.#stopped && this.#isCurrent(unit.entry);
    if (tracked.state === 'running' && resumable) tracked.state = 'waiting';
    else {
      // drain may have put another list in the place of this one; the running unit is the first of either.
      const current = this.#lines.get(unit.line) ?? line;
      if (current[0] === tracked) current.shift();
      if (current.length === 0) this.#lines.delete(unit.line);
      if (tracked.state === 'running') this.#forget(tracked);
      else this.#openBytes -= unit.bytes;
    }
    for (const wake of this.#idleWaiters.splice(0)) wake();
    this.#onProgress();
    this.pump();
  }

  #advance(entry: AssignedPartition): void {
    const open = this.#open.get(entry);
    while (open?.[0]?.state === 'done') open.shift();
    if (open?.length === 0) this.#open.delete(entry);
    if (entry.position === undefined || !this.#isCurrent(entry)) return;
    const oldest = open?.[0];
    entry.position = Math.min(
      oldest ? oldest.unit.offsetOf(oldest.step) : entry.collected,
      this.#failedAt.get(entry) ?? entry.collected,
    );
  }

  /** What is left of it will not be done: the partition's position does not pass it. */
  #forget(tracked: Tracked): void {
    const { entry } = tracked.unit;
    this.#openRecords -= openRecordsOf(tracked);
    this.#openBytes -= tracked.unit.bytes;
    const open = this.#open.get(entry);
    const index = open?.indexOf(tracked) ?? -1;
    if (index >= 0) open!.splice(index, 1);
    if (open?.length === 0) this.#open.delete(entry);
    if (!this.#isCurrent(entry)) return;
    const before = this.#failedAt.get(entry) ?? Number.POSITIVE_INFINITY;
    this.#failedAt.set(entry, Math.min(before, tracked.unit.offsetOf(tracked.step)));
  }
}

function openRecordsOf({ unit, step, state }: Tracked): number {
  return state === 'done' ? 0 : (unit.steps - step) * unit.recordsPerStep;
}

function push<K, T>(lists: Map<K, T[]>, key: K, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

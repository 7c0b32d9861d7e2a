// The deadlines of all machines of one coordinator, by name, over the broker's one heap. Each machine has a scope of names.
//
// Naive way: move the heap entry whenever a member is heard of. With 100,000 members that is a sift of 17 levels for every
// heartbeat. Chosen way: a later deadline only overwrites a number; when the old entry comes up it finds the new time and
// goes back into the heap. A member so costs one heap operation per session timeout, however often it is heard of.
//
// Always: time that this broker slept through counts for nobody. After a stall of the event loop (a paused machine, a
// long garbage collection) heartbeats lie unread in the sockets while every deadline has passed; without this rule all
// members would be thrown out at once (hazard G3). The clock of deadlines therefore stands still during a stall.
import type { Clock } from '@moldau/kernel';

/** The heap that this stands on: `at` calls back once, `cancel` forgets. partition/deadlines.ts has the broker's. */
export interface DeadlineQueue<Handle> {
  at(dueAtMs: number, run: () => void): Handle;
  cancel(handle: Handle): void;
}

interface Entry<Handle> {
  /** On the clock that stands still during stalls. */
  dueAtMs: number;
  handle: Handle;
  /** Where the heap has it; `dueAtMs` may have moved on since. */
  queuedAtMs: number;
  readonly expired: (name: string) => void;
}

/** How often the loop's own pulse is taken while anything is waited for. */
const PULSE_MS = 1_000;
/** A pulse that comes later than this is a stall. Ordinary lateness (a busy turn, a slow collection) stays below. */
const STALL_MS = 1_000;

/** The clock that stands still during stalls, shared by all scopes. */
export class NamedTimers<Handle> {
  readonly clock: Clock;
  readonly queue: DeadlineQueue<Handle>;
  readonly #onStall: (stalledMs: number) => void;
  readonly #scopes = new Set<TimerScope<Handle>>();
  #stalledMs = 0;
  #pulse: Handle | undefined;
  #pulseDueAtMs = 0;
  #waitingCount = 0;
  #closed = false;

  constructor(clock: Clock, queue: DeadlineQueue<Handle>, onStall: (stalledMs: number) => void = () => {}) {
    this.clock = clock;
    this.queue = queue;
    this.#onStall = onStall;
  }

  /** Names of one owner, apart from everybody else's. */
  scope(): TimerScope<Handle> {
    const scope = new TimerScope(this);
    this.#scopes.add(scope);
    return scope;
  }

  /** Deadlines in all scopes. */
  get size(): number {
    return this.#waitingCount;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How long this broker has slept since the start, in all. */
  get stalledMs(): number {
    return this.#stalledMs;
  }

  /**
   * Says what time it is. The runtime calls this with every command, so that a command read right after a stall sets its
   * deadlines on the clock as it stands after it. Costs one comparison.
   */
  noticeStall(now: number): void {
    if (now - this.#pulseDueAtMs <= STALL_MS || this.#waitingCount === 0) return;
    // From the last sign of life on: nobody can have been heard since then. Too generous by less than one pulse.
    const stalledMs = now - (this.#pulseDueAtMs - PULSE_MS);
    this.#stalledMs += stalledMs;
    this.#pulseDueAtMs = now + PULSE_MS;
    this.#onStall(stalledMs);
  }

  /** For scopes: so many deadlines more or less. */
  count(change: number): void {
    this.#waitingCount += change;
    if (change > 0 && this.#pulse === undefined) this.#armPulse(this.clock.monotonic());
  }

  /** For scopes: one has closed. */
  forget(scope: TimerScope<Handle>): void {
    this.#scopes.delete(scope);
  }

  close(): void {
    this.#closed = true;
    for (const scope of [...this.#scopes]) scope.close();
    if (this.#pulse !== undefined) this.queue.cancel(this.#pulse);
    this.#pulse = undefined;
  }

  #armPulse(now: number): void {
    this.#pulseDueAtMs = now + PULSE_MS;
    this.#pulse = this.queue.at(this.#pulseDueAtMs, () => {
      this.#pulse = undefined;
      const at = this.clock.monotonic();
      this.noticeStall(at);
      if (this.#waitingCount > 0 && !this.#closed) this.#armPulse(at);
    });
  }
}

/** The deadlines of one owner. A name has one deadline. */
export class TimerScope<Handle> {
  readonly #timers: NamedTimers<Handle>;
  readonly #entries = new Map<string, Entry<Handle>>();
  #closed = false;

  constructor(timers: NamedTimers<Handle>) {
    this.#timers = timers;
  }

  /** Calls `expired(name)` once at `atMs` (monotonic), later by what the broker sleeps until then. Replaces an earlier time. */
  set(name: string, atMs: number, expired: (name: string) => void): void {
    if (this.#closed || this.#timers.closed) return;
    const dueAtMs = atMs - this.#timers.stalledMs;
    const known = this.#entries.get(name);
    if (known && known.expired === expired) {
      known.dueAtMs = dueAtMs;
      if (dueAtMs >= known.queuedAtMs) return;
      this.#timers.queue.cancel(known.handle);
      known.queuedAtMs = dueAtMs;
      known.handle = this.#timers.queue.at(atMs, () => this.#due(name, known));
      return;
    }
    if (known) this.cancel(name);
    const entry: Entry<Handle> = { dueAtMs, queuedAtMs: dueAtMs, expired, handle: undefined as Handle };
    entry.handle = this.#timers.queue.at(atMs, () => this.#due(name, entry));
    this.#entries.set(name, entry);
    this.#timers.count(1);
  }

  cancel(name: string): void {
    const entry = this.#entries.get(name);
    if (!entry) return;
    this.#entries.delete(name);
    this.#timers.queue.cancel(entry.handle);
    this.#timers.count(-1);
  }

  /** Cancels everything; nothing can be set here any more. */
  close(): void {
    this.#closed = true;
    for (const name of [...this.#entries.keys()]) this.cancel(name);
    this.#timers.forget(this);
  }

  #due(name: string, entry: Entry<Handle>): void {
    const now = this.#timers.clock.monotonic();
    // The pulse lies in the same heap and may come after this entry in the same late turn: look before judging.
    this.#timers.noticeStall(now);
    const dueAtMs = entry.dueAtMs + this.#timers.stalledMs;
    if (dueAtMs > now) {
      entry.queuedAtMs = entry.dueAtMs;
      entry.handle = this.#timers.queue.at(dueAtMs, () => this.#due(name, entry));
      return;
    }
    this.#entries.delete(name);
    this.#timers.count(-1);
    entry.expired(name);
  }
}

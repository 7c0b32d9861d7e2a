// The virtual world: one clock, one heap of events, one event at a time. An event runs, then every promise that it settled
// runs to its end, then the next event; so a whole cluster is one thread whose every interleaving is drawn from the seed.
// Always: the same seed gives the same events in the same order; `traceHash` says so in eight characters.
import { drainMicrotasks, inLoop, onUnhandled } from '../node/event-loop.ts';
import { EventHeap, type WorldEvent } from './event-heap.ts';
import type { Boot, Machine } from './machine.ts';
import { Prng } from './prng.ts';

export type { WorldEvent } from './event-heap.ts';

/** Events at one and the same time before we call it an endless loop: time that does not pass means that nobody waits. */
const EVENTS_AT_ONCE_MAX = 200_000;
/** Events run before the machine's own loop gets a turn. */
const EVENTS_PER_TURN = 2_000;

/** Code of a broker or client threw past its last boundary, or left a rejection to nobody. */
export class Escaped extends Error {}

export class World {
  readonly seed: string;
  readonly draws: Prng;
  /** Milliseconds since the world began, with a fraction. */
  now = 0;
  /** The wall clock at the beginning: 2026-01-01. */
  readonly wallStart = 1_767_225_600_000;
  events = 0;
  /** Told of every event before it runs, for a trace that people read. */
  onEvent: ((at: number, machine: string, label: string) => void) | undefined;
  /** Called after every event and its promises, with whose it was. */
  afterEvent: ((boot: Boot | undefined) => void) | undefined;
  /** The first thing that went wrong; ends the run. */
  failure: Error | undefined;
  readonly #heap = new EventHeap();
  readonly #ties: Prng;
  #order = 0;
  #hashA = 0x811c9dc5;
  #hashB = 0x9e3779b9;
  #atThisTime = 0;

  constructor(seed: string) {
    this.seed = seed;
    this.draws = new Prng(seed);
    this.#ties = this.draws.fork('ties');
  }

  /** All that happened so far, in eight characters. */
  get traceHash(): string {
    const mixed = Math.imul(this.#hashA ^ (this.#hashA >>> 15), 0x85ebca6b) ^ this.#hashB;
    return (mixed >>> 0).toString(16).padStart(8, '0');
  }

  /** Puts a number into the trace: sizes of what was sent or written, so that runs that differ in bytes differ in trace. */
  note(value: number): void {
    this.#hashA = Math.imul(this.#hashA ^ (value | 0), 0x01000193);
    this.#hashB = (Math.imul(this.#hashB, 31) + (value | 0)) | 0;
  }

  schedule(delayMs: number, boot: Boot | undefined, label: string, run: () => void): WorldEvent {
    const event: WorldEvent = {
      at: this.now + Math.max(0, delayMs),
      tie: this.#ties.uint32(),
      order: this.#order++,
      boot,
      label,
      run,
    };
    this.#heap.push(event);
    return event;
  }

  cancel(event: WorldEvent): void {
    event.run = undefined;
  }

  fail(error: Error): void {
    this.failure ??= error;
  }

  /** What a stalled machine missed, in its order, now. */
  release(machine: Machine): void {
    if (machine.stalledUntil > this.now) return;
    for (const event of machine.held.splice(0)) {
      event.at = this.now;
      event.tie = -1;
      event.order = this.#order++;
      this.#heap.push(event);
    }
  }

  /** Runs until `until` answers true, `endMs` is reached, or something fails. True: because of `until`. */
  async run(endMs: number, until: () => boolean = () => false): Promise<boolean> {
    const stopListening = onUnhandled((reason) => this.fail(escapedBy(reason)));
    try {
      for (;;) {
        // Unhandled rejections are told between two turns.
        const reached = await inLoop(() => (this.failure ? false : this.#some(endMs, until)));
        if (reached !== undefined) return reached && !this.failure;
      }
    } finally {
      await inLoop(() => {});
      stopListening();
    }
  }

  #some(endMs: number, until: () => boolean): boolean | undefined {
    for (let i = 0; i < EVENTS_PER_TURN; i++) {
      if (this.failure) return false;
      if (until()) return true;
      const first = this.#heap.first;
      if (!first || first.at > endMs) {
        this.now = Math.max(this.now, endMs);
        return false;
      }
      this.#step(this.#heap.pop()!);
    }
    return undefined;
  }

  #step(event: WorldEvent): void {
    const { run, boot, at, label } = event;
    if (!run) return;
    if (at > this.now) {
      this.now = at;
      this.#atThisTime = 0;
    } else if (++this.#atThisTime > EVENTS_AT_ONCE_MAX) {
      this.fail(new Error(`${EVENTS_AT_ONCE_MAX} events at ${at} ms, the last one '${label}': somebody never waits`));
      return;
    }
    if (boot) {
      if (!boot.alive) return;
      if (boot.machine.stalledUntil > at) {
        boot.machine.held.push(event);
        return;
      }
    }
    this.events++;
    this.note(at * 1000);
    this.note(label.length * 31 + label.charCodeAt(0));
    this.onEvent?.(at, boot?.machine.name ?? 'world', label);
    event.run = undefined;
    try {
      run();
    } catch (error) {
      this.fail(escapedBy(error));
    }
    drainMicrotasks();
    if (!this.afterEvent) return;
    try {
      this.afterEvent(boot);
    } catch (error) {
      this.fail(error as Error);
    }
  }
}

function escapedBy(reason: unknown): Error {
  const error = reason instanceof Error ? reason : new Error(String(reason));
  return new Escaped(`nobody caught: ${error.stack ?? error.message}`, { cause: error });
}

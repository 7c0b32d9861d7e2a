// What is to happen, soonest first. Equal times are told apart by a draw, then by order of arrival: the order of things
// that happen "at once" is part of what a seed decides.
import type { Boot } from './machine.ts';

export interface WorldEvent {
  at: number;
  tie: number;
  order: number;
  /** Whose code runs; undefined for the world itself. Nothing runs for a boot that is over. */
  readonly boot: Boot | undefined;
  /** What it is, for the trace. */
  readonly label: string;
  run: (() => void) | undefined;
}

export class EventHeap {
  readonly #events: WorldEvent[] = [];

  get size(): number {
    return this.#events.length;
  }

  get first(): WorldEvent | undefined {
    return this.#events[0];
  }

  push(event: WorldEvent): void {
    const events = this.#events;
    let at = events.length;
    events.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = events[parent]!;
      if (!before(event, above)) break;
      events[at] = above;
      at = parent;
    }
    events[at] = event;
  }

  pop(): WorldEvent | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (!first || !last || events.length === 0) return first;
    const { length } = events;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && before(events[child + 1]!, events[child]!)) child++;
      if (!before(events[child]!, last)) break;
      events[at] = events[child]!;
      at = child;
    }
    events[at] = last;
    return first;
  }
}

function before(a: WorldEvent, b: WorldEvent): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.tie !== b.tie) return a.tie < b.tie;
  return a.order < b.order;
}

// Things that are due at a time, soonest first. One runtime timer serves a whole heap, so that ten thousand parked
// requests or group members cost ten thousand array slots and not ten thousand timers.

interface Entry<T> {
  readonly dueAt: number;
  readonly order: number;
  readonly value: T;
  index: number;
}

/** A handle to remove an entry before it is due. */
export type Deadline<T> = Readonly<Entry<T>>;

/** A binary min-heap by due time; equal times leave in the order they came. */
export class DeadlineHeap<T> {
  readonly #entries: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** When the next entry is due, in the caller's time base; undefined when empty. */
  get nextDueAt(): number | undefined {
    return this.#entries[0]?.dueAt;
  }

  add(dueAt: number, value: T): Deadline<T> {
    const entry: Entry<T> = { dueAt, order: this.#order++, value, index: this.#entries.length };
    this.#entries.push(entry);
    this.#up(entry.index);
    return entry;
  }

  /** Removes an entry; false when it left already. */
  remove(deadline: Deadline<T>): boolean {
    const entry = deadline as Entry<T>;
    if (this.#entries[entry.index] !== entry) return false;
    const last = this.#entries.pop()!;
    if (last !== entry) {
      this.#entries[entry.index] = last;
      last.index = entry.index;
      this.#up(last.index);
      this.#down(last.index);
    }
    entry.index = -1;
    return true;
  }

  /** Takes the next entry that is due at `now`, or undefined. */
  takeDue(now: number): T | undefined {
    const first = this.#entries[0];
    if (!first || first.dueAt > now) return undefined;
    this.remove(first);
    return first.value;
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
  }

  #swap(i: number, j: number): void {
    const a = this.#entries[i]!;
    const b = this.#entries[j]!;
    this.#entries[i] = b;
    this.#entries[j] = a;
    b.index = i;
    a.index = j;
  }

  #up(start: number): void {
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(this.#entries[i]!, this.#entries[parent]!)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #down(start: number): void {
    let i = start;
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#entries.length && this.#before(this.#entries[child]!, this.#entries[least]!)) least = child;
      }
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }
}

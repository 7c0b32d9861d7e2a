// The segments of a log in the order of their offsets; the last one is the active one, where appends go.
import type { Segment } from './segment.ts';

export class SegmentList {
  readonly #segments: Segment[];

  /** At least one. */
  constructor(segments: Segment[]) {
    this.#segments = segments;
  }

  get active(): Segment {
    return this.#segments[this.#segments.length - 1]!;
  }

  get first(): Segment {
    return this.#segments[0]!;
  }

  get count(): number {
    return this.#segments.length;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get sizeBytes(): number {
    let bytes = 0;
    for (const segment of this.#segments) bytes += segment.sizeBytes;
    return bytes;
  }

  at(number: number): Segment | undefined {
    return this.#segments[number];
  }

  /** Number of the segment that `offset` belongs to: the last one with a base offset at or below it; -1 before the first. */
  floor(offset: number): number {
    const segments = this.#segments;
    let high = segments.length - 1;
    if (high >= 0 && segments[high]!.baseOffset <= offset) return high;
    let low = 0;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (segments[middle]!.baseOffset <= offset) low = middle + 1;
      else high = middle - 1;
    }
    return high;
  }

  includes(segment: Segment): boolean {
    return this.#segments[this.floor(segment.baseOffset)] === segment;
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Takes the first `count` off the list. */
  removeFirst(count: number): Segment[] {
    return this.#segments.splice(0, count);
  }

  /** Takes those from number `from` on off the list. */
  removeFrom(from: number): Segment[] {
    return this.#segments.splice(from);
  }
}

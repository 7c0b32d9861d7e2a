// Records that cannot be appended yet, because nothing is known of their topic or the buffer is full: held in order of
// arrival, topic by topic, for max.block.ms at most. Pure: `now` comes in.
// Bound: the producer refuses what would take more than buffer.memory here.
import type { RecordToAppend } from './accumulator.ts';

export interface Held extends RecordToAppend {
  readonly topic: string;
  readonly partition: number | undefined;
  readonly bytes: number;
  readonly heldAt: number;
  readonly era: number;
}

/** What a held record takes beside key and value: its object, its place in the line, its caller's promise. */
const OVERHEAD_BYTES = 100;

export function heldBytesOf({ key, value }: RecordToAppend): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + OVERHEAD_BYTES;
}

export class HeldRecords {
  readonly #lines = new Map<string, Held[]>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  has(topic: string): boolean {
    return this.#lines.has(topic);
  }

  topics(): string[] {
    return [...this.#lines.keys()];
  }

  /** Those of the topic, first come first. */
  of(topic: string): readonly Held[] {
    return this.#lines.get(topic) ?? [];
  }

  add(record: Held): void {
    this.#bytes += record.bytes;
    const line = this.#lines.get(record.topic);
    if (line) line.push(record);
    else this.#lines.set(record.topic, [record]);
  }

  /** Takes the first `count` of the topic out. */
  take(topic: string, count: number): Held[] {
    const line = this.#lines.get(topic);
    if (!line || count === 0) return [];
    const taken = line.splice(0, count);
    if (line.length === 0) this.#lines.delete(topic);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }

  takeAll(): Held[] {
    return this.topics().flatMap((topic) => this.take(topic, this.of(topic).length));
  }

  /** Takes those out that came before `time`. */
  takeOlder(time: number): Held[] {
    return this.topics().flatMap((topic) => {
      const line = this.of(topic);
      const kept = line.findIndex(({ heldAt }) => heldAt > time);
      return this.take(topic, kept < 0 ? line.length : kept);
    });
  }

  /** When the oldest came; Infinity when there is none. */
  get oldestAt(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values()) oldest = Math.min(oldest, line[0]!.heldAt);
    return oldest;
  }
}

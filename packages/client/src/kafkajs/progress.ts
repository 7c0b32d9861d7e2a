// How far the application has come in each partition, and how far that is committed. Pure.
// Always: `next` is the next record to read after what was resolved; a commit says it, never more.
import { byTopic, PartitionMap, type TopicPartition } from '../topic-partition.ts';
import type { Offsets } from './model.ts';

interface Entry extends TopicPartition {
  next: number;
  committed: number;
}

export class Progress {
  readonly #entries = new PartitionMap<Entry>();
  #resolvedSince = 0;

  /** How often something was resolved since the last commit. */
  get resolvedSinceCommit(): number {
    return this.#resolvedSince;
  }

  resolve({ topic, partition }: TopicPartition, next: number): void {
    this.#resolvedSince++;
    const entry = this.#entries.get(topic, partition);
    if (entry) entry.next = next;
    else this.#entries.set(topic, partition, { topic, partition, next, committed: -1 });
  }

  uncommitted(): (TopicPartition & { offset: number })[] {
    return [...this.#entries.values()]
      .filter(({ next, committed }) => next !== committed)
      .map(({ topic, partition, next }) => ({ topic, partition, offset: next }));
  }

  committed(offsets: readonly (TopicPartition & { readonly offset: number })[]): void {
    this.#resolvedSince = 0;
    for (const { topic, partition, offset } of offsets) {
      const entry = this.#entries.get(topic, partition);
      if (entry) entry.committed = offset;
    }
  }

  forget(partitions: Iterable<TopicPartition>): void {
    for (const { topic, partition } of partitions) this.#entries.delete(topic, partition);
  }
}

/** The shape that KafkaJS has offsets in. */
export function asOffsets(offsets: readonly (TopicPartition & { readonly offset: number })[]): Offsets {
  return {
    topics: [...byTopic(offsets)].map(([topic, entries]) => ({
      topic,
      partitions: entries.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
    })),
  };
}

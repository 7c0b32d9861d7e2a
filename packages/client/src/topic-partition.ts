/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** How Kafka writes it in texts: `topic-0`. The part after the last dash is the number, so the text is unambiguous. */
export function partitionText({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** A map by topic and partition, in the order of insertion, without a string built per lookup. */
export class PartitionMap<T> {
  readonly #topics = new Map<string, Map<number, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(topic: string, partition: number): T | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  has(topic: string, partition: number): boolean {
    return this.#topics.get(topic)?.has(partition) ?? false;
  }

  set(topic: string, partition: number, value: T): void {
    let partitions = this.#topics.get(topic);
    if (!partitions) {
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    if (!partitions.has(partition)) this.#size++;
    partitions.set(partition, value);
  }

  delete(topic: string, partition: number): boolean {
    const partitions = this.#topics.get(topic);
    if (!partitions?.delete(partition)) return false;
    if (partitions.size === 0) this.#topics.delete(topic);
    this.#size--;
    return true;
  }

  clear(): void {
    this.#topics.clear();
    this.#size = 0;
  }

  *values(): Generator<T, void, undefined> {
    for (const partitions of this.#topics.values()) yield* partitions.values();
  }

  *entries(): Generator<readonly [topic: string, partition: number, value: T], void, undefined> {
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, value] of partitions) yield [topic, partition, value];
    }
  }
}

/** Items of many partitions, gathered by topic: the shape that most requests have. */
export function byTopic<T extends { readonly topic: string }>(items: Iterable<T>): Map<string, T[]> {
  const topics = new Map<string, T[]>();
  for (const item of items) {
    const list = topics.get(item.topic);
    if (list) list.push(item);
    else topics.set(item.topic, [item]);
  }
  return topics;
}

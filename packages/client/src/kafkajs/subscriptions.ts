// What a consumer was told to subscribe to, and which partitions the application has paused. Pure.
import type { TopicPartition } from '../topic-partition.ts';
import { KafkaJSNonRetriableError } from './errors.ts';
import type { TopicPartitions } from './model.ts';

export class Subscriptions {
  readonly #entries: { readonly topic: string | RegExp; readonly fromBeginning: boolean }[] = [];

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  add(topic: string | RegExp, fromBeginning: boolean): void {
    if (!(topic instanceof RegExp) && (typeof topic !== 'string' || topic === '')) {
      throw new KafkaJSNonRetriableError(`${String(topic)} is not a topic; give a name or a RegExp.`);
    }
    this.#entries.push({ topic, fromBeginning });
  }

  /** The later of several entries for a topic holds. */
  isFromBeginning(topic: string): boolean {
    return this.#entries.findLast((entry) => matches(entry.topic, topic))?.fromBeginning ?? false;
  }

  /** Undefined: some topics are, some are not. */
  get allFromBeginning(): boolean | undefined {
    const [first, ...rest] = this.#entries.map(({ fromBeginning }) => fromBeginning);
    return rest.every((other) => other === first) ? first : undefined;
  }

  /** As the native consumer takes it: names, or one pattern for everything. */
  topics(): string[] | RegExp {
    const patterns = this.#entries.map(({ topic }) => topic).filter((topic) => topic instanceof RegExp);
    if (patterns.length === 0) return this.#entries.map(({ topic }) => topic as string);
    const flags = new Set(patterns.map((pattern) => pattern.flags.replaceAll(/[gy]/g, '')));
    if (flags.size > 1) throw new KafkaJSNonRetriableError('All patterns of a subscription must have the same flags.');
    const sources = this.#entries.map(({ topic }) =>
      topic instanceof RegExp ? `(?:${topic.source})` : `^${topic.replaceAll('.', '\\.')}$`,
    );
    return new RegExp(sources.join('|'), [...flags][0]);
  }
}

function matches(subscribed: string | RegExp, topic: string): boolean {
  if (typeof subscribed === 'string') return subscribed === topic;
  return new RegExp(subscribed.source, subscribed.flags.replaceAll(/[gy]/g, '')).test(topic);
}

/** Survives rebalances, as in KafkaJS: a topic paused as a whole is paused wherever its partitions go. */
export class Pauses {
  readonly #topics = new Map<string, { whole: boolean; partitions: Set<number> }>();

  pause(topic: string, partitions: readonly number[] | undefined): void {
    const entry = this.#topics.get(topic) ?? { whole: false, partitions: new Set<number>() };
    this.#topics.set(topic, entry);
    if (!partitions) entry.whole = true;
    // Under a pause of the whole topic the set holds the exceptions.
    else
      for (const partition of partitions)
        entry.whole ? entry.partitions.delete(partition) : entry.partitions.add(partition);
    if (!partitions) entry.partitions.clear();
  }

  resume(topic: string, partitions: readonly number[] | undefined): void {
    const entry = this.#topics.get(topic);
    if (!entry) return;
    if (!partitions) this.#topics.delete(topic);
    else
      for (const partition of partitions)
        entry.whole ? entry.partitions.add(partition) : entry.partitions.delete(partition);
  }

  has({ topic, partition }: TopicPartition): boolean {
    const entry = this.#topics.get(topic);
    return entry !== undefined && entry.whole !== entry.partitions.has(partition);
  }

  among(partitions: readonly TopicPartition[]): TopicPartitions[] {
    const topics = new Map<string, number[]>();
    for (const where of partitions.filter((one) => this.has(one))) {
      topics.set(where.topic, [...(topics.get(where.topic) ?? []), where.partition]);
    }
    return [...topics].map(([topic, paused]) => ({ topic, partitions: paused.sort((a, b) => a - b) }));
  }
}

// Where a record goes: to the partition it names, or where the application's own partitioner says, or by its key, or to the
// partition that keyless records stick to at the moment. Pure, but for the random numbers of the sticky one.
import type { PartitionMetadata, TopicMetadata } from '../cluster/metadata.ts';
import { KafkaError } from '../errors.ts';
import { partitionOfKey } from './murmur2.ts';
import type { Bytes, ProducerRecord } from './producer-model.ts';
import type { StickyPartitioner } from './sticky-partitioner.ts';

export interface PartitionerArgs<K = Bytes, V = Bytes> {
  readonly topic: string;
  /** All partitions of the topic, in the order of their numbers. */
  readonly partitions: readonly PartitionMetadata[];
  /** Numbers of those that have a leader; may be empty. */
  readonly available: readonly number[];
  readonly record: ProducerRecord<K, V>;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
}

/** Answers a partition; undefined leaves the record to the default. Runs once per record without a partition. */
export type PartitionerFunction<K = Bytes, V = Bytes> = (args: PartitionerArgs<K, V>) => number | undefined;

/** A partitioner with state of its own. */
export interface Partitioner<K = Bytes, V = Bytes> {
  partition: PartitionerFunction<K, V>;
  /** When the producer has been closed. */
  close?(): void;
}

/** One partition after the other, keys or not, among those with a leader (Java's RoundRobinPartitioner). */
export class RoundRobinPartitioner implements Partitioner<unknown, unknown> {
  readonly #turns = new Map<string, number>();

  partition({ topic, partitions, available }: PartitionerArgs<unknown, unknown>): number {
    const turn = this.#turns.get(topic) ?? 0;
    this.#turns.set(topic, (turn + 1) % 0x40000000);
    return available.length > 0 ? available[turn % available.length]! : turn % partitions.length;
  }
}

export interface Placement {
  readonly partition: number;
  /** Keyless records stick to it: another one is drawn when its batch is full. */
  readonly isSticky: boolean;
}

/** A record as the choice needs it. */
export interface RecordToPlace {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** As it was handed in; only where there is a partitioner of the application. */
  readonly source?: unknown;
}

export class Partitioning {
  readonly #own: Partitioner<never, never> | undefined;
  readonly #sticky: StickyPartitioner;
  readonly #ignoreKeys: boolean;

  constructor(o: {
    own: Partitioner<never, never> | undefined;
    sticky: StickyPartitioner;
    ignoreKeys: boolean;
  }) {
    this.#own = o.own;
    this.#sticky = o.sticky;
    this.#ignoreKeys = o.ignoreKeys;
  }

  /** Throws KafkaError when the application's partitioner fails or names a partition that is not there. */
  place(topic: TopicMetadata, wanted: number | undefined, record: RecordToPlace): Placement {
    if (wanted !== undefined) return { partition: wanted, isSticky: false };
    const own = this.#own ? this.#ask(this.#own, topic, record) : undefined;
    if (own !== undefined) return { partition: own, isSticky: false };
    const { key } = record;
    const count = topic.partitions.length;
    if (key !== null && !this.#ignoreKeys) return { partition: partitionOfKey(key, count), isSticky: false };
    return { partition: this.#sticky.current(topic.name, topic.available, count), isSticky: true };
  }

  /** The sticky partition's batch is full. */
  next(topic: TopicMetadata): number {
    return this.#sticky.next(topic.name, topic.available, topic.partitions.length);
  }

  sent(topic: TopicMetadata, bytes: number): void {
    this.#sticky.sent(topic.name, bytes, topic.available, topic.partitions.length);
  }

  close(): void {
    this.#own?.close?.();
  }

  #ask(
    own: Partitioner<never, never>,
    topic: TopicMetadata,
    { key, value, source }: RecordToPlace,
  ): number | undefined {
    const { name, partitions, available } = topic;
    let answer: unknown;
    try {
      answer = own.partition({
        topic: name,
        partitions,
        available,
        record: source as ProducerRecord<never, never>,
        keyBytes: key,
        valueBytes: value,
      });
    } catch (error) {
      throw new KafkaError('INVALID_ARGUMENT', {
        message: `The partitioner failed for a record of topic ${name}: ${String(error)}`,
        topic: name,
        cause: error,
      });
    }
    if (answer === undefined) return undefined;
    if (Number.isInteger(answer) && (answer as number) >= 0 && (answer as number) < partitions.length) {
      return answer as number;
    }
    throw new KafkaError('INVALID_ARGUMENT', {
      message: `The partitioner answered ${String(answer)}; topic ${name} has partitions 0 to ${partitions.length - 1}.`,
      topic: name,
    });
  }
}

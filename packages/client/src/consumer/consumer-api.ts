import type { TopicPartition } from '../topic-partition.ts';
import type { ConsumerEventListener, ConsumerEventName } from './consumer-events.ts';
import type {
  CommitCallback,
  ConsumerBatch,
  ConsumerMetrics,
  ConsumerRecord,
  EachMessageOptions,
  EachOptions,
  GroupMetadata,
  OffsetAndTimestamp,
  PartitionOffset,
  RebalanceListener,
} from './consumer-model.ts';
import type { SubscriptionPattern } from './subscription.ts';

/**
 * The surface of Consumer. As in Java, everything that changes what is assigned happens inside `poll` (which `for await`
 * calls), so records in the hands of the application are never given to another member behind its back; heartbeats go
 * on by themselves whatever the application does.
 */
export interface ConsumerApi<K = Buffer, V = Buffer> {
  /** Listens to what the consumer says by itself (`ConsumerEvents`); answers with the function that ends it. */
  on<E extends ConsumerEventName>(event: E, listener: ConsumerEventListener<E>): () => void;

  /**
   * Takes part in the group for these topics, or for all that match; replaces what was subscribed. A RegExp is applied
   * here, a SubscriptionPattern by the coordinator (group.protocol=consumer only).
   */
  subscribe(topics: string | readonly string[] | RegExp | SubscriptionPattern, listener?: RebalanceListener): void;
  unsubscribe(): Promise<void>;
  /** Reads these partitions without group management; replaces what was assigned. */
  assign(partitions: readonly TopicPartition[]): void;
  assignment(): TopicPartition[];
  subscription(): string[];

  /** Records that are there, at most max.poll.records; waits for up to `timeoutMs` when there are none. */
  poll(timeoutMs: number): Promise<ConsumerRecord<K, V>[]>;
  /** Ends a running poll, or the next one, with KafkaError WAKEUP. */
  wakeup(): void;
  /** Batches one after the other. A batch counts as handled when the loop asks for the next. */
  batches(): AsyncGenerator<ConsumerBatch<K, V>, undefined>;
  /**
   * Calls the handler for each record until `signal` or `close` ends it. A record counts as handled when its call is done,
   * and what is committed never passes a record that is not, however calls overtake each other. Partitions leave only
   * after the calls for them are done. A call that fails ends the loop with its error; its record is read again.
   */
  eachMessage(
    handler: (record: ConsumerRecord<K, V>) => void | Promise<void>,
    options?: EachMessageOptions,
  ): Promise<void>;
  /** As `eachMessage` with batches; order within a partition is kept. */
  eachBatch(handler: (batch: ConsumerBatch<K, V>) => void | Promise<void>, options?: EachOptions): Promise<void>;
  [Symbol.asyncIterator](): AsyncIterator<ConsumerRecord<K, V>, undefined>;

  /** Commits what the last polls answered, or the offsets given; answers when it is durable. */
  commitSync(offsets?: readonly PartitionOffset[], options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Commits without waiting or retrying. */
  commitAsync(offsets?: readonly PartitionOffset[], done?: CommitCallback): void;
  /** Per partition in the order asked; undefined where nothing is committed. */
  committed(
    partitions: readonly TopicPartition[],
    options?: { readonly timeoutMs?: number },
  ): Promise<(PartitionOffset | undefined)[]>;

  seek(partition: TopicPartition, offset: number): void;
  /** Takes effect at the next poll or position(). All assigned partitions when none are given. */
  seekToBeginning(partitions?: readonly TopicPartition[]): void;
  seekToEnd(partitions?: readonly TopicPartition[]): void;
  /** Offset of the next record that poll would answer. */
  position(partition: TopicPartition, options?: { readonly timeoutMs?: number }): Promise<number>;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  paused(): TopicPartition[];
  /**
   * As `pause` for somebody who has records of the partition in hand: nothing more of it is handed out until `unhold`, and
   * it is fetched ahead meanwhile, so that a fetch of the others that waits for news does not keep it waiting afterwards.
   */
  hold(partitions: readonly TopicPartition[]): void;
  unhold(partitions: readonly TopicPartition[]): void;
  /** Records between the position and the end of the partition as of the last fetch; undefined before it. */
  currentLag(partition: TopicPartition): number | undefined;

  metrics(): ConsumerMetrics;
  /** Bytes of records that were fetched and that polls have not taken; bounded by fetch.max.bytes. */
  readonly bufferedBytes: number;

  beginningOffsets(partitions: readonly TopicPartition[]): Promise<(TopicPartition & { readonly offset: number })[]>;
  endOffsets(partitions: readonly TopicPartition[]): Promise<(TopicPartition & { readonly offset: number })[]>;
  /** The first record at or after each time; undefined where there is none. */
  offsetsForTimes(
    times: readonly (TopicPartition & { readonly timestamp: number })[],
  ): Promise<(OffsetAndTimestamp | undefined)[]>;
  partitionsFor(topic: string): Promise<number[]>;
  groupMetadata(): GroupMetadata | undefined;

  /** Commits (when auto commit is on), leaves the group, closes. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

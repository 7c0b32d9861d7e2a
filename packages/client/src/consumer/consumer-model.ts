import type { ReadRecordHeader } from '@moldau/protocol/records/record-cursor';
import type { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../topic-partition.ts';

/** Turns bytes into a key or value; null stays null and does not come here. The bytes are a view: copy what is kept. */
export type Deserializer<T> = (bytes: Buffer, topic: string) => T;

export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType';

export interface ConsumerRecord<K = Buffer, V = Buffer> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, -1 none. */
  readonly timestamp: number;
  readonly timestampType: TimestampType;
  /** -1 when unknown. */
  readonly leaderEpoch: number;
  readonly key: K | null;
  readonly value: V | null;
  readonly headers: readonly ReadRecordHeader[];
  /** Bytes of key and value as they came. */
  readonly payloadBytes: number;
}

/** Records of one partition, in order, without a gap that the topic does not have. */
export interface ConsumerBatch<K = Buffer, V = Buffer> {
  readonly topic: string;
  readonly partition: number;
  /** At least one. */
  readonly records: readonly ConsumerRecord<K, V>[];
  /** End of the partition as of the last fetch. */
  readonly highWatermark: number;
}

/** Called in the order of the list. One that throws is passed over with a warning, as in Java. */
export interface ConsumerInterceptor<K = Buffer, V = Buffer> {
  /** Records on their way to the application; answers those to hand out in their place. */
  onConsume?(records: ConsumerRecord<K, V>[]): ConsumerRecord<K, V>[];
  /** After a commit, automatic or asked for. */
  onCommit?(offsets: readonly PartitionOffset[]): void;
}

/** Kafka's metrics of these names, since the consumer was made. */
export interface ConsumerMetrics {
  readonly 'records-consumed-total': number;
  /** Of keys and values. */
  readonly 'bytes-consumed-total': number;
  readonly 'commit-total': number;
  readonly 'rebalance-total': number;
  /** Most records that one assigned partition is behind. */
  readonly 'records-lag-max': number;
  readonly 'assigned-partitions': number;
}

export interface EachOptions {
  /** How many calls of the handler may be under way at once. Default 1. */
  readonly concurrency?: number;
  /** Ends the loop: nothing more is handed out, and the promise is kept when the calls under way are done. */
  readonly signal?: AbortSignal;
}

export interface EachMessageOptions extends EachOptions {
  /**
   * What keeps its order under concurrency. 'partition' (default): one call at a time for each partition. 'key': one at a
   * time for each key of a partition; records without key then have no order.
   */
  readonly orderedBy?: 'partition' | 'key';
}

export interface OffsetAndMetadata {
  /** The next record to read: one past the last one handled. */
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

export type PartitionOffset = TopicPartition & OffsetAndMetadata;

/**
 * Called inside poll, in this order: revoked or lost, then assigned. What they return is waited for. With cooperative
 * assignors only they get what changes hands, with others all that the member had and has.
 */
export interface RebalanceListener {
  /** Before partitions go to others: the last moment to commit for them. */
  onPartitionsRevoked?(partitions: readonly TopicPartition[]): void | Promise<void>;
  onPartitionsAssigned?(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** They are gone already: the member was removed. Commits for them would be refused. Default: as `onPartitionsRevoked`. */
  onPartitionsLost?(partitions: readonly TopicPartition[]): void | Promise<void>;
}

export type CommitCallback = (error: KafkaError | undefined, offsets: readonly PartitionOffset[]) => void;

export interface GroupMetadata {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface OffsetAndTimestamp {
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

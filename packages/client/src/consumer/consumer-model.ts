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

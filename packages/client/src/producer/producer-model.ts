import type { RecordHeader } from '@moldau/protocol/records/batch-builder';
import type { KafkaError } from '../errors.ts';

/** What may stand for bytes where no serializer is set: strings become UTF-8. */
export type Bytes = string | Uint8Array;

/** Turns a key or value into bytes; null stays null and does not come here. Runs once per record. */
export type Serializer<T> = (value: T, topic: string) => Uint8Array;

/** Headers as pairs in order (a key may repeat), or as an object where it does not matter. */
export type HeadersInput =
  | readonly { readonly key: string; readonly value: Bytes | null }[]
  | { readonly [key: string]: Bytes | null };

export interface ProducerRecord<K = Bytes, V = Bytes> {
  readonly topic: string;
  /** Null or absent: no key. */
  readonly key?: K | null | undefined;
  /** Null: a tombstone in a compacted topic. */
  readonly value: V | null;
  /** Default: by key as Kafka's Java client does (murmur2), else one partition at a time until a batch is full. */
  readonly partition?: number | undefined;
  readonly headers?: HeadersInput | undefined;
  /** Milliseconds since the epoch; default now. */
  readonly timestamp?: number | undefined;
}

export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1 with acks 0, and for a record that an earlier attempt had written already. */
  readonly offset: number;
  /** What the record carries in the log: the broker's time for topics with LogAppendTime. */
  readonly timestamp: number;
}

/**
 * Who commits offsets with a transaction: `consumer.groupMetadata()`. With a member's generation (or its epoch, KIP-848)
 * the broker refuses a member that is out of the group (KIP-447); a group id alone is taken as it comes.
 */
export interface ConsumerGroupMetadata {
  readonly groupId: string;
  /** Default -1: not checked. */
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
}

/** Called once: with an error, or with where the record is. */
export type Delivery = (error: KafkaError | undefined, metadata: RecordMetadata | undefined) => void;

/** Called for every record, in the order of the list. One that throws is passed over with a warning, as in Java. */
export interface ProducerInterceptor<K = Bytes, V = Bytes> {
  /** Before key and value become bytes; answers the record to send in its place. */
  onSend?(record: ProducerRecord<K, V>): ProducerRecord<K, V>;
  /** As a delivery, before the caller's own. */
  onAcknowledgement?(error: KafkaError | undefined, metadata: RecordMetadata | undefined): void;
}

/** Kafka's metrics of these names, since the producer was made. */
export interface ProducerMetrics {
  readonly 'record-send-total': number;
  readonly 'record-error-total': number;
  /** Batches that were acknowledged or have failed. */
  readonly 'batch-total': number;
  /** Bytes appended and not acknowledged. */
  readonly 'buffer-used-bytes': number;
  readonly 'buffer-total-bytes': number;
}

export type { RecordHeader };

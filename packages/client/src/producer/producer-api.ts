import type { Bytes, Delivery, ProducerMetrics, ProducerRecord, RecordMetadata } from './producer-model.ts';

/** The surface of Producer. */
export interface ProducerApi<K = Bytes, V = Bytes> {
  /**
   * Sends one record; answers when it is acknowledged as `acks` says. Order within a partition is the order of calls.
   * Waits inside while the buffer is full (at most max.block.ms). Rejects with KafkaError.
   */
  send(record: ProducerRecord<K, V>): Promise<RecordMetadata>;
  /**
   * As `send` without a promise: the cheap way for many records. `delivered` (if given) is called once. False means
   * that the buffer is full: the record is taken, but wait with `whenWritable` before the next.
   */
  push(record: ProducerRecord<K, V>, delivered?: Delivery): boolean;
  metrics(): ProducerMetrics;
  /** Answers when the buffer has room again. */
  whenWritable(): Promise<void>;
  /** Sends what waits without lingering; answers when every record pushed before is acknowledged or has failed. */
  flush(): Promise<void>;
  /** How many partitions the topic has. */
  partitionsFor(topic: string): Promise<number[]>;
  /** Sends everything that waits, then closes; after `timeoutMs` (default: delivery.timeout.ms) what is left fails. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

import type { CommitEntry } from '../group/committed-offsets.ts';
import type {
  Bytes,
  ConsumerGroupMetadata,
  Delivery,
  ProducerMetrics,
  ProducerRecord,
  RecordMetadata,
} from './producer-model.ts';

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

  /**
   * Once, before the first transaction, and only with `transactionalId`: fences older producers of that id and ends what
   * they left open. This and the next calls answer within max.block.ms or reject with REQUEST_TIMED_OUT while the work
   * goes on; the same call again then waits for it on. `transactionErrorClass` says what to do about an error.
   */
  initTransactions(): Promise<void>;
  /** From here to commit or abort every record belongs to one transaction. Throws KafkaError at once, asks nobody. */
  beginTransaction(): void;
  /**
   * Offsets that become committed when the transaction does: each the next record to read. `group`: the consumer's
   * `groupMetadata()`, or `{ groupId }` alone. Rejects with COMMIT_FAILED when the member is out of its group.
   */
  sendOffsetsToTransaction(offsets: readonly CommitEntry[], group: ConsumerGroupMetadata): Promise<void>;
  /** Sends what waits, then commits; answers when it is decided. A record that failed makes this reject: abort then. */
  commitTransaction(): Promise<void>;
  /** Records not sent yet fail with TRANSACTION_ABORTED; consumers with read_committed see none of the transaction. */
  abortTransaction(): Promise<void>;

  /** Sends everything that waits, then closes (a transaction left open is aborted); after `timeoutMs` (default: delivery.timeout.ms) what is left fails. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

// Transactions of the KafkaJS face: one at a time on one native producer, and the object that stands for one of them.
import type { Producer as NativeProducer } from '../producer/producer.ts';
import { inKafkaJsErrors, KafkaJSNonRetriableError } from './errors.ts';
import type { Offsets, ProducerBatch, ProducerRecord, RecordMetadata } from './model.ts';

export interface Transaction {
  /** As the producer's; also refused with `acks` other than -1. */
  send(record: ProducerRecord): Promise<RecordMetadata[]>;
  sendBatch(batch: ProducerBatch): Promise<RecordMetadata[]>;
  /** Offsets that the group has committed once the transaction is: of each partition the next message to read. */
  sendOffsets(offsets: Offsets & { consumerGroupId: string }): Promise<void>;
  /** Rejects when a message of the transaction could not be written; it is then still active, to be aborted. */
  commit(): Promise<void>;
  abort(): Promise<void>;
  isActive(): boolean;
}

/** What a transaction needs of the producer it belongs to. */
export interface TransactionHost {
  /** The one native producer with the transactional id; uses the codec from now on, if one is named. */
  native(compression?: number): NativeProducer;
  sendThrough(native: NativeProducer, batch: ProducerBatch): Promise<RecordMetadata[]>;
}

export class Transactions {
  readonly #host: TransactionHost;
  #initialized: Promise<void> | undefined;
  #current: symbol | undefined;

  constructor(host: TransactionHost) {
    this.#host = host;
  }

  async begin(): Promise<Transaction> {
    if (this.#current) {
      throw new KafkaJSNonRetriableError(
        'A transaction of this producer is open already; commit or abort it before the next.',
      );
    }
    const id = Symbol('transaction');
    // Taken before anything is waited for, so that of two calls at once one is refused.
    this.#current = id;
    try {
      await inKafkaJsErrors(async () => {
        const native = this.#host.native();
        this.#initialized ??= native.initTransactions().catch((error: unknown) => {
          this.#initialized = undefined;
          throw error;
        });
        await this.#initialized;
        native.beginTransaction();
      });
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
    return this.#transaction(id);
  }

  #transaction(id: symbol): Transaction {
    const isActive = () => this.#current === id;
    const guarded = <A extends unknown[], T>(call: (...args: A) => Promise<T>) => {
      return async (...args: A): Promise<T> => {
        if (!isActive()) throw new KafkaJSNonRetriableError('The transaction has ended; begin another.');
        return inKafkaJsErrors(() => call(...args));
      };
    };
    const ending = (end: (native: NativeProducer) => Promise<void>) =>
      guarded(async () => {
        await end(this.#host.native());
        this.#current = undefined;
      });
    const sendBatch = guarded((batch: ProducerBatch) =>
      this.#host.sendThrough(this.#host.native(batch.compression ?? 0), batch),
    );
    return {
      sendBatch,
      send: ({ topic, messages, ...options }) => sendBatch({ ...options, topicMessages: [{ topic, messages }] }),
      sendOffsets: guarded(async ({ consumerGroupId, topics }) => {
        const offsets = topics.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
        );
        await this.#host.native().sendOffsetsToTransaction(offsets, { groupId: consumerGroupId });
      }),
      commit: ending((native) => native.commitTransaction()),
      abort: ending((native) => native.abortTransaction()),
      isActive,
    };
  }
}

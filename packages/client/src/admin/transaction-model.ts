// What the calls about transactions take and answer.
import type { TopicPartition } from '../topic-partition.ts';
import type { CallOptions } from './admin-model.ts';

/** As brokers write them. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence'
  | 'Unknown';

export interface ListTransactionsOptions extends CallOptions {
  readonly states?: readonly TransactionState[];
  readonly producerIds?: readonly number[];
  /** Only those that have run for longer than this (KIP-994). */
  readonly durationMs?: number;
  /** A regular expression (RE2) that transactional ids match (KIP-1152). */
  readonly transactionalIdPattern?: string;
}

export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: TransactionState;
  /** Broker id of its coordinator. */
  readonly coordinator: number;
}

export interface TransactionDescription {
  readonly coordinator: number;
  readonly state: TransactionState;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly transactionTimeoutMs: number;
  /** -1 when none is running. */
  readonly transactionStartTimeMs: number;
  readonly partitions: readonly TopicPartition[];
}

/** Whose transaction is to be aborted in one partition, as `describeProducers` tells. */
export type TransactionToAbort = TopicPartition & {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
};

export interface FencedProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

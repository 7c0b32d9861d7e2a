// What a transactional producer asks, step by step: the requests as data, what they are answered, and how an answer for
// many partitions is read. Pure; `transaction-manager.ts` decides with it, `transaction-requests.ts` carries it.
import type { WireError } from '@moldau/protocol';
import { KafkaError } from '../errors.ts';
import type { CommitEntry } from '../group/committed-offsets.ts';
import type { TopicPartition } from '../topic-partition.ts';
import type { ProducerIdentity } from './producer-batch.ts';
import type { ConsumerGroupMetadata } from './producer-model.ts';
import { reactionTo } from './transaction-reactions.ts';

/** Called once: with an error, or without. */
export type Done = (error: KafkaError | undefined) => void;

export type Step =
  | { readonly kind: 'findCoordinator'; readonly of: 'transaction' | 'group'; readonly key: string }
  /** `raise`: the identity at hand, to go on with under a new epoch (KIP-360). */
  | { readonly kind: 'initProducerId'; readonly raise: ProducerIdentity | undefined }
  | { readonly kind: 'addPartitions'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'addOffsets'; readonly offsets: OffsetsToCommit }
  | { readonly kind: 'commitOffsets'; readonly offsets: OffsetsToCommit; readonly adds: boolean }
  | { readonly kind: 'end'; readonly committed: boolean };

export interface OffsetsToCommit {
  readonly group: ConsumerGroupMetadata;
  /** Those still to be committed. */
  readonly entries: readonly CommitEntry[];
  readonly done: Done;
}

/** A request to be sent now: to a broker by id, or to any. `v2`: by the protocol of KIP-890. */
export type TransactionRequest = Step & {
  readonly to: number | 'any';
  readonly identity: ProducerIdentity | undefined;
  readonly v2: boolean;
};

/** What was answered, whatever the request; what the answer does not have is left out. */
export interface TransactionAnswer {
  readonly error: WireError;
  readonly message?: string | null;
  readonly producerId?: number;
  readonly epoch?: number;
  readonly nodeId?: number;
  readonly partitions?: readonly (TopicPartition & { readonly error: WireError })[];
}

/** What the coordinator's broker has told of itself when it was connected to. */
export interface CoordinatorFeatures {
  readonly transactionVersion: number;
  /** InitProducerId 3 and newer: the epoch may be raised without a fence for ourselves. */
  readonly raisesEpoch: boolean;
}

/** The error that decides: of the answer, or the gravest of its partitions. */
export function blameOf(step: Step, answer: TransactionAnswer): WireError {
  if (answer.error !== 'NONE') return answer.error;
  const grave = { again: 0, lookUp: 1, abort: 2, fenced: 3, fatal: 4 } as const;
  let blamed: WireError = 'NONE';
  for (const { error } of answer.partitions ?? []) {
    if (error === 'NONE') continue;
    // Not attempted because of another one, which says why.
    if (blamed !== 'NONE' && error === 'OPERATION_NOT_ATTEMPTED') continue;
    if (
      blamed === 'NONE' ||
      blamed === 'OPERATION_NOT_ATTEMPTED' ||
      grave[reactionTo(step.kind, error)] > grave[reactionTo(step.kind, blamed)]
    ) {
      blamed = error;
    }
  }
  return blamed;
}

/** Offsets that were committed need not go again. */
export function stillToDo(step: Step, answer: TransactionAnswer): Step {
  if (step.kind !== 'commitOffsets' || !answer.partitions) return step;
  const done = new Set(
    answer.partitions.filter(({ error }) => error === 'NONE').map((p) => `${p.topic}-${p.partition}`),
  );
  const entries = step.offsets.entries.filter((entry) => !done.has(`${entry.topic}-${entry.partition}`));
  return { ...step, offsets: { ...step.offsets, entries } };
}

export function failOffsetsOf(step: Step, error: KafkaError): void {
  if (step.kind === 'addOffsets' || step.kind === 'commitOffsets') step.offsets.done(error);
}

/** The group has moved on: as for any commit, it is its members that have to hear of it (Java's CommitFailedException). */
export function asCommitFailed(error: KafkaError): KafkaError {
  switch (error.error) {
    case 'UNKNOWN_MEMBER_ID':
    case 'ILLEGAL_GENERATION':
    case 'STALE_MEMBER_EPOCH':
    case 'FENCED_MEMBER_EPOCH':
      return new KafkaError('COMMIT_FAILED', {
        message: `The offsets were not added to the transaction: ${error.message}`,
        cause: error,
      });
    default:
      return error;
  }
}

export function inErrorState(error: KafkaError, fatal: boolean): KafkaError {
  const what = fatal ? 'Close this producer' : 'Call abortTransaction(), then begin anew';
  return new KafkaError(error.error, { message: `${error.message} ${what}.`, cause: error });
}

export function once(done: Done): Done {
  let isTold = false;
  return (error) => {
    if (isTold) return;
    isTold = true;
    done(error);
  };
}

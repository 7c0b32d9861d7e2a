// What a transactional producer makes of each error of each request it sends, as Kafka's TransactionManager does: one
// table, so that it can be read and tested line by line. And KIP-1050's classes of errors, for applications.
import { WIRE_ERRORS, type WireError } from '@moldau/protocol';
import type { KafkaError } from '../errors.ts';

export type StepKind = 'findCoordinator' | 'initProducerId' | 'addPartitions' | 'addOffsets' | 'commitOffsets' | 'end';

/**
 * again: the same request after a pause. lookUp: the coordinator has moved; find it, then again. abort: this transaction
 * is lost, the producer is not. fenced: another producer has taken the transactional id over. fatal: of no use any more.
 */
export type Reaction = 'again' | 'lookUp' | 'abort' | 'fenced' | 'fatal';

type Reactions = { readonly [E in WireError]?: Reaction };

const EVERYWHERE: Reactions = {
  COORDINATOR_NOT_AVAILABLE: 'lookUp',
  NOT_COORDINATOR: 'lookUp',
  COORDINATOR_LOAD_IN_PROGRESS: 'again',
  CONCURRENT_TRANSACTIONS: 'again',
  PRODUCER_FENCED: 'fenced',
  // Older brokers say it for a fenced producer; answers to Produce never come here.
  INVALID_PRODUCER_EPOCH: 'fenced',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'fatal',
  // KIP-890: the broker cannot vouch for this transaction, the next one may do.
  TRANSACTION_ABORTABLE: 'abort',
  INVALID_TXN_STATE: 'fatal',
};

/** The coordinator has forgotten the producer id: what was written cannot be committed. */
const FORGOTTEN: Reactions = { UNKNOWN_PRODUCER_ID: 'abort', INVALID_PRODUCER_ID_MAPPING: 'abort' };

const BY_STEP: { readonly [K in StepKind]: Reactions } = {
  findCoordinator: {
    // Whoever was asked has no coordinator to name: ask again, there is nothing to look up first.
    COORDINATOR_NOT_AVAILABLE: 'again',
    NOT_COORDINATOR: 'again',
    GROUP_AUTHORIZATION_FAILED: 'abort',
  },
  initProducerId: {},
  addPartitions: {
    ...FORGOTTEN,
    UNKNOWN_TOPIC_OR_PARTITION: 'again',
    TOPIC_AUTHORIZATION_FAILED: 'abort',
    // Another partition of the request was refused; that one says why.
    OPERATION_NOT_ATTEMPTED: 'abort',
  },
  addOffsets: { ...FORGOTTEN, GROUP_AUTHORIZATION_FAILED: 'abort' },
  commitOffsets: {
    ...FORGOTTEN,
    REQUEST_TIMED_OUT: 'lookUp',
    UNKNOWN_TOPIC_OR_PARTITION: 'again',
    GROUP_AUTHORIZATION_FAILED: 'abort',
    TOPIC_AUTHORIZATION_FAILED: 'abort',
    // The consumer is not, or no longer, the member that it says it is (KIP-447).
    FENCED_INSTANCE_ID: 'abort',
    UNKNOWN_MEMBER_ID: 'abort',
    ILLEGAL_GENERATION: 'abort',
    STALE_MEMBER_EPOCH: 'abort',
    FENCED_MEMBER_EPOCH: 'abort',
    OFFSET_METADATA_TOO_LARGE: 'abort',
    INVALID_COMMIT_OFFSET_SIZE: 'abort',
  },
  end: FORGOTTEN,
};

export function reactionTo(step: StepKind, error: WireError): Reaction {
  const named = BY_STEP[step][error] ?? EVERYWHERE[error];
  if (named) return named;
  if (WIRE_ERRORS[error].retriable) return 'again';
  // What a partition or an offset is refused for has not touched the transaction as a whole.
  return step === 'addPartitions' ? 'abort' : 'fatal';
}

/**
 * What an application does about an error of a transactional producer (KIP-1050). retriable: call again, the client has
 * done so already for as long as it may. abortable: abort, begin anew. applicationRecoverable: close the producer (or
 * rejoin the group), make a new one, go on from the last commit. invalidConfiguration: a person has to see to it.
 */
export type TransactionErrorClass =
  | 'retriable'
  | 'abortable'
  | 'applicationRecoverable'
  | 'invalidConfiguration'
  | 'other';

const CLASSES: { readonly [E in KafkaError['error']]?: TransactionErrorClass } = {
  TRANSACTION_ABORTABLE: 'abortable',
  TRANSACTION_ABORTED: 'abortable',
  COMMIT_FAILED: 'applicationRecoverable',
  PRODUCER_FENCED: 'applicationRecoverable',
  INVALID_PRODUCER_EPOCH: 'applicationRecoverable',
  INVALID_PRODUCER_ID_MAPPING: 'applicationRecoverable',
  UNKNOWN_PRODUCER_ID: 'applicationRecoverable',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'applicationRecoverable',
  FENCED_INSTANCE_ID: 'applicationRecoverable',
  ILLEGAL_GENERATION: 'applicationRecoverable',
  UNKNOWN_MEMBER_ID: 'applicationRecoverable',
  STALE_MEMBER_EPOCH: 'applicationRecoverable',
  FENCED_MEMBER_EPOCH: 'applicationRecoverable',
  TRANSACTION_COORDINATOR_FENCED: 'applicationRecoverable',
  SASL_AUTHENTICATION_FAILED: 'invalidConfiguration',
  UNSUPPORTED_SASL_MECHANISM: 'invalidConfiguration',
  CLUSTER_AUTHORIZATION_FAILED: 'invalidConfiguration',
  TOPIC_AUTHORIZATION_FAILED: 'invalidConfiguration',
  GROUP_AUTHORIZATION_FAILED: 'invalidConfiguration',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'invalidConfiguration',
  UNSUPPORTED_VERSION: 'invalidConfiguration',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'invalidConfiguration',
  INVALID_REQUIRED_ACKS: 'invalidConfiguration',
  INVALID_TRANSACTION_TIMEOUT: 'invalidConfiguration',
  INVALID_SETTING: 'invalidConfiguration',
  MESSAGE_TOO_LARGE: 'invalidConfiguration',
  INVALID_RECORD: 'invalidConfiguration',
};

export function transactionErrorClass(error: KafkaError): TransactionErrorClass {
  return CLASSES[error.error] ?? (error.retriable ? 'retriable' : 'other');
}

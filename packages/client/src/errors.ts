// The one error that this package throws, rejects with and returns: what happened by Kafka's name for it, whether trying
// again may help, and what to do. Errors of single items (one topic of many) are values of this class, not thrown.
import { errorName, WIRE_ERRORS, type WireError } from '@moldau/protocol';

/** What goes wrong on our side, before or without a broker's answer. */
const LOCAL_ERRORS = {
  CLIENT_CLOSED: { retriable: false, message: 'The client has been closed.' },
  WAKEUP: { retriable: true, message: 'The wait was ended by wakeup().' },
  BUFFER_EXHAUSTED: { retriable: true, message: 'The send buffer is full (buffer.memory).' },
  SERIALIZATION: { retriable: false, message: 'A key or value could not be turned into bytes, or back.' },
  INVALID_SETTING: { retriable: false, message: 'A setting is unknown or has an impossible value.' },
  INVALID_ARGUMENT: { retriable: false, message: 'An argument is not of the form that the method takes.' },
  ILLEGAL_STATE: { retriable: false, message: 'The method does not fit what the client is doing.' },
  NO_OFFSET_FOR_PARTITION: {
    retriable: false,
    message: 'There is no committed offset and auto.offset.reset is "none".',
  },
  LOG_TRUNCATION: {
    retriable: false,
    message: 'Records that were read have been cut off the log by a change of leaders.',
  },
  COMMIT_FAILED: {
    retriable: false,
    message: 'The offsets were not committed, because the group has given the partitions to another member.',
  },
  TRANSACTION_ABORTED: {
    retriable: false,
    message: 'The transaction was aborted before the record was sent.',
  },
  STALLED: { retriable: true, message: 'The consumer has heard nothing of its partitions for too long.' },
  SSL_AUTHENTICATION_FAILED: { retriable: false, message: 'There is no encrypted connection that both sides trust.' },
  NOT_A_KAFKA_BROKER: { retriable: false, message: 'What answers at this address does not speak the Kafka protocol.' },
} as const;

export type LocalError = keyof typeof LOCAL_ERRORS;

/** What to do, for the errors where that is not plain from the message. */
const ADVICE: { readonly [K in WireError | LocalError]?: string } = {
  UNKNOWN_TOPIC_OR_PARTITION: 'Check the name, or create the topic first.',
  UNKNOWN_TOPIC_ID: 'The topic was deleted, perhaps created anew under the same name; look its id up again.',
  LEADER_NOT_AVAILABLE: 'Wait for a leader to be elected, or see whether the brokers with its replicas are up.',
  NOT_ENOUGH_REPLICAS: 'Start the missing brokers, or lower min.insync.replicas of the topic.',
  MESSAGE_TOO_LARGE: 'Send a smaller record, or raise max.message.bytes of the topic and max.request.size here.',
  RECORD_LIST_TOO_LARGE: 'Send smaller batches (batch.size).',
  REQUEST_TIMED_OUT: 'See whether the broker is up and not overloaded, or allow more time.',
  NETWORK_EXCEPTION:
    'See whether the broker is up and reachable under the address it advertises (advertised.listeners).',
  UNSUPPORTED_VERSION: 'The broker is too old, or does not offer this feature.',
  TOPIC_AUTHORIZATION_FAILED: 'Ask for an ACL on the topic.',
  GROUP_AUTHORIZATION_FAILED: 'Ask for an ACL on the group.',
  CLUSTER_AUTHORIZATION_FAILED: 'Ask for an ACL on the cluster.',
  COORDINATOR_NOT_AVAILABLE: 'See whether the brokers are up and the topic __consumer_offsets has leaders.',
  UNKNOWN_MEMBER_ID: 'The member was removed from the group; it joins again at the next poll.',
  ILLEGAL_GENERATION: 'The group has rebalanced; commit after the next poll.',
  REBALANCE_IN_PROGRESS: 'Poll to take part in the rebalance, then commit.',
  FENCED_INSTANCE_ID: 'Another consumer uses the same group.instance.id; give each its own.',
  UNRELEASED_INSTANCE_ID:
    'Another consumer with the same group.instance.id is alive; give each its own, or poll again when it has been closed.',
  NON_EMPTY_GROUP: 'Stop all consumers of the group first.',
  GROUP_SUBSCRIBED_TO_TOPIC: 'Stop the consumers of the group that subscribe to the topic first.',
  INCONSISTENT_GROUP_PROTOCOL: 'Configure all members with a partition.assignment.strategy in common.',
  INVALID_SESSION_TIMEOUT: 'Use a session.timeout.ms within group.min/max.session.timeout.ms of the broker.',
  GROUP_MAX_SIZE_REACHED: 'Use fewer members, or raise group.max.size of the broker.',
  TOPIC_ALREADY_EXISTS: 'Use another name, or the topic that is there.',
  INVALID_REPLICATION_FACTOR: 'Use at most as many replicas as there are brokers.',
  INVALID_TOPIC_EXCEPTION: 'Use letters, digits, ".", "_" and "-" only, at most 249 of them, and not "." or "..".',
  OFFSET_OUT_OF_RANGE: 'Seek to an offset that exists, or set auto.offset.reset to earliest or latest.',
  PRODUCER_FENCED: 'A newer producer with the same transactional.id has taken over; close this one.',
  TRANSACTION_ABORTABLE: 'Call abortTransaction() and do its work again in a new one.',
  INVALID_PRODUCER_ID_MAPPING:
    'Abort. It comes of a transactional.id unused for transactional.id.expiration.ms: close this producer, make a new one.',
  INVALID_TRANSACTION_TIMEOUT: 'Lower transaction.timeout.ms here, or raise transaction.max.timeout.ms of the brokers.',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'Ask for an ACL on the transactional id.',
  CLIENT_CLOSED: 'Make a new one.',
  SASL_AUTHENTICATION_FAILED:
    'Check mechanism, user name and password (or token); the client does not try again by itself.',
  UNSUPPORTED_SASL_MECHANISM: 'Use one of those that the broker names.',
  ILLEGAL_SASL_STATE: 'Check security.protocol: this port does not authenticate by SASL.',
  SSL_AUTHENTICATION_FAILED:
    'Check the authority (ssl.ca, sslTruststore…), the host name, and whether a client certificate is wanted.',
  BUFFER_EXHAUSTED: 'Await the sends, or wait with whenWritable() before the next; or raise buffer.memory.',
  COMMIT_FAILED:
    'Handle fewer records between polls (max.poll.records) or allow more time for it (max.poll.interval.ms).',
  NO_OFFSET_FOR_PARTITION: 'Seek, commit an offset for the group, or set auto.offset.reset to earliest or latest.',
  LOG_TRUNCATION: 'Seek to the divergent offset (or wherever handling is to go on), or set auto.offset.reset.',
  STALLED: 'The message says what is missing; the consumer keeps trying.',
  NOT_A_KAFKA_BROKER: 'Check host and port; a port with TLS or HTTP answers like this too.',
};

export interface KafkaErrorOptions {
  /** In place of the general message: the broker's own words, or ours with the particulars. */
  readonly message?: string | null;
  readonly topic?: string;
  readonly partition?: number;
  /** Of the record concerned. */
  readonly offset?: number;
  readonly cause?: unknown;
}

export class KafkaError extends Error {
  /** Kafka's name of the error (its class Errors), or ours for what never reached a broker. */
  readonly error: WireError | LocalError;
  /** Kafka's number of the error; undefined for ours. */
  readonly code: number | undefined;
  /** Trying again, after a moment, may help. The client has done so for as long as its settings allow. */
  readonly retriable: boolean;
  /** What to do, in a sentence; empty when the message says it. */
  readonly advice: string;
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  /** The record that could not be read: seek past it to go on. */
  readonly offset: number | undefined;

  constructor(error: WireError | LocalError, options: KafkaErrorOptions = {}) {
    const local = error in LOCAL_ERRORS;
    const entry = local ? LOCAL_ERRORS[error as LocalError] : WIRE_ERRORS[error as WireError];
    super(options.message ?? entry.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KafkaError';
    this.error = error;
    this.code = local ? undefined : WIRE_ERRORS[error as WireError].code;
    this.retriable = entry.retriable;
    this.advice = ADVICE[error] ?? '';
    this.topic = options.topic;
    this.partition = options.partition;
    this.offset = options.offset;
  }
}

/** The error of a code in an answer; undefined for 0. */
export function errorOfCode(code: number, options: KafkaErrorOptions = {}): KafkaError | undefined {
  return code === 0 ? undefined : new KafkaError(errorName(code), options);
}

/** Throws when an answer carries an error. */
export function throwOnCode(code: number, options: KafkaErrorOptions = {}): void {
  const error = errorOfCode(code, options);
  if (error) throw error;
}

/** Whatever was thrown, as a KafkaError. */
export function asKafkaError(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new KafkaError('UNKNOWN_SERVER_ERROR', { message, cause: thrown });
}

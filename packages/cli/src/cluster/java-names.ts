// How Kafka's tools name an error: the class of the Java client's exception, and what it says.
import { KafkaError, type LocalError } from '@moldau/client/errors';
import { WIRE_ERRORS, type WireError } from '@moldau/protocol';

/** Where the class is not simply the error's name in another spelling. */
const IRREGULAR: Partial<Record<WireError | LocalError, string>> = {
  UNKNOWN_SERVER_ERROR: 'UnknownServerException',
  CORRUPT_MESSAGE: 'CorruptRecordException',
  REQUEST_TIMED_OUT: 'TimeoutException',
  MESSAGE_TOO_LARGE: 'RecordTooLargeException',
  STALE_CONTROLLER_EPOCH: 'ControllerMovedException',
  OFFSET_METADATA_TOO_LARGE: 'OffsetMetadataTooLarge',
  NETWORK_EXCEPTION: 'NetworkException',
  INVALID_TOPIC_EXCEPTION: 'InvalidTopicException',
  RECORD_LIST_TOO_LARGE: 'RecordBatchTooLargeException',
  TOPIC_AUTHORIZATION_FAILED: 'TopicAuthorizationException',
  GROUP_AUTHORIZATION_FAILED: 'GroupAuthorizationException',
  CLUSTER_AUTHORIZATION_FAILED: 'ClusterAuthorizationException',
  TOPIC_ALREADY_EXISTS: 'TopicExistsException',
  INVALID_CONFIG: 'InvalidConfigurationException',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'OutOfOrderSequenceException',
  DUPLICATE_SEQUENCE_NUMBER: 'DuplicateSequenceException',
  INVALID_PRODUCER_ID_MAPPING: 'InvalidPidMappingException',
  INVALID_TRANSACTION_TIMEOUT: 'InvalidTxnTimeoutException',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'TransactionalIdAuthorizationException',
  KAFKA_STORAGE_ERROR: 'KafkaStorageException',
  SASL_AUTHENTICATION_FAILED: 'SaslAuthenticationException',
  DELEGATION_TOKEN_AUTH_DISABLED: 'DelegationTokenDisabledException',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: 'UnsupportedByAuthenticationException',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 'DelegationTokenAuthorizationException',
  NON_EMPTY_GROUP: 'GroupNotEmptyException',
  PRINCIPAL_DESERIALIZATION_FAILURE: 'PrincipalDeserializationException',
  FETCH_SESSION_TOPIC_ID_ERROR: 'FetchSessionTopicIdException',
  INVALID_REGULAR_EXPRESSION: 'InvalidRegularExpression',
};

/** `TOPIC_ALREADY_EXISTS` to `org.apache.kafka.common.errors.TopicExistsException`. */
export function exceptionClass(error: WireError | LocalError): string {
  const words = error.split('_').map((word) => word[0] + word.slice(1).toLowerCase());
  return `org.apache.kafka.common.errors.${IRREGULAR[error] ?? `${words.join('')}Exception`}`;
}

/**
 * What the Java client says where a broker sends a number and no text. Scripts look for these words, so the tools use
 * them for the errors that a tool can show; everything else is said in the words of our own client.
 */
const JAVA_WORDING: Partial<Record<WireError | LocalError, string>> = {
  OFFSET_OUT_OF_RANGE: 'The requested offset is not within the range of offsets maintained by the server.',
  UNKNOWN_TOPIC_OR_PARTITION: 'This server does not host this topic-partition.',
  UNKNOWN_TOPIC_ID: 'This server does not host this topic ID.',
  MESSAGE_TOO_LARGE: 'The request included a message larger than the max message size the server will accept.',
  COORDINATOR_NOT_AVAILABLE: 'The coordinator is not available.',
  INVALID_GROUP_ID: 'The group id is invalid.',
  GROUP_ID_NOT_FOUND: 'The group id does not exist.',
  NON_EMPTY_GROUP: 'The group is not empty.',
  GROUP_SUBSCRIBED_TO_TOPIC:
    'Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.',
  TOPIC_AUTHORIZATION_FAILED: 'Topic authorization failed.',
  GROUP_AUTHORIZATION_FAILED: 'Group authorization failed.',
  CLUSTER_AUTHORIZATION_FAILED: 'Cluster authorization failed.',
  TOPIC_DELETION_DISABLED: 'Topic deletion is disabled.',
};

/** The message of an error as Kafka's tools show it. */
export function shownMessage(error: unknown): string {
  if (!(error instanceof KafkaError)) return error instanceof Error ? error.message : String(error);
  const general = error.error in WIRE_ERRORS && error.message === WIRE_ERRORS[error.error as WireError].message;
  return (general && JAVA_WORDING[error.error]) || error.message;
}

/** As Java shows an exception: class and message for what a broker answered, the message alone for anything else. */
export function shownException(error: unknown): string {
  const message = shownMessage(error);
  return error instanceof KafkaError ? `${exceptionClass(error.error)}: ${message}` : message;
}

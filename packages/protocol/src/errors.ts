// Every error the protocol knows: code on the wire, whether trying again may help, and what it means in one line.
// Read by broker and client. Also the one exception of this package: bytes or values that do not fit the protocol.

/** Names and codes are Kafka's (its class Errors, 4.4). `retriable` is what a client goes by. */
export const WIRE_ERRORS = {
  UNKNOWN_SERVER_ERROR: { code: -1, retriable: false, message: 'The broker met an error it did not foresee.' },
  NONE: { code: 0, retriable: false, message: 'No error.' },
  OFFSET_OUT_OF_RANGE: { code: 1, retriable: false, message: 'The partition does not hold the offset asked for.' },
  CORRUPT_MESSAGE: {
    code: 2,
    retriable: true,
    message: 'The record batch is damaged: its checksum, its size or its form is wrong.',
  },
  UNKNOWN_TOPIC_OR_PARTITION: { code: 3, retriable: true, message: 'This broker knows no such topic or partition.' },
  INVALID_FETCH_SIZE: { code: 4, retriable: false, message: 'The fetch size is not valid.' },
  LEADER_NOT_AVAILABLE: { code: 5, retriable: true, message: 'The partition has no leader at the moment.' },
  NOT_LEADER_OR_FOLLOWER: {
    code: 6,
    retriable: true,
    message: 'This broker is not the leader of the partition, or holds no replica of it.',
  },
  REQUEST_TIMED_OUT: { code: 7, retriable: true, message: 'The time of the request ran out before it was done.' },
  BROKER_NOT_AVAILABLE: { code: 8, retriable: false, message: 'The broker is not available.' },
  REPLICA_NOT_AVAILABLE: { code: 9, retriable: true, message: 'The replica is not available.' },
  MESSAGE_TOO_LARGE: {
    code: 10,
    retriable: false,
    message: 'The record batch is larger than the partition accepts (max.message.bytes).',
  },
  STALE_CONTROLLER_EPOCH: {
    code: 11,
    retriable: false,
    message: 'The request comes from a controller that has been replaced.',
  },
  OFFSET_METADATA_TOO_LARGE: {
    code: 12,
    retriable: false,
    message: 'The metadata of the committed offset is too large (offset.metadata.max.bytes).',
  },
  NETWORK_EXCEPTION: { code: 13, retriable: true, message: 'The connection was lost before the answer came.' },
  COORDINATOR_LOAD_IN_PROGRESS: { code: 14, retriable: true, message: 'The coordinator is still loading its state.' },
  COORDINATOR_NOT_AVAILABLE: { code: 15, retriable: true, message: 'The coordinator is not available.' },
  NOT_COORDINATOR: { code: 16, retriable: true, message: 'This broker is not the coordinator.' },
  INVALID_TOPIC_EXCEPTION: {
    code: 17,
    retriable: false,
    message: 'The name of the topic is not valid, or the topic may not be written to.',
  },
  RECORD_LIST_TOO_LARGE: { code: 18, retriable: false, message: 'The record batch is larger than a segment may be.' },
  NOT_ENOUGH_REPLICAS: {
    code: 19,
    retriable: true,
    message: 'Fewer replicas are in sync than min.insync.replicas asks for; nothing was written.',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    code: 20,
    retriable: true,
    message: 'The records were written, but fewer replicas are in sync than min.insync.replicas asks for.',
  },
  INVALID_REQUIRED_ACKS: { code: 21, retriable: false, message: 'acks must be 0, 1 or -1.' },
  ILLEGAL_GENERATION: { code: 22, retriable: false, message: 'The generation is not the current one of the group.' },
  INCONSISTENT_GROUP_PROTOCOL: {
    code: 23,
    retriable: false,
    message: 'The protocol type or the protocols of the member do not fit those of the group.',
  },
  INVALID_GROUP_ID: { code: 24, retriable: false, message: 'The group id is not valid.' },
  UNKNOWN_MEMBER_ID: { code: 25, retriable: false, message: 'The group has no such member in its current generation.' },
  INVALID_SESSION_TIMEOUT: {
    code: 26,
    retriable: false,
    message:
      'The session timeout is outside the bounds of the broker (group.min.session.timeout.ms, group.max.session.timeout.ms).',
  },
  REBALANCE_IN_PROGRESS: {
    code: 27,
    retriable: false,
    message: 'The group is rebalancing; the member has to join again.',
  },
  INVALID_COMMIT_OFFSET_SIZE: { code: 28, retriable: false, message: 'The offset commit is larger than allowed.' },
  TOPIC_AUTHORIZATION_FAILED: { code: 29, retriable: false, message: 'Not authorized for the topic.' },
  GROUP_AUTHORIZATION_FAILED: { code: 30, retriable: false, message: 'Not authorized for the group.' },
  CLUSTER_AUTHORIZATION_FAILED: { code: 31, retriable: false, message: 'Not authorized for the cluster.' },
  INVALID_TIMESTAMP: {
    code: 32,
    retriable: false,
    message: 'The timestamp of a record is out of the range that the topic accepts.',
  },
  UNSUPPORTED_SASL_MECHANISM: { code: 33, retriable: false, message: 'The broker does not offer this SASL mechanism.' },
  ILLEGAL_SASL_STATE: {
    code: 34,
    retriable: false,
    message: 'The request is not valid in the current state of SASL authentication.',
  },
  UNSUPPORTED_VERSION: { code: 35, retriable: false, message: 'This version of the API is not supported.' },
  TOPIC_ALREADY_EXISTS: { code: 36, retriable: false, message: 'A topic of this name exists already.' },
  INVALID_PARTITIONS: { code: 37, retriable: false, message: 'The number of partitions is not valid.' },
  INVALID_REPLICATION_FACTOR: { code: 38, retriable: false, message: 'The replication factor is not valid.' },
  INVALID_REPLICA_ASSIGNMENT: { code: 39, retriable: false, message: 'The assignment of replicas is not valid.' },
  INVALID_CONFIG: { code: 40, retriable: false, message: 'A setting is unknown or its value is not allowed.' },
  NOT_CONTROLLER: { code: 41, retriable: true, message: 'This node is not the controller.' },
  INVALID_REQUEST: {
    code: 42,
    retriable: false,
    message: 'The request contradicts itself or breaks a rule of its API.',
  },
  UNSUPPORTED_FOR_MESSAGE_FORMAT: {
    code: 43,
    retriable: false,
    message: 'The format of the records in the log does not support the request.',
  },
  POLICY_VIOLATION: { code: 44, retriable: false, message: 'The request breaks a policy set on the broker.' },
  OUT_OF_ORDER_SEQUENCE_NUMBER: {
    code: 45,
    retriable: false,
    message: 'The sequence number does not follow the last one of the producer.',
  },
  DUPLICATE_SEQUENCE_NUMBER: { code: 46, retriable: false, message: 'The sequence number was used before.' },
  INVALID_PRODUCER_EPOCH: { code: 47, retriable: false, message: 'The producer epoch is older than the one in use.' },
  INVALID_TXN_STATE: { code: 48, retriable: false, message: 'The transaction is in a state that does not allow this.' },
  INVALID_PRODUCER_ID_MAPPING: {
    code: 49,
    retriable: false,
    message: 'The producer id does not belong to the transactional id.',
  },
  INVALID_TRANSACTION_TIMEOUT: {
    code: 50,
    retriable: false,
    message: 'The transaction timeout is larger than the broker allows (transaction.max.timeout.ms).',
  },
  CONCURRENT_TRANSACTIONS: {
    code: 51,
    retriable: true,
    message: 'Another operation on the same transaction is still under way.',
  },
  TRANSACTION_COORDINATOR_FENCED: {
    code: 52,
    retriable: false,
    message: 'The transaction coordinator has been replaced by a newer one.',
  },
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: {
    code: 53,
    retriable: false,
    message: 'Not authorized for the transactional id.',
  },
  SECURITY_DISABLED: { code: 54, retriable: false, message: 'Security features are switched off.' },
  OPERATION_NOT_ATTEMPTED: {
    code: 55,
    retriable: false,
    message: 'The operation was not tried, since another one of the same request failed.',
  },
  KAFKA_STORAGE_ERROR: { code: 56, retriable: true, message: 'A disk error stopped access to the log.' },
  LOG_DIR_NOT_FOUND: { code: 57, retriable: false, message: 'The broker has no such log directory.' },
  SASL_AUTHENTICATION_FAILED: { code: 58, retriable: false, message: 'SASL authentication failed.' },
  UNKNOWN_PRODUCER_ID: { code: 59, retriable: false, message: 'The partition remembers nothing of this producer id.' },
  REASSIGNMENT_IN_PROGRESS: { code: 60, retriable: false, message: 'The partition is being reassigned.' },
  DELEGATION_TOKEN_AUTH_DISABLED: { code: 61, retriable: false, message: 'Delegation tokens are switched off.' },
  DELEGATION_TOKEN_NOT_FOUND: { code: 62, retriable: false, message: 'There is no such delegation token.' },
  DELEGATION_TOKEN_OWNER_MISMATCH: {
    code: 63,
    retriable: false,
    message: 'The principal is neither owner nor renewer of the token.',
  },
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: {
    code: 64,
    retriable: false,
    message: 'Requests about delegation tokens are not allowed on this connection.',
  },
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: {
    code: 65,
    retriable: false,
    message: 'Not authorized for the delegation token.',
  },
  DELEGATION_TOKEN_EXPIRED: { code: 66, retriable: false, message: 'The delegation token has expired.' },
  INVALID_PRINCIPAL_TYPE: { code: 67, retriable: false, message: 'The type of the principal is not supported.' },
  NON_EMPTY_GROUP: { code: 68, retriable: false, message: 'The group still has members.' },
  GROUP_ID_NOT_FOUND: { code: 69, retriable: false, message: 'There is no such group.' },
  FETCH_SESSION_ID_NOT_FOUND: { code: 70, retriable: true, message: 'The broker holds no such fetch session.' },
  INVALID_FETCH_SESSION_EPOCH: {
    code: 71,
    retriable: true,
    message: 'The epoch does not follow the last one of the fetch session.',
  },
  LISTENER_NOT_FOUND: {
    code: 72,
    retriable: true,
    message: 'The leader has no listener of the kind the request came in on.',
  },
  TOPIC_DELETION_DISABLED: {
    code: 73,
    retriable: false,
    message: 'Deleting topics is switched off (delete.topic.enable).',
  },
  FENCED_LEADER_EPOCH: {
    code: 74,
    retriable: true,
    message: 'The leader epoch of the request is older than the current one.',
  },
  UNKNOWN_LEADER_EPOCH: {
    code: 75,
    retriable: true,
    message: 'The leader epoch of the request is newer than the one this broker knows.',
  },
  UNSUPPORTED_COMPRESSION_TYPE: {
    code: 76,
    retriable: false,
    message: 'The compression type is not supported in this version.',
  },
  STALE_BROKER_EPOCH: { code: 77, retriable: false, message: 'The broker epoch is not the current one.' },
  OFFSET_NOT_AVAILABLE: {
    code: 78,
    retriable: true,
    message: 'The leader cannot serve the offset before its high watermark has caught up.',
  },
  MEMBER_ID_REQUIRED: { code: 79, retriable: false, message: 'The member has to join again with the id it is given.' },
  PREFERRED_LEADER_NOT_AVAILABLE: { code: 80, retriable: true, message: 'The preferred leader is not available.' },
  GROUP_MAX_SIZE_REACHED: { code: 81, retriable: false, message: 'The group is full (group.max.size).' },
  FENCED_INSTANCE_ID: {
    code: 82,
    retriable: false,
    message: 'Another member with the same group instance id has taken its place.',
  },
  ELIGIBLE_LEADERS_NOT_AVAILABLE: {
    code: 83,
    retriable: true,
    message: 'No replica that may become leader is available.',
  },
  ELECTION_NOT_NEEDED: { code: 84, retriable: true, message: 'The partition has the right leader already.' },
  NO_REASSIGNMENT_IN_PROGRESS: { code: 85, retriable: false, message: 'The partition is not being reassigned.' },
  GROUP_SUBSCRIBED_TO_TOPIC: { code: 86, retriable: false, message: 'The group still subscribes to the topic.' },
  INVALID_RECORD: {
    code: 87,
    retriable: false,
    message: 'A record of the batch breaks a rule of the topic or of the format.',
  },
  UNSTABLE_OFFSET_COMMIT: { code: 88, retriable: true, message: 'Offsets of an open transaction are still undecided.' },
  THROTTLING_QUOTA_EXCEEDED: { code: 89, retriable: true, message: 'The quota for this kind of request is used up.' },
  PRODUCER_FENCED: {
    code: 90,
    retriable: false,
    message: 'A newer producer with the same transactional id has taken over.',
  },
  RESOURCE_NOT_FOUND: { code: 91, retriable: false, message: 'There is no such resource.' },
  DUPLICATE_RESOURCE: { code: 92, retriable: false, message: 'The resource exists already.' },
  UNACCEPTABLE_CREDENTIAL: { code: 93, retriable: false, message: 'The credential is not acceptable.' },
  INCONSISTENT_VOTER_SET: { code: 94, retriable: false, message: 'The voter sets of both sides differ.' },
  INVALID_UPDATE_VERSION: { code: 95, retriable: false, message: 'The version of the update is not valid.' },
  FEATURE_UPDATE_FAILED: { code: 96, retriable: false, message: 'The feature could not be updated.' },
  PRINCIPAL_DESERIALIZATION_FAILURE: {
    code: 97,
    retriable: false,
    message: 'The principal of a forwarded request could not be read.',
  },
  SNAPSHOT_NOT_FOUND: { code: 98, retriable: false, message: 'There is no such snapshot.' },
  POSITION_OUT_OF_RANGE: { code: 99, retriable: false, message: 'The position is outside the snapshot.' },
  UNKNOWN_TOPIC_ID: { code: 100, retriable: true, message: 'This broker knows no topic of this id.' },
  DUPLICATE_BROKER_REGISTRATION: {
    code: 101,
    retriable: false,
    message: 'Another live broker has registered with this id.',
  },
  BROKER_ID_NOT_REGISTERED: { code: 102, retriable: false, message: 'No broker is registered with this id.' },
  INCONSISTENT_TOPIC_ID: { code: 103, retriable: true, message: 'The topic id does not belong to the topic.' },
  INCONSISTENT_CLUSTER_ID: { code: 104, retriable: false, message: 'The cluster id is not ours.' },
  TRANSACTIONAL_ID_NOT_FOUND: { code: 105, retriable: false, message: 'There is no such transactional id.' },
  FETCH_SESSION_TOPIC_ID_ERROR: {
    code: 106,
    retriable: true,
    message: 'The fetch session mixes topic ids and topic names.',
  },
  INELIGIBLE_REPLICA: {
    code: 107,
    retriable: false,
    message: 'A replica of the proposed in-sync set may not be in it.',
  },
  NEW_LEADER_ELECTED: { code: 108, retriable: false, message: 'The change led to the election of another leader.' },
  OFFSET_MOVED_TO_TIERED_STORAGE: {
    code: 109,
    retriable: false,
    message: 'The offset is no longer held locally but in tiered storage.',
  },
  FENCED_MEMBER_EPOCH: {
    code: 110,
    retriable: false,
    message: 'The member epoch is not accepted; the member has to give up its partitions and join again.',
  },
  UNRELEASED_INSTANCE_ID: {
    code: 111,
    retriable: false,
    message: 'Another member of the group still uses the instance id.',
  },
  UNSUPPORTED_ASSIGNOR: { code: 112, retriable: false, message: 'The assignor is not supported by the group.' },
  STALE_MEMBER_EPOCH: {
    code: 113,
    retriable: false,
    message: 'The member epoch is older than the one the coordinator knows.',
  },
  MISMATCHED_ENDPOINT_TYPE: { code: 114, retriable: false, message: 'The request was meant for another kind of node.' },
  UNSUPPORTED_ENDPOINT_TYPE: { code: 115, retriable: false, message: 'This kind of endpoint is not supported.' },
  UNKNOWN_CONTROLLER_ID: { code: 116, retriable: false, message: 'There is no controller of this id.' },
  UNKNOWN_SUBSCRIPTION_ID: {
    code: 117,
    retriable: false,
    message: 'The subscription of client metrics is out of date or unknown.',
  },
  TELEMETRY_TOO_LARGE: {
    code: 118,
    retriable: false,
    message: 'The client metrics are larger than the broker accepts.',
  },
  INVALID_REGISTRATION: { code: 119, retriable: false, message: 'The registration of the node is not valid.' },
  TRANSACTION_ABORTABLE: {
    code: 120,
    retriable: false,
    message: 'The transaction cannot go on and has to be aborted.',
  },
  INVALID_RECORD_STATE: {
    code: 121,
    retriable: false,
    message: 'The state of the record does not allow this acknowledgement.',
  },
  SHARE_SESSION_NOT_FOUND: { code: 122, retriable: true, message: 'The broker holds no such share session.' },
  INVALID_SHARE_SESSION_EPOCH: {
    code: 123,
    retriable: true,
    message: 'The epoch does not follow the last one of the share session.',
  },
  FENCED_STATE_EPOCH: {
    code: 124,
    retriable: false,
    message: 'The state epoch of the share group is not the current one.',
  },
  INVALID_VOTER_KEY: { code: 125, retriable: false, message: 'The voter key is not the one of this replica.' },
  DUPLICATE_VOTER: { code: 126, retriable: false, message: 'The voter is in the voter set already.' },
  VOTER_NOT_FOUND: { code: 127, retriable: false, message: 'The voter is not in the voter set.' },
  INVALID_REGULAR_EXPRESSION: { code: 128, retriable: false, message: 'The regular expression is not valid.' },
  REBOOTSTRAP_REQUIRED: {
    code: 129,
    retriable: false,
    message: 'The metadata of the client is out of date; it has to start again from its bootstrap servers.',
  },
  STREAMS_INVALID_TOPOLOGY: { code: 130, retriable: false, message: 'The topology is not valid.' },
  STREAMS_INVALID_TOPOLOGY_EPOCH: { code: 131, retriable: false, message: 'The topology epoch is not valid.' },
  STREAMS_TOPOLOGY_FENCED: {
    code: 132,
    retriable: false,
    message: 'The topology epoch is older than the one of the group.',
  },
  SHARE_SESSION_LIMIT_REACHED: {
    code: 133,
    retriable: true,
    message: 'The broker holds as many share sessions as it may.',
  },
  GROUP_DELETION_FAILED: { code: 134, retriable: false, message: 'The group could not be deleted.' },
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: {
    code: 135,
    retriable: false,
    message: 'The description of the topology could not be stored.',
  },
  CONTROLLER_ID_NOT_REGISTERED: { code: 136, retriable: false, message: 'No controller is registered with this id.' },
} as const satisfies Record<string, { readonly code: number; readonly retriable: boolean; readonly message: string }>;

export type WireError = keyof typeof WIRE_ERRORS;

const nameByCode = new Map<number, WireError>();
for (const name of Object.keys(WIRE_ERRORS) as WireError[]) nameByCode.set(WIRE_ERRORS[name].code, name);

export function errorCode(name: WireError): number {
  return WIRE_ERRORS[name].code;
}

/** A code of the future is UNKNOWN_SERVER_ERROR, as Kafka's clients read it. */
export function errorName(code: number): WireError {
  return nameByCode.get(code) ?? 'UNKNOWN_SERVER_ERROR';
}

/**
 * Bytes that are no valid message, or a value that a message cannot carry. `path` names the field it was found in
 * (`topicData[].partitionData[].records`), `''` when it concerns the whole.
 */
export class ProtocolError extends Error {
  readonly path: string;
  constructor(message: string, path = '') {
    super(path === '' ? message : `${path}: ${message}`);
    this.name = 'ProtocolError';
    this.path = path;
  }
}

// Everything that the module exports by name.

export type { ISocketFactory, ISocketFactoryArgs } from '../node/socket-factory.ts';
export type { Admin, ITopicConfig, ITopicPartitionConfig } from './admin.ts';
export type { OngoingTopicReassignment, PartitionReassignment } from './admin-reassignments.ts';
export { AssignerProtocol } from './assigner-protocol.ts';
export * from './constants.ts';
export type { Consumer } from './consumer.ts';
export {
  KafkaJSAggregateError,
  KafkaJSAlterPartitionReassignmentsError,
  KafkaJSBrokerNotFound,
  KafkaJSConnectionClosedError,
  KafkaJSConnectionError,
  KafkaJSCreateTopicError,
  KafkaJSDeleteGroupsError,
  KafkaJSDeleteTopicRecordsError,
  KafkaJSError,
  KafkaJSGroupCoordinatorNotFound,
  KafkaJSLockTimeout,
  KafkaJSMetadataNotLoaded,
  KafkaJSNonRetriableError,
  KafkaJSNotImplemented,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSOffsetOutOfRange,
  KafkaJSPartialMessageError,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
  KafkaJSSASLAuthenticationError,
  KafkaJSServerDoesNotSupportApiKey,
  KafkaJSStaleTopicMetadataAssignment,
  KafkaJSTimeout,
  KafkaJSTopicMetadataNotLoaded,
  KafkaJSUnsupportedMagicByteInMessageSet,
} from './errors.ts';
export type * from './event-payloads.ts';
export type { InstrumentationEvent } from './events.ts';
export { Kafka } from './kafka.ts';
export type { LogEntry, Logger, LoggerEntryContent, logCreator } from './logging.ts';
export { logLevel } from './logging.ts';
export type * from './model.ts';
export { Partitioners } from './partitioners.ts';
export type { Producer } from './producer.ts';
export { PartitionAssigners } from './settings.ts';
export type { Transaction } from './transaction.ts';

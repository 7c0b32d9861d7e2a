// `import { Kafka } from '@moldau/client/kafkajs'`: the public API of KafkaJS 2.2.4 on the native client. What is the
// same, what is better and what is not there: docs/coming-from-kafkajs.md.

export type { Admin, ITopicConfig, ITopicPartitionConfig } from './kafkajs/admin.ts';
export type { OngoingTopicReassignment, PartitionReassignment } from './kafkajs/admin-reassignments.ts';
export { AssignerProtocol } from './kafkajs/assigner-protocol.ts';
export * from './kafkajs/constants.ts';
export type { Consumer } from './kafkajs/consumer.ts';
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
} from './kafkajs/errors.ts';
export type * from './kafkajs/event-payloads.ts';
export type { InstrumentationEvent } from './kafkajs/events.ts';
export { Kafka } from './kafkajs/kafka.ts';
export type { LogEntry, Logger, LoggerEntryContent, logCreator } from './kafkajs/logging.ts';
export { logLevel } from './kafkajs/logging.ts';
export type * from './kafkajs/model.ts';
export { Partitioners } from './kafkajs/partitioners.ts';
export type { Producer } from './kafkajs/producer.ts';
export { PartitionAssigners } from './kafkajs/settings.ts';
export type { Transaction } from './kafkajs/transaction.ts';
export type { ISocketFactory, ISocketFactoryArgs } from './node/socket-factory.ts';

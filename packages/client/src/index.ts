// The public face of the client.
export { Admin } from './admin/admin.ts';
export type { AdminApi } from './admin/admin-api.ts';
export type * from './admin/admin-model.ts';
export type * from './admin/security-model.ts';
export type * from './admin/transaction-model.ts';
export { Cluster } from './cluster/cluster.ts';
export { BrokerConnection } from './connection/broker-connection.ts';
export type { AssignedMember, Assignor, Shares } from './consumer/assignors/assignor.ts';
export { Consumer, type ConsumerOptions } from './consumer/consumer.ts';
export type { ConsumerApi } from './consumer/consumer-api.ts';
export type {
  ConsumerEventListener,
  ConsumerEventName,
  ConsumerEvents,
  Handling,
} from './consumer/consumer-events.ts';
export type * from './consumer/consumer-model.ts';
export { SubscriptionPattern } from './consumer/subscription.ts';
export { LogTruncationError } from './consumer/truncation.ts';
export { KafkaError, type LocalError } from './errors.ts';
export {
  type Partitioner,
  type PartitionerArgs,
  type PartitionerFunction,
  RoundRobinPartitioner,
} from './producer/partitioning.ts';
export { Producer, type ProducerOptions } from './producer/producer.ts';
export type { ProducerApi } from './producer/producer-api.ts';
export type * from './producer/producer-model.ts';
export { type TransactionErrorClass, transactionErrorClass } from './producer/transaction-reactions.ts';
export { type Serde, serdes } from './serdes.ts';
export { ADMIN_SETTINGS, type AdminOptions } from './settings/admin-settings.ts';
export { CONSUMER_SETTINGS, type ConsumerSettingOptions } from './settings/consumer-settings.ts';
export { PRODUCER_SETTINGS, type ProducerSettingOptions } from './settings/producer-settings.ts';
export { settingsFromProperties } from './settings/setting.ts';
export { partitionText, type TopicPartition } from './topic-partition.ts';

// The public face of storage: the logs of a broker, in Kafka's formats on disk.
export { BrokerDiskError } from './broker-disk-error.ts';
export type { Filling, LogGap } from './log/log-damage.ts';
export type * from './log-answers.ts';
export { DEFAULT_LOG_CONFIG, type Durability, type LogConfig } from './log-config.ts';
export { type AppendOptions, PartitionLog } from './partition-log.ts';
export type { StorageEvent, StorageEvents } from './storage-event.ts';
export { type FutureLog, type LogDirectoryInfo, LogStore, type LogStoreOptions } from './store/log-store.ts';
export { LogStoreError } from './store/log-store-error.ts';

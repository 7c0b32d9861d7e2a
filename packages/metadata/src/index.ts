// The public face of the package.
export * from './engine.ts';
export { type EmbeddedEvent, type EmbeddedOptions, EmbeddedStore } from './engines/embedded.ts';
export type { ZooKeeperEvent } from './engines/zookeeper/events.ts';
export { ZooKeeperEngine, type ZooKeeperEngineOptions } from './engines/zookeeper.ts';
export * from './image.ts';
export * from './records.ts';

// The public face of the broker: start one from ports and settings. A process uses '@moldau/broker/node/main'.
export { Broker, type BrokerOptions } from './broker.ts';
export type { BrokerConfig } from './config/broker-config.ts';
export { type ReadConfig, readBrokerConfig } from './config/read-config.ts';
export type { AdvertisedEndpoint } from './context.ts';
export type { EventLevel, LogSink } from './events.ts';

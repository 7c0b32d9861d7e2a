// The face of one connection, apart from the clients that stand on it: for brokers, which talk to each other over the very
// connection that clients use (docs/decisions/011).
export { BrokerVersions } from './connection/api-versions.ts';
export { type BackoffSettings, backoffMs } from './connection/backoff.ts';
export {
  BrokerConnection,
  CONNECTION_DEFAULTS,
  type ConnectionSettings,
  FRAME_BYTES_MAX,
  type RawRequest,
  type RequestOf,
  type ResponseOf,
  type SendOptions,
} from './connection/broker-connection.ts';
export { type Security, securityFrom } from './connection/security.ts';
export { KafkaError, type LocalError } from './errors.ts';

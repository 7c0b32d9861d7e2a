// Log events and metrics of the session with ZooKeeper. Metrics have Kafka's names (SessionExpireListener).
import { eventTable } from '../events.ts';
import type { MetricDefinition } from '../metrics.ts';

export const ZOOKEEPER_EVENTS = eventTable('zookeeper', {
  connected: {
    level: 'info',
    meaning: 'ZooKeeper answers.',
    fields: { server: 'text', detail: 'text' },
  },
  disconnected: {
    level: 'warn',
    meaning:
      'The connection to ZooKeeper broke; the session lasts on for its time-out while another is tried. Data is served.',
    fields: { detail: 'text' },
  },
  sessionOver: {
    level: 'warn',
    meaning: 'ZooKeeper gave this broker up. It leads nothing until it is registered again, which is under way.',
    fields: { reason: 'text' },
  },
  storeRefused: {
    level: 'error',
    meaning:
      'What is in ZooKeeper is not what this broker knows. Nothing is read from it or written to it until that is mended.',
    fields: { detail: 'text' },
  },
  registrationWaits: {
    level: 'warn',
    meaning: 'A registration under the id of this broker is there already; it is waited for to expire.',
    fields: { brokerId: 'number', waitMs: 'duration' },
  },
  deposed: {
    level: 'info',
    meaning: 'This broker decides for the cluster no more.',
    fields: { epoch: 'number', reason: 'text' },
  },
  snapshotLoaded: {
    level: 'info',
    meaning: 'This broker was so far behind that the metadata was taken from a snapshot.',
    fields: { fromOffset: 'number', offset: 'number' },
  },
  snapshotTaken: {
    level: 'debug',
    meaning: 'The older part of the metadata log in ZooKeeper was replaced by a snapshot.',
    fields: { offset: 'number', sizeBytes: 'bytes' },
  },
  snapshotFailed: {
    level: 'warn',
    meaning: 'No snapshot of the metadata could be written. Nothing is lost; the log grows until one succeeds.',
    fields: { error: 'error' },
  },
  topicsNotPublished: {
    level: 'warn',
    meaning: '/brokers/topics in ZooKeeper, which Moldau itself never reads, is not up to date; tried again later.',
    fields: { error: 'error' },
  },
  troubled: {
    level: 'warn',
    meaning: 'Something with ZooKeeper did not work; it is tried again where that can help.',
    fields: { what: 'text', error: 'error' },
  },
});

export const ZOOKEEPER_METRICS = {
  zooKeeperConnected: {
    kind: 'gauge',
    name: 'kafka_server_sessionexpirelistener_session_connected',
    help: '1 while ZooKeeper is connected, 0 while it is away or not used',
  },
  zooKeeperSyncConnects: {
    kind: 'counter',
    name: 'kafka_server_sessionexpirelistener_zookeepersyncconnects_total',
    help: 'Connections to ZooKeeper made',
  },
  zooKeeperDisconnects: {
    kind: 'counter',
    name: 'kafka_server_sessionexpirelistener_zookeeperdisconnects_total',
    help: 'Connections to ZooKeeper that broke',
  },
  zooKeeperExpires: {
    kind: 'counter',
    name: 'kafka_server_sessionexpirelistener_zookeeperexpires_total',
    help: 'Sessions that ZooKeeper gave up',
  },
  zooKeeperAuthFailures: {
    kind: 'counter',
    name: 'kafka_server_sessionexpirelistener_zookeeperauthfailures_total',
    help: 'Sessions that ended because ZooKeeper refused the credentials',
  },
} as const satisfies Record<string, MetricDefinition>;

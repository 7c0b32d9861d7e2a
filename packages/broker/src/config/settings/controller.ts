// Metadata and its keepers. Kafka keeps metadata in a quorum of controllers (KRaft); Moldau's embedded engine keeps it in
// files beside the data, so that a KRaft file starts a broker as it stands and its quorum settings have no effect.
import { boolean, int, LONG_MAX, list, long, string } from '../setting.ts';

const inert = 'Moldau keeps its metadata itself, beside the data; there is no quorum of controllers';

export const CONTROLLER_SETTINGS = {
  'process.roles': list(['broker'], 'What this process is: broker, or broker,controller as in a KRaft file.', {
    importance: 'HIGH',
    oneOf: ['broker', 'controller'],
  }),
  'controller.listener.names': list(
    [],
    'Listeners of controllers. They are not opened: there are no controllers to talk to.',
    {
      importance: 'HIGH',
    },
  ),
  'metadata.log.max.record.bytes.between.snapshots': long(
    20_971_520,
    'Bytes of the metadata log after which a snapshot is made.',
    {
      min: 1,
      importance: 'HIGH',
    },
  ),
  'metadata.log.max.snapshot.interval.ms': long(3_600_000, 'Time after which a snapshot is made.', {
    min: 0,
    importance: 'HIGH',
    inert: 'a snapshot is made when the log has grown, not by time',
  }),
  'metadata.log.dir': string(null, 'Directory of the metadata; the first of log.dirs when unset.', {
    importance: 'HIGH',
  }),
  'metadata.log.segment.bytes': int(1_073_741_824, 'Segment size of the metadata log.', {
    min: 8_388_608,
    importance: 'HIGH',
    inert,
  }),
  'metadata.log.segment.ms': long(604_800_000, 'Age at which a new metadata segment is begun.', {
    importance: 'HIGH',
    inert,
  }),
  'metadata.max.retention.bytes': long(104_857_600, 'Size of metadata log and snapshots that is kept.', {
    importance: 'HIGH',
    inert,
  }),
  'metadata.max.retention.ms': long(604_800_000, 'How long metadata log and snapshots are kept.', {
    importance: 'HIGH',
    inert,
  }),
  'metadata.max.idle.interval.ms': int(500, 'How often an idle controller writes an empty record.', {
    min: 0,
    importance: 'LOW',
    inert,
  }),
  'controller.quorum.voters': list([], 'The controllers: id@host:port, ...', { importance: 'HIGH', inert }),
  'controller.quorum.bootstrap.servers': list([], 'Where controllers are found: host:port, ...', {
    importance: 'HIGH',
    inert,
  }),
  'controller.quorum.election.timeout.ms': int(1_000, 'How long an election may take.', {
    min: 0,
    importance: 'HIGH',
    inert,
  }),
  'controller.quorum.fetch.timeout.ms': int(2_000, 'A leader that nobody fetched from for this long steps down.', {
    min: 0,
    importance: 'HIGH',
    inert,
  }),
  'controller.quorum.election.backoff.max.ms': int(1_000, 'Longest wait before a new election.', {
    min: 0,
    importance: 'HIGH',
    inert,
  }),
  'controller.quorum.append.linger.ms': int(25, 'How long metadata writes gather.', { min: 0, inert }),
  'controller.quorum.request.timeout.ms': int(2_000, 'Time-out of requests between controllers.', { min: 0, inert }),
  'controller.quorum.retry.backoff.ms': int(20, 'Wait before such a request is tried again.', {
    min: 0,
    importance: 'LOW',
    inert,
  }),
  'controller.quorum.auto.join.enable': boolean(false, 'Join the quorum by oneself.', { importance: 'LOW', inert }),
  'controller.quorum.fetch.snapshot.max.bytes': int(1_048_576, 'Bytes of a snapshot fetched at a time.', {
    min: 1,
    importance: 'LOW',
    inert,
  }),
  'controller.quorum.fetch.max.bytes': int(1_048_576, 'Bytes of metadata fetched at a time.', {
    min: 1,
    importance: 'LOW',
    inert,
  }),
  'sasl.mechanism.controller.protocol': string('GSSAPI', 'SASL mechanism between brokers and controllers.', {
    importance: 'HIGH',
    inert,
  }),
  'controller.performance.sample.period.ms': long(60_000, 'Period of measurements of the controller.', {
    min: 100,
    internal: true,
    inert,
  }),
  'controller.performance.always.log.threshold.ms': long(
    2_000,
    'Events of the controller slower than this are logged.',
    {
      min: 0,
      internal: true,
      inert,
    },
  ),
  'internal.metadata.log.segment.bytes': int(null, 'Segment size of the metadata log in tests of Kafka.', {
    importance: 'LOW',
    internal: true,
    inert,
  }),
  'internal.metadata.max.batch.size.in.bytes': int(8_388_608, 'Largest batch of metadata.', {
    importance: 'LOW',
    internal: true,
    inert,
  }),
  'internal.metadata.delete.delay.millis': long(60_000, 'How long deleted metadata files stay.', {
    importance: 'LOW',
    internal: true,
    inert,
  }),
  'server.max.startup.time.ms': long(LONG_MAX, 'Longest time a start may take.', {
    min: 0,
    internal: true,
    inert: 'a start that fails says so at once',
  }),
};

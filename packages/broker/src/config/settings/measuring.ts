// Metrics, quotas and their windows.
import { choice, int, LONG_MAX, list, long } from '../setting.ts';

const prometheus = 'metrics are served for Prometheus; see metrics.port';
const quotas = 'quotas are not enforced yet';

export const MEASURING_SETTINGS = {
  'metric.reporters': list(['org.apache.kafka.common.metrics.JmxReporter'], 'Classes that report metrics.', {
    importance: 'LOW',
    mode: 'cluster-wide',
    inert: prometheus,
  }),
  'metrics.num.samples': int(2, 'Windows that a metric is computed over.', {
    min: 1,
    importance: 'LOW',
    inert: prometheus,
  }),
  'metrics.sample.window.ms': long(30_000, 'Length of such a window.', {
    min: 1,
    importance: 'LOW',
    inert: prometheus,
  }),
  'metrics.recording.level': choice(['INFO', 'DEBUG', 'TRACE'], 'INFO', 'How much is measured.', {
    importance: 'LOW',
    inert: prometheus,
  }),
  'kafka.metrics.reporters': list([], 'Older classes that report metrics.', { importance: 'LOW', inert: prometheus }),
  'kafka.metrics.polling.interval.secs': int(10, 'How often those report.', {
    min: 1,
    importance: 'LOW',
    inert: prometheus,
  }),
  'telemetry.max.bytes': int(1_048_576, 'Most bytes of one metrics push of a client.', {
    min: 1,
    importance: 'LOW',
    inert: 'metrics pushed by clients are not collected',
  }),
  'quota.window.num': int(11, 'Windows that client quotas are computed over.', {
    min: 1,
    importance: 'LOW',
  }),
  'quota.window.size.seconds': int(1, 'Length of such a window.', { min: 1, importance: 'LOW' }),
  'replication.quota.window.num': int(11, 'Windows that replication quotas are computed over.', {
    min: 1,
    importance: 'LOW',
    inert: quotas,
  }),
  'replication.quota.window.size.seconds': int(1, 'Length of such a window.', {
    min: 1,
    importance: 'LOW',
    inert: quotas,
  }),
  'alter.log.dirs.replication.quota.window.num': int(
    11,
    'Windows that quotas of moves between directories are computed over.',
    {
      min: 1,
      importance: 'LOW',
      inert: quotas,
    },
  ),
  'alter.log.dirs.replication.quota.window.size.seconds': int(1, 'Length of such a window.', {
    min: 1,
    importance: 'LOW',
    inert: quotas,
  }),
  'controller.quota.window.num': int(11, 'Windows that quotas of changes to the cluster are computed over.', {
    min: 1,
    importance: 'LOW',
    inert: quotas,
  }),
  'controller.quota.window.size.seconds': int(1, 'Length of such a window.', {
    min: 1,
    importance: 'LOW',
    inert: quotas,
  }),
  'leader.replication.throttled.rate': long(LONG_MAX, 'Bytes a second that a leader sends of throttled replicas.', {
    min: 0,
    mode: 'cluster-wide',
    internal: true,
  }),
  'follower.replication.throttled.rate': long(LONG_MAX, 'Bytes a second that a follower takes of throttled replicas.', {
    min: 0,
    mode: 'cluster-wide',
    internal: true,
  }),
  'replica.alter.log.dirs.io.max.bytes.per.second': long(
    LONG_MAX,
    'Bytes a second that moves between directories take.',
    {
      min: 0,
      mode: 'cluster-wide',
      internal: true,
    },
  ),
};

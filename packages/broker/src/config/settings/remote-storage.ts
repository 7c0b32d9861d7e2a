// Tiered storage (KIP-405), which is not supported: switching it on stops the start, the rest is taken as it stands.
import { boolean, double, int, LONG_MAX, long, string } from '../setting.ts';

const off = { inert: 'tiered storage is not supported' };
const live = { ...off, mode: 'cluster-wide' } as const;

export const REMOTE_STORAGE_SETTINGS = {
  'remote.log.storage.system.enable': boolean(false, 'Keep old segments in remote storage.', {
    refused: 'tiered storage is not supported; segments would stay local and retention would delete them',
  }),
  'remote.log.storage.manager.impl.prefix': string('rsm.config.', 'Prefix of settings of the storage plug-in.', {
    notEmpty: true,
    ...off,
  }),
  'remote.log.metadata.manager.impl.prefix': string('rlmm.config.', 'Prefix of settings of the metadata plug-in.', {
    notEmpty: true,
    ...off,
  }),
  'remote.log.storage.manager.class.name': string(null, 'Class of the storage plug-in.', { notEmpty: true, ...off }),
  'remote.log.storage.manager.class.path': string(null, 'Where that class is found.', off),
  'remote.log.metadata.manager.class.name': string(
    'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
    'Class of the metadata plug-in.',
    { notEmpty: true, ...off },
  ),
  'remote.log.metadata.manager.class.path': string(null, 'Where that class is found.', off),
  'remote.log.metadata.manager.listener.name': string(null, 'Listener that the metadata plug-in uses.', {
    notEmpty: true,
    ...off,
  }),
  'remote.log.metadata.custom.metadata.max.bytes': int(128, 'Bytes a plug-in may add to the metadata of a segment.', {
    min: 0,
    importance: 'LOW',
    ...off,
  }),
  'remote.log.index.file.cache.total.size.bytes': long(1_073_741_824, 'Space for indexes of remote segments.', {
    min: 1,
    importance: 'LOW',
    ...live,
  }),
  'remote.log.index.file.cache.ttl.ms': long(900_000, 'How long they stay after their last use.', {
    min: -1,
    importance: 'LOW',
    internal: true,
    ...off,
  }),
  'remote.log.manager.thread.pool.size': int(2, 'Threads for tiered storage (deprecated).', { min: 1, ...off }),
  'remote.log.manager.copier.thread.pool.size': int(10, 'Threads that copy segments.', { min: 1, ...live }),
  'remote.log.manager.expiration.thread.pool.size': int(10, 'Threads that remove remote segments.', {
    min: 1,
    ...live,
  }),
  'remote.log.manager.follower.thread.pool.size': int(2, 'Threads for followers.', { min: 1, ...live }),
  'remote.log.manager.task.interval.ms': long(30_000, 'How often segments are looked for.', {
    min: 1,
    importance: 'LOW',
    ...off,
  }),
  'remote.log.manager.task.retry.backoff.ms': long(500, 'Wait before a failed task is tried again.', {
    min: 1,
    importance: 'LOW',
    internal: true,
    ...off,
  }),
  'remote.log.manager.task.retry.backoff.max.ms': long(30_000, 'Longest such wait.', {
    min: 1,
    importance: 'LOW',
    internal: true,
    ...off,
  }),
  'remote.log.manager.task.retry.jitter': double(0.2, 'Random part of that.', {
    min: 0,
    max: 0.5,
    importance: 'LOW',
    internal: true,
    ...off,
  }),
  'remote.log.reader.threads': int(10, 'Threads that read remote segments.', { min: 1, ...live }),
  'remote.log.reader.max.pending.tasks': int(100, 'Remote reads that may wait.', { min: 1, ...off }),
  'log.local.retention.ms': long(-2, 'How long segments stay local; -2: as long as log.retention.ms.', {
    min: -2,
    ...live,
  }),
  'log.local.retention.bytes': long(-2, 'Bytes that stay local; -2: as log.retention.bytes.', { min: -2, ...live }),
  'log.remote.copy.lag.ms': long(0, 'Age from which a segment is copied.', { min: -1, ...live }),
  'log.remote.copy.lag.bytes': long(-1, 'Newer bytes from which a segment is copied.', { min: -1, ...live }),
  'remote.log.manager.copy.max.bytes.per.second': long(LONG_MAX, 'Bytes a second that copying takes.', {
    min: 1,
    ...live,
  }),
  'remote.log.manager.copy.quota.window.num': int(11, 'Windows that this is computed over.', { min: 1, ...off }),
  'remote.log.manager.copy.quota.window.size.seconds': int(1, 'Length of such a window.', { min: 1, ...off }),
  'remote.log.manager.fetch.max.bytes.per.second': long(LONG_MAX, 'Bytes a second that remote reads take.', {
    min: 1,
    ...live,
  }),
  'remote.log.manager.fetch.quota.window.num': int(11, 'Windows that this is computed over.', { min: 1, ...off }),
  'remote.log.manager.fetch.quota.window.size.seconds': int(1, 'Length of such a window.', { min: 1, ...off }),
  'remote.fetch.max.wait.ms': int(500, 'How long a fetch waits for remote data.', { min: 1, ...live }),
  'remote.list.offsets.request.timeout.ms': long(30_000, 'How long ListOffsets waits for remote data.', {
    min: 1,
    ...live,
  }),
};

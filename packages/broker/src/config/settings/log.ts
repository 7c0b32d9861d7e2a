// Where partitions live on disk, how they are cut into segments, kept, cleaned and flushed. Most of these are the
// defaults of topic settings (see topic-settings.ts for the names there).
import { boolean, choice, double, int, LONG_MAX, list, long } from '../setting.ts';

const live = { mode: 'cluster-wide' } as const;
const notCompacted = 'topics are not compacted yet: with the policy compact alone everything is kept';

export const LOG_SETTINGS = {
  'log.dir': list(['/tmp/kafka-logs'], 'The directory for data; log.dirs comes first when it is set.', {
    importance: 'HIGH',
    notEmpty: true,
  }),
  'log.dirs': list(null, 'The directories for data, separated by commas. New partitions go where fewest are.', {
    importance: 'HIGH',
    notEmpty: true,
  }),
  'cordoned.log.dirs': list(
    [],
    'Directories of log.dirs that get no new partitions (KIP-1066); * for all, and then the controller places none on this broker.',
    { mode: 'per-broker' },
  ),
  'log.durability': choice(
    ['fsync', 'os'],
    'fsync',
    "When a batch counts as written: fsync, once it is on the disk; os, once the operating system has it, as in Kafka, so that a power cut can lose what was acknowledged (Moldau's own).",
    { importance: 'HIGH', ...live },
  ),
  'log.segment.bytes': int(1_073_741_824, 'Size at which a new segment file is begun.', {
    min: 1_048_576,
    importance: 'HIGH',
    ...live,
  }),
  'log.roll.ms': long(null, 'Age at which a new segment is begun. Comes before log.roll.hours.', {
    importance: 'HIGH',
    ...live,
  }),
  'log.roll.hours': int(168, 'Age at which a new segment is begun, in hours.', { min: 1, importance: 'HIGH' }),
  'log.roll.jitter.ms': long(null, 'Random time taken off log.roll.ms, so that not all roll at once.', {
    importance: 'HIGH',
    ...live,
  }),
  'log.roll.jitter.hours': int(0, 'Random time taken off log.roll.hours, in hours.', { min: 0, importance: 'HIGH' }),
  'log.retention.ms': long(
    null,
    'How long records are kept; -1: without end. Comes before the minutes and the hours.',
    {
      importance: 'HIGH',
      ...live,
    },
  ),
  'log.retention.minutes': int(null, 'How long records are kept, in minutes. Comes before the hours.', {
    importance: 'HIGH',
  }),
  'log.retention.hours': int(168, 'How long records are kept, in hours; -1: without end.', { importance: 'HIGH' }),
  'log.retention.bytes': long(-1, 'Size of a partition above which its oldest segments are deleted; -1: no bound.', {
    importance: 'HIGH',
    ...live,
  }),
  'log.retention.check.interval.ms': long(300_000, 'How often segments are checked for retention.', { min: 1 }),
  'log.cleanup.policy': list(
    ['delete'],
    'What becomes of old data: delete by age and size, compact to the last value of each key, both, or (empty) neither. Compaction is not done yet: with compact alone everything is kept.',
    { oneOf: ['compact', 'delete'], ...live },
  ),
  'log.index.size.max.bytes': int(10_485_760, 'Largest size of an index file.', { min: 4, ...live }),
  'log.index.interval.bytes': int(4_096, 'Bytes of data between two index entries.', { min: 0, ...live }),
  'log.flush.interval.messages': long(
    LONG_MAX,
    'Records after which a partition is flushed to disk (with durability os).',
    {
      min: 1,
      importance: 'HIGH',
      ...live,
    },
  ),
  'log.flush.interval.ms': long(null, 'Age at which unflushed records are flushed (with durability os).', {
    importance: 'HIGH',
    ...live,
  }),
  'log.flush.scheduler.interval.ms': long(
    LONG_MAX,
    'Age at which unflushed records are flushed, when log.flush.interval.ms is unset.',
    {
      importance: 'HIGH',
    },
  ),
  'log.flush.offset.checkpoint.interval.ms': int(60_000, 'How often recovery points are written down.', {
    min: 0,
    importance: 'HIGH',
  }),
  'log.flush.start.offset.checkpoint.interval.ms': int(60_000, 'How often log start offsets are written down.', {
    min: 0,
    inert: 'log start offsets are written down when they move',
    importance: 'HIGH',
  }),
  'log.segment.delete.delay.ms': long(60_000, 'How long files of deleted segments and partitions stay on disk.', {
    min: 0,
    importance: 'HIGH',
    ...live,
  }),
  'log.preallocate': boolean(false, 'Reserve the whole file when a segment is begun.', {
    ...live,
    inert: 'segment files grow as they are written',
  }),
  'log.message.timestamp.type': choice(
    ['CreateTime', 'LogAppendTime'],
    'CreateTime',
    'Whose timestamp a record bears: its producer or the broker that takes it in.',
    live,
  ),
  'log.message.timestamp.before.max.ms': long(LONG_MAX, 'How far in the past a timestamp may lie.', {
    min: 0,
    ...live,
  }),
  'log.message.timestamp.after.max.ms': long(3_600_000, 'How far in the future a timestamp may lie.', {
    min: 0,
    ...live,
  }),
  'message.max.bytes': int(1_048_588, 'Largest record batch a topic takes.', { min: 0, importance: 'HIGH', ...live }),
  'compression.type': choice(
    ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    'producer',
    'Codec in which batches are stored; producer: as they come.',
    { importance: 'HIGH', ...live },
  ),
  'compression.gzip.level': int(-1, 'Level of gzip when the broker compresses.', { min: 1, max: 9, or: -1, ...live }),
  'compression.lz4.level': int(9, 'Level of lz4 when the broker compresses.', { min: 1, max: 17, ...live }),
  'compression.zstd.level': int(3, 'Level of zstd when the broker compresses.', { min: -131_072, max: 22, ...live }),
  'num.recovery.threads.per.data.dir': int(2, 'Partitions of a directory that are recovered side by side at start.', {
    min: 1,
    importance: 'HIGH',
    ...live,
  }),
  'log.dir.failure.timeout.ms': long(30_000, 'How long a failed directory may go unreported before the broker stops.', {
    min: 1,
    importance: 'LOW',
    inert: 'a failed directory is known to the one process at once',
  }),
  'log.initial.task.delay.ms': long(30_000, 'Wait after start before background work on logs begins.', {
    min: 0,
    importance: 'LOW',
    internal: true,
    inert: 'background work begins when the logs are loaded',
  }),
  'log.cleaner.enable': boolean(true, 'Run the cleaner, which compacts topics.', { inert: notCompacted }),
  'log.cleaner.threads': int(1, 'Threads of the cleaner.', {
    min: 0,
    ...live,
    inert: 'one event loop serves a Moldau broker',
  }),
  'log.cleaner.io.max.bytes.per.second': double(Number.MAX_VALUE, 'Most bytes a second the cleaner reads and writes.', {
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.dedupe.buffer.size': long(134_217_728, 'Memory for the map of keys of the cleaner.', {
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.io.buffer.size': int(524_288, 'Memory for reading and writing of the cleaner.', {
    min: 0,
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.io.buffer.load.factor': double(0.9, 'How full the map of keys may get.', {
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.backoff.ms': long(15_000, 'Wait of the cleaner when there is nothing to clean.', {
    min: 0,
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.min.cleanable.ratio': double(0.5, 'Share of uncleaned data from which a log is cleaned.', {
    min: 0,
    max: 1,
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.delete.retention.ms': long(
    86_400_000,
    'How long tombstones stay readable after they became cleanable.',
    {
      min: 0,
      ...live,
      inert: notCompacted,
    },
  ),
  'log.cleaner.min.compaction.lag.ms': long(0, 'Age below which a record is never compacted away.', {
    min: 0,
    ...live,
    inert: notCompacted,
  }),
  'log.cleaner.max.compaction.lag.ms': long(LONG_MAX, 'Age by which a record must have been compacted.', {
    min: 1,
    ...live,
    inert: notCompacted,
  }),
  'min.insync.replicas': int(1, 'Replicas that must be in sync for acks=all to be answered.', {
    min: 1,
    importance: 'HIGH',
    ...live,
  }),
  'producer.id.expiration.ms': int(86_400_000, 'How long an idle producer is remembered for duplicate detection.', {
    min: 1,
    importance: 'LOW',
    ...live,
  }),
  'producer.id.expiration.check.interval.ms': int(600_000, 'How often idle producers are looked for.', {
    min: 1,
    importance: 'LOW',
    internal: true,
  }),
};

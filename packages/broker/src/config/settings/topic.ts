// Settings of topics. Each has its default from broker settings (`servers`, strongest first, in the unit that `timesMs`
// turns into milliseconds), so that what is set on the broker holds for every topic that says nothing itself.
// Names, types, ranges and order: org.apache.kafka.storage.internals.log.LogConfig (tools show settings in the order in
// which they are answered); synonyms: ServerTopicConfigSynonyms.
import type { BrokerSettingName } from '../broker-settings.ts';
import { boolean, choice, double, int, LONG_MAX, list, long, type Setting, type SettingOptions } from '../setting.ts';

/** A broker setting that gives a topic setting its default. */
export interface Server {
  readonly name: BrokerSettingName;
  readonly times: number;
}

export interface TopicSetting<V> extends Setting<V> {
  /** Broker settings that give the default, strongest first; empty when nothing does. */
  readonly servers: readonly Server[];
}

function of<V>(setting: Setting<V>, ...servers: (BrokerSettingName | Server)[]): TopicSetting<V> {
  return { ...setting, servers: servers.map((one) => (typeof one === 'string' ? { name: one, times: 1 } : one)) };
}

const hours = (name: BrokerSettingName): Server => ({ name, times: 3_600_000 });
const minutes = (name: BrokerSettingName): Server => ({ name, times: 60_000 });
const notCompacted = 'topics are not compacted yet: with the policy compact alone everything is kept';
const noTiers: SettingOptions = { inert: 'tiered storage is not supported' };
const throttled = {
  allowed:
    "the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
  valid: (entries: readonly string[]) =>
    (entries.length === 1 && entries[0] === '*') || entries.every((entry) => /^\d+:\d+$/.test(entry)),
};

export const TOPIC_SETTINGS = {
  'segment.bytes': of(
    int(1_073_741_824, 'Size at which a new segment file is begun.', { min: 1_048_576 }),
    'log.segment.bytes',
  ),
  'segment.ms': of(
    long(604_800_000, 'Age at which a new segment is begun.', { min: 1 }),
    'log.roll.ms',
    hours('log.roll.hours'),
  ),
  'segment.jitter.ms': of(
    long(0, 'Random time taken off segment.ms, so that not all roll at once.', { min: 0 }),
    'log.roll.jitter.ms',
    hours('log.roll.jitter.hours'),
  ),
  'segment.index.bytes': of(int(10_485_760, 'Largest size of an index file.', { min: 4 }), 'log.index.size.max.bytes'),
  'flush.messages': of(
    long(LONG_MAX, 'Records after which a partition is flushed to disk (with durability os).', { min: 1 }),
    'log.flush.interval.messages',
  ),
  'flush.ms': of(
    long(LONG_MAX, 'Age at which unflushed records are flushed (with durability os).', { min: 0 }),
    'log.flush.interval.ms',
    'log.flush.scheduler.interval.ms',
  ),
  'retention.bytes': of(
    long(-1, 'Size of a partition above which its oldest segments are deleted; -1: no bound.'),
    'log.retention.bytes',
  ),
  'retention.ms': of(
    long(604_800_000, 'How long records are kept; -1: without end.', { min: -1 }),
    'log.retention.ms',
    minutes('log.retention.minutes'),
    hours('log.retention.hours'),
  ),
  'max.message.bytes': of(int(1_048_588, 'Largest record batch the topic takes.', { min: 0 }), 'message.max.bytes'),
  'index.interval.bytes': of(
    int(4_096, 'Bytes of data between two index entries.', { min: 0 }),
    'log.index.interval.bytes',
  ),
  'delete.retention.ms': of(
    long(86_400_000, 'How long tombstones stay readable after they became cleanable.', { min: 0, inert: notCompacted }),
    'log.cleaner.delete.retention.ms',
  ),
  'min.compaction.lag.ms': of(
    long(0, 'Age below which a record is never compacted away.', { min: 0, inert: notCompacted }),
    'log.cleaner.min.compaction.lag.ms',
  ),
  'max.compaction.lag.ms': of(
    long(LONG_MAX, 'Age by which a record must have been compacted.', { min: 1, inert: notCompacted }),
    'log.cleaner.max.compaction.lag.ms',
  ),
  'file.delete.delay.ms': of(
    long(60_000, 'How long files of deleted segments and partitions stay on disk.', { min: 0 }),
    'log.segment.delete.delay.ms',
  ),
  'min.cleanable.dirty.ratio': of(
    double(0.5, 'Share of uncleaned data from which a log is cleaned.', { min: 0, max: 1, inert: notCompacted }),
    'log.cleaner.min.cleanable.ratio',
  ),
  'cleanup.policy': of(
    list(
      ['delete'],
      'What becomes of old data: delete by age and size, compact to the last value of each key, both, or (empty) neither. Compaction is not done yet: with compact alone everything is kept.',
      {
        oneOf: ['compact', 'delete'],
      },
    ),
    'log.cleanup.policy',
  ),
  'unclean.leader.election.enable': of(
    boolean(false, 'Allow a replica outside the ISR to lead, which loses data.'),
    'unclean.leader.election.enable',
  ),
  'min.insync.replicas': of(
    int(1, 'Replicas that must be in sync for acks=all to be answered.', { min: 1 }),
    'min.insync.replicas',
  ),
  'compression.type': of(
    choice(
      ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
      'producer',
      'Codec in which batches are stored; producer: as they come.',
    ),
    'compression.type',
  ),
  'compression.gzip.level': of(
    int(-1, 'Level of gzip when the broker compresses.', { min: 1, max: 9, or: -1 }),
    'compression.gzip.level',
  ),
  'compression.lz4.level': of(
    int(9, 'Level of lz4 when the broker compresses.', { min: 1, max: 17 }),
    'compression.lz4.level',
  ),
  'compression.zstd.level': of(
    int(3, 'Level of zstd when the broker compresses.', { min: -131_072, max: 22 }),
    'compression.zstd.level',
  ),
  preallocate: of(
    boolean(false, 'Reserve the whole file when a segment is begun.', {
      inert: 'segment files grow as they are written',
    }),
    'log.preallocate',
  ),
  'message.timestamp.type': of(
    choice(
      ['CreateTime', 'LogAppendTime'],
      'CreateTime',
      'Whose timestamp a record bears: its producer or the broker that takes it in.',
    ),
    'log.message.timestamp.type',
  ),
  'message.timestamp.before.max.ms': of(
    long(LONG_MAX, 'How far in the past a timestamp may lie.', { min: 0 }),
    'log.message.timestamp.before.max.ms',
  ),
  'message.timestamp.after.max.ms': of(
    long(3_600_000, 'How far in the future a timestamp may lie.', { min: 0 }),
    'log.message.timestamp.after.max.ms',
  ),
  'leader.replication.throttled.replicas': of(
    list([], 'Replicas whose leaders send at a bounded rate: partition:broker, ..., or *.', {
      rule: throttled,
    }),
  ),
  'follower.replication.throttled.replicas': of(
    list([], 'Replicas whose followers take at a bounded rate: partition:broker, ..., or *.', {
      rule: throttled,
    }),
  ),
  'remote.storage.enable': of(boolean(false, 'Keep old segments in remote storage.', noTiers)),
  'local.retention.ms': of(
    long(-2, 'How long segments stay local; -2: as long as retention.ms.', { min: -2, ...noTiers }),
    'log.local.retention.ms',
  ),
  'local.retention.bytes': of(
    long(-2, 'Bytes that stay local; -2: as retention.bytes.', { min: -2, ...noTiers }),
    'log.local.retention.bytes',
  ),
  'remote.log.copy.disable': of(boolean(false, 'Copy no more segments to remote storage.', noTiers)),
  'remote.log.delete.on.disable': of(
    boolean(false, 'Delete remote segments when remote.storage.enable is set to false.', noTiers),
  ),
  durability: of(
    choice(
      ['fsync', 'os'],
      'fsync',
      "When a batch counts as written: fsync, once it is on the disk; os, once the operating system has it, as in Kafka, so that a power cut can lose what was acknowledged (Moldau's own).",
    ),
    'log.durability',
  ),
  'remote.copy.lag.ms': of(
    long(0, 'Age from which a segment is copied to remote storage.', { min: -1, ...noTiers }),
    'log.remote.copy.lag.ms',
  ),
  'remote.copy.lag.bytes': of(
    long(-1, 'Newer bytes from which a segment is copied to remote storage.', { min: -1, ...noTiers }),
    'log.remote.copy.lag.bytes',
  ),
  'errors.deadletterqueue.group.enable': of(
    boolean(false, 'Let share groups use this topic as their dead letter queue.', {
      inert: 'share groups are not served yet',
    }),
  ),
  'internal.segment.bytes': of(int(null, 'Segment size without a lower bound, for tests.', { internal: true })),
};
export type TopicSettingTable = typeof TOPIC_SETTINGS;
export type TopicSettingName = keyof TopicSettingTable;

const table = TOPIC_SETTINGS as unknown as Readonly<Record<string, TopicSetting<unknown>>>;

/** The setting of a name that came from outside; undefined for a name that is no topic setting. */
export function topicSetting(name: string): TopicSetting<unknown> | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** All of them, in the order of the table. */
export function topicSettingEntries(): [name: string, setting: TopicSetting<unknown>][] {
  return Object.entries(table);
}

import { KafkaError } from '../errors.ts';
import { COMMON_SETTINGS } from './common-settings.ts';
import { custom, disallowed, flag, integer, list, type OptionsOf, oneOf, text } from './setting.ts';

export type OffsetReset = 'earliest' | 'latest' | 'none' | `by_duration:${string}`;

const RESETS: { readonly [spelling: string]: OffsetReset } = {
  earliest: 'earliest',
  latest: 'latest',
  none: 'none',
  beginning: 'earliest',
  smallest: 'earliest',
  end: 'latest',
  largest: 'latest',
};

function offsetReset(value: unknown): OffsetReset {
  const text = String(value);
  const known = Object.hasOwn(RESETS, text) ? RESETS[text] : undefined;
  if (known) return known;
  if (durationMs(text) === undefined) {
    throw disallowed('one of earliest, latest, none, or by_duration: and a length of time as PT1H or P7D');
  }
  return text as OffsetReset;
}

/** What 'by_duration:P1DT2H3M4.5S' says, in milliseconds; undefined for anything else. */
export function durationMs(reset: string): number | undefined {
  const match = /^by_duration:P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/.exec(reset);
  if (!match) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}

export const CONSUMER_SETTINGS = {
  ...COMMON_SETTINGS,
  groupId: text({
    kafka: 'group.id',
    default: undefined,
    doc: 'The group that partitions are shared and offsets are committed in. None: assign() only, no commits.',
  }),
  groupInstanceId: text({
    kafka: 'group.instance.id',
    default: undefined,
    doc: 'A lasting name of this member: it may restart within the session timeout without a rebalance (KIP-345).',
  }),
  groupProtocol: oneOf({
    kafka: 'group.protocol',
    default: 'classic',
    values: ['classic', 'consumer'],
    also: { CLASSIC: 'classic', CONSUMER: 'consumer' },
    doc: 'How members share partitions. consumer: the coordinator decides, without stopping what stays (KIP-848; Kafka 4.0 and newer); session and heartbeat times are then the broker’s (group.consumer.*).',
  }),
  groupRemoteAssignor: text({
    kafka: 'group.remote.assignor',
    default: undefined,
    doc: 'With group.protocol=consumer: which of the coordinator’s assignors, uniform or range. Default: its first.',
  }),
  sessionTimeoutMs: integer({
    kafka: 'session.timeout.ms',
    default: 45_000,
    min: 1,
    doc: 'A member that the coordinator has not heard of for this long is removed from the group.',
  }),
  heartbeatIntervalMs: integer({
    kafka: 'heartbeat.interval.ms',
    default: 3000,
    min: 1,
    doc: 'Pause between heartbeats; below a third of session.timeout.ms.',
  }),
  maxPollIntervalMs: integer({
    kafka: 'max.poll.interval.ms',
    default: 300_000,
    min: 1,
    doc: 'A member that does not poll for this long leaves the group.',
  }),
  stallTimeoutMs: integer({
    kafka: 'stall.timeout.ms',
    default: 60_000,
    min: 1,
    doc: 'Ours, not Kafka’s: nothing heard of an assigned partition, or of the group, for this long is told as "stalled".',
  }),
  maxPollRecords: integer({
    kafka: 'max.poll.records',
    default: 500,
    min: 1,
    doc: 'Most records that one poll answers.',
  }),
  autoOffsetReset: custom<OffsetReset>({
    kafka: 'auto.offset.reset',
    default: 'latest',
    check: offsetReset,
    doc: 'Where to start when there is no committed offset, or it does not exist any more: earliest, latest, by_duration:<ISO 8601, as PT1H> (that long ago, KIP-1106); none is an error.',
  }),
  enableAutoCommit: flag({
    kafka: 'enable.auto.commit',
    default: true,
    doc: 'Offsets of records that the application has come back from are committed by themselves.',
  }),
  autoCommitIntervalMs: integer({
    kafka: 'auto.commit.interval.ms',
    default: 5000,
    doc: 'Pause between automatic commits.',
  }),
  partitionAssignmentStrategy: list({
    kafka: 'partition.assignment.strategy',
    default: ['range', 'cooperative-sticky'],
    doc: 'Ways to share partitions, by preference: range, roundrobin, sticky, cooperative-sticky (or Kafka’s Java classes). cooperative-sticky alone rebalances without stopping what stays.',
  }),
  isolationLevel: oneOf({
    kafka: 'isolation.level',
    default: 'read_uncommitted',
    values: ['read_uncommitted', 'read_committed'],
    doc: 'read_committed leaves out records of open and aborted transactions.',
  }),
  fetchMinBytes: integer({
    kafka: 'fetch.min.bytes',
    default: 1,
    doc: 'The broker answers a fetch when this much is there, or fetch.max.wait.ms is over.',
  }),
  fetchMaxBytes: integer({
    kafka: 'fetch.max.bytes',
    default: 52_428_800,
    doc: 'Most bytes of one fetch, and of what waits in memory to be polled unless max.buffered.bytes says otherwise.',
  }),
  maxBufferedBytes: custom<number | undefined>({
    kafka: 'max.buffered.bytes',
    default: undefined,
    check: (value) => {
      const number = typeof value === 'string' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) {
        throw disallowed('a whole number of at least 1');
      }
      return number;
    },
    doc: 'Ours, not Kafka’s: most bytes held over all partitions: fetched and not polled, being fetched, and in the hands of eachMessage and eachBatch. Default fetch.max.bytes.',
  }),
  clientRack: text({
    kafka: 'client.rack',
    default: '',
    doc: 'Where this client stands. A leader may send it to a replica in the same rack (KIP-392).',
  }),
  fetchMaxWaitMs: integer({
    kafka: 'fetch.max.wait.ms',
    default: 500,
    doc: 'How long the broker may wait for fetch.min.bytes.',
  }),
  maxPartitionFetchBytes: integer({
    kafka: 'max.partition.fetch.bytes',
    default: 1_048_576,
    doc: 'Most bytes of one partition in one fetch; a larger first batch comes whole.',
  }),
  checkCrcs: flag({ kafka: 'check.crcs', default: true, doc: 'The checksum of each batch is verified.' }),
  allowAutoCreateTopics: flag({
    kafka: 'allow.auto.create.topics',
    default: true,
    doc: 'Subscribing to a topic that does not exist may create it, if the broker does so.',
  }),
  excludeInternalTopics: flag({
    kafka: 'exclude.internal.topics',
    default: true,
    doc: 'A pattern does not match internal topics.',
  }),
};

export type ConsumerSettingOptions = OptionsOf<typeof CONSUMER_SETTINGS>;

/** What belongs to the other protocol would do nothing, so it is refused, as Java's consumer does. */
export function checkProtocolSettings(
  protocol: 'classic' | 'consumer',
  given: { readonly [name: string]: unknown },
): void {
  const foreign: readonly string[] =
    protocol === 'consumer'
      ? ['partitionAssignmentStrategy', 'assignors', 'sessionTimeoutMs', 'heartbeatIntervalMs']
      : ['groupRemoteAssignor'];
  for (const name of foreign) {
    if (given[name] === undefined) continue;
    throw new KafkaError('INVALID_SETTING', {
      message: `${name} cannot be set with group.protocol=${protocol}: it would do nothing.`,
    });
  }
}

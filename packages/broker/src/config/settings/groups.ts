// Consumer groups and their committed offsets.
import { boolean, choice, INT_MAX, int, list, long, short, string } from '../setting.ts';

const noConsumerProtocol = 'the consumer group protocol of KIP-848 is not served yet';
const noShare = 'share groups are not served yet';
const noStreams = 'streams groups are not served yet';
const oneLoop = 'one event loop serves a Moldau broker';

export const GROUP_SETTINGS = {
  'group.min.session.timeout.ms': int(6_000, 'Shortest session timeout a member may ask for.'),
  'group.max.session.timeout.ms': int(1_800_000, 'Longest session timeout a member may ask for.'),
  'group.initial.rebalance.delay.ms': int(
    3_000,
    'How long the first rebalance of an empty group waits for more members.',
  ),
  'group.max.size': int(INT_MAX, 'Members of one group.', { min: 1 }),
  'offset.metadata.max.bytes': int(4_096, 'Longest text that a client may store with an offset.', {
    importance: 'HIGH',
  }),
  'offsets.retention.minutes': int(10_080, 'How long offsets are kept after the group became empty.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.retention.check.interval.ms': long(600_000, 'How often expired offsets are looked for.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.commit.timeout.ms': int(5_000, 'How long a commit may wait for the offsets topic.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.load.buffer.size': int(5_242_880, 'Bytes read at a time when offsets are loaded.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.topic.num.partitions': int(50, 'Partitions of __consumer_offsets; not to be changed once it exists.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.topic.replication.factor': short(
    3,
    'Replicas of __consumer_offsets. Left unset, a cluster with fewer brokers gets as many as it has brokers.',
    { min: 1, importance: 'HIGH' },
  ),
  'offsets.topic.segment.bytes': int(104_857_600, 'Segment size of __consumer_offsets.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.topic.compression.codec': int(
    0,
    'Codec in which offsets are stored: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.',
    {
      min: 0,
      max: 4,
      importance: 'HIGH',
    },
  ),
  'group.coordinator.append.linger.ms': int(
    -1,
    'How long writes of groups gather before they are appended; -1: adaptive.',
    {
      min: -1,
      inert: 'writes of one turn of the event loop are appended together',
    },
  ),
  'group.coordinator.threads': int(4, 'Threads of the group coordinator.', {
    min: 1,
    importance: 'HIGH',
    inert: oneLoop,
  }),
  'group.coordinator.background.threads': int(2, 'Threads for background work of groups.', {
    min: 1,
    importance: 'HIGH',
    inert: oneLoop,
  }),
  'group.coordinator.rebalance.protocols': list(
    ['classic', 'consumer', 'streams'],
    'Group protocols that are offered.',
    {
      oneOf: ['consumer', 'classic', 'share', 'streams'],
      inert: 'the classic protocol is the one served yet',
    },
  ),
  'group.coordinator.cached.buffer.max.bytes': int(1_048_588, 'Largest write buffer that is kept for reuse.', {
    min: 524_288,
    mode: 'cluster-wide',
    inert: 'buffers are not pooled',
  }),
  ...modern('consumer', 'consumer group', noConsumerProtocol),
  'group.consumer.max.size': int(INT_MAX, 'Members of one consumer group (KIP-848).', {
    min: 1,
    inert: noConsumerProtocol,
  }),
  'group.consumer.assignors': list(['uniform', 'range'], 'Assignors on the broker, the default first.', {
    notEmpty: true,
    inert: noConsumerProtocol,
  }),
  'group.consumer.migration.policy': choice(
    ['DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'],
    'bidirectional' as 'BIDIRECTIONAL',
    'Which way a group may change between the classic and the consumer protocol.',
    { anyCase: true, inert: noConsumerProtocol },
  ),
  'group.consumer.regex.refresh.interval.ms': int(600_000, 'How often subscriptions by pattern are resolved anew.', {
    min: 10_000,
    internal: true,
    inert: noConsumerProtocol,
  }),
  ...modern('share', 'share group', noShare),
  'group.share.max.size': int(200, 'Members of one share group.', { min: 1, max: 1_000, inert: noShare }),
  'group.share.assignors': list(['simple'], 'Assignors of share groups.', { notEmpty: true, inert: noShare }),
  'group.share.initialize.retry.interval.ms': int(30_000, 'Wait before the state of a share group is set up again.', {
    min: 1,
    importance: 'LOW',
    internal: true,
    inert: noShare,
  }),
  'group.share.delivery.count.limit': int(5, 'How often a record is delivered at most.', {
    min: 2,
    max: 10,
    inert: noShare,
  }),
  'group.share.max.delivery.count.limit': int(10, 'Highest delivery limit a group may ask for.', {
    min: 5,
    max: 25,
    inert: noShare,
  }),
  'group.share.min.delivery.count.limit': int(2, 'Lowest delivery limit a group may ask for.', {
    min: 2,
    max: 5,
    inert: noShare,
  }),
  'group.share.record.lock.duration.ms': int(30_000, 'How long a record is locked for one consumer.', {
    min: 1_000,
    max: 3_600_000,
    inert: noShare,
  }),
  'group.share.min.record.lock.duration.ms': int(15_000, 'Shortest lock a group may ask for.', {
    min: 1_000,
    max: 30_000,
    inert: noShare,
  }),
  'group.share.max.record.lock.duration.ms': int(60_000, 'Longest lock a group may ask for.', {
    min: 30_000,
    max: 3_600_000,
    inert: noShare,
  }),
  'group.share.partition.max.record.locks': int(2_000, 'Locked records in a partition.', {
    min: 100,
    max: 10_000,
    inert: noShare,
  }),
  'group.share.max.partition.max.record.locks': int(4_000, 'Most locked records a group may ask for.', {
    min: 2_000,
    max: 10_000,
    inert: noShare,
  }),
  'group.share.min.partition.max.record.locks': int(100, 'Fewest locked records a group may ask for.', {
    min: 100,
    max: 2_000,
    inert: noShare,
  }),
  'group.share.max.share.sessions': int(2_000, 'Share sessions kept at a time.', { min: 1, inert: noShare }),
  'share.fetch.purgatory.purge.interval.requests': int(
    1_000,
    'Requests between two purges of finished share fetches.',
    {
      inert: noShare,
    },
  ),
  ...modern('streams', 'streams group', noStreams),
  'group.streams.max.size': int(INT_MAX, 'Members of one streams group.', { min: 1, inert: noStreams }),
  'group.streams.num.standby.replicas': int(0, 'Standby replicas of a task.', { min: 0, inert: noStreams }),
  'group.streams.max.standby.replicas': int(2, 'Most standby replicas a group may ask for.', {
    min: 0,
    inert: noStreams,
  }),
  'group.streams.initial.rebalance.delay.ms': int(3_000, 'How long the first assignment waits for more members.', {
    min: 0,
    inert: noStreams,
  }),
  'share.coordinator.state.topic.num.partitions': int(50, 'Partitions of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.state.topic.replication.factor': short(3, 'Replicas of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.state.topic.min.isr': short(2, 'The min.insync.replicas of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.state.topic.segment.bytes': int(104_857_600, 'Segment size of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.state.topic.compression.codec': int(0, 'Codec of __share_group_state.', {
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.state.topic.prune.interval.ms': int(300_000, 'How often old share state is removed.', {
    min: 1,
    importance: 'LOW',
    internal: true,
    inert: noShare,
  }),
  'share.coordinator.cold.partition.snapshot.interval.ms': int(300_000, 'How often idle share state is written anew.', {
    min: 1,
    importance: 'LOW',
    internal: true,
    inert: noShare,
  }),
  'group.share.persister.class.name': string(
    'org.apache.kafka.server.share.persister.DefaultStatePersister',
    'Class that keeps share state.',
    { internal: true, inert: noShare },
  ),
  'share.coordinator.threads': int(1, 'Threads of the share coordinator.', { min: 1, inert: noShare }),
  'share.coordinator.snapshot.update.records.per.snapshot': int(500, 'Updates between two snapshots of share state.', {
    min: 0,
    max: 500,
    inert: noShare,
  }),
  'share.coordinator.load.buffer.size': int(5_242_880, 'Bytes read at a time when share state is loaded.', {
    min: 1,
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.append.linger.ms': int(-1, 'How long writes of share state gather.', { min: -1, inert: noShare }),
  'share.coordinator.write.timeout.ms': int(5_000, 'How long a write of share state may take.', {
    min: 1,
    importance: 'HIGH',
    inert: noShare,
  }),
  'share.coordinator.cached.buffer.max.bytes': int(1_048_588, 'Largest write buffer of share state kept for reuse.', {
    min: 524_288,
    mode: 'cluster-wide',
    inert: noShare,
  }),
  'group.consumer.assignor.offload.enable': boolean(
    true,
    'Run the assignors of consumer groups beside the coordinator.',
    {
      inert: noConsumerProtocol,
    },
  ),
  'group.share.assignor.offload.enable': boolean(true, 'Run the assignors of share groups beside the coordinator.', {
    inert: noShare,
  }),
};

/** The timing settings that the three newer kinds of group have alike. */
function modern<K extends 'consumer' | 'share' | 'streams'>(kind: K, words: string, inert: string) {
  return {
    [`group.${kind}.session.timeout.ms`]: int(45_000, `Session timeout of ${words} members.`, { min: 1, inert }),
    [`group.${kind}.min.session.timeout.ms`]: int(45_000, `Shortest session timeout of ${words} members.`, {
      min: 1,
      inert,
    }),
    [`group.${kind}.max.session.timeout.ms`]: int(60_000, `Longest session timeout of ${words} members.`, {
      min: 1,
      inert,
    }),
    [`group.${kind}.heartbeat.interval.ms`]: int(5_000, `Heartbeat interval of ${words} members.`, { min: 1, inert }),
    [`group.${kind}.min.heartbeat.interval.ms`]: int(5_000, `Shortest heartbeat interval of ${words} members.`, {
      min: 1,
      inert,
    }),
    [`group.${kind}.max.heartbeat.interval.ms`]: int(15_000, `Longest heartbeat interval of ${words} members.`, {
      min: 1,
      inert,
    }),
    [`group.${kind}.assignment.interval.ms`]: int(1_000, `Shortest time between two assignments of a ${words}.`, {
      min: 0,
      mode: 'cluster-wide',
      inert,
    }),
    [`group.${kind}.min.assignment.interval.ms`]: int(0, `Lowest assignment interval a ${words} may ask for.`, {
      min: 0,
      inert,
    }),
    [`group.${kind}.max.assignment.interval.ms`]: int(15_000, `Highest assignment interval a ${words} may ask for.`, {
      min: 0,
      inert,
    }),
  } as ModernSettings<K>;
}

type ModernSettings<K extends string> = Record<
  | `group.${K}.session.timeout.ms`
  | `group.${K}.min.session.timeout.ms`
  | `group.${K}.max.session.timeout.ms`
  | `group.${K}.heartbeat.interval.ms`
  | `group.${K}.min.heartbeat.interval.ms`
  | `group.${K}.max.heartbeat.interval.ms`
  | `group.${K}.assignment.interval.ms`
  | `group.${K}.min.assignment.interval.ms`
  | `group.${K}.max.assignment.interval.ms`,
  ReturnType<typeof int<number>>
>;

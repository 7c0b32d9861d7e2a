// Replicas and their leaders. One broker has no followers: most of these wait for clusters.
import { boolean, choice, int, long, string } from '../setting.ts';

const inZooKeeper = 'a session is ZooKeeper’s, see zookeeper.session.timeout.ms';

export const REPLICATION_SETTINGS = {
  'replica.lag.time.max.ms': long(30_000, 'A follower that was not caught up for this long leaves the ISR.', {
    importance: 'HIGH',
  }),
  'replica.fetch.max.bytes': int(1_048_576, 'Bytes a follower asks for, per partition.', { min: 0 }),
  'replica.fetch.response.max.bytes': int(10_485_760, 'Bytes a follower asks for in all.', { min: 0 }),
  'replica.fetch.min.bytes': int(1, 'Bytes a follower waits for.', { importance: 'HIGH' }),
  'replica.fetch.wait.max.ms': int(500, 'How long a follower waits for them.', { importance: 'HIGH' }),
  'replica.fetch.backoff.ms': int(1_000, 'Wait of a follower after a failed fetch.', { min: 0 }),
  'replica.socket.timeout.ms': int(30_000, 'Time-out of connections between brokers.', {
    importance: 'HIGH',
  }),
  'replica.socket.receive.buffer.bytes': int(65_536, 'Socket receive buffer of followers.', {
    importance: 'HIGH',
    inert: 'the system sizes the buffers of sockets',
  }),
  'replica.high.watermark.checkpoint.interval.ms': long(5_000, 'How often high watermarks are written down.', {
    importance: 'HIGH',
  }),
  'replica.selector.class': string(
    null,
    'Which replica a consumer is sent to: a name ending in RackAwareReplicaSelector: one in its rack (KIP-392); else the leader.',
  ),
  'num.replica.fetchers': int(1, 'Connections by which a follower copies from one leader.', {
    min: 1,
    importance: 'HIGH',
    mode: 'cluster-wide',
  }),
  'num.replica.alter.log.dirs.threads': int(null, 'Threads that move replicas between directories.', {
    importance: 'HIGH',
    inert: 'one event loop serves a Moldau broker',
  }),
  'fetch.purgatory.purge.interval.requests': int(1_000, 'Requests between two purges of finished fetches.', {
    inert: 'finished requests leave no trace that needs purging',
  }),
  'producer.purgatory.purge.interval.requests': int(1_000, 'Requests between two purges of finished produces.', {
    inert: 'finished requests leave no trace that needs purging',
  }),
  'delete.records.purgatory.purge.interval.requests': int(1, 'Requests between two purges of finished deletions.', {
    inert: 'finished requests leave no trace that needs purging',
  }),
  'auto.leader.rebalance.enable': boolean(true, 'Give leadership back to preferred leaders.', {
    importance: 'HIGH',
  }),
  'leader.imbalance.check.interval.seconds': long(300, 'How often leadership is checked for that.', {
    min: 1,
    importance: 'HIGH',
  }),
  'unclean.leader.election.enable': boolean(false, 'Allow a replica outside the ISR to lead, which loses data.', {
    importance: 'HIGH',
    mode: 'cluster-wide',
  }),
  'unclean.leader.election.interval.ms': long(300_000, 'How often partitions without a leader are looked for.', {
    min: 1,
    internal: true,
    inert: 'elections are tried with every change of the cluster',
  }),
  'controller.socket.timeout.ms': int(30_000, 'Time-out of connections of the controller to brokers.', {
    inert: 'requests between brokers have replica.socket.timeout.ms',
  }),
  'follower.fetch.last.tiered.offset.enable': boolean(false, 'Let a new follower begin at the last tiered offset.', {
    mode: 'cluster-wide',
    inert: 'tiered storage is not supported',
  }),
  'broker.heartbeat.interval.ms': int(
    2_000,
    'How often a broker tells the controller how far it has applied the metadata, without news.',
    { min: 1 },
  ),
  'broker.session.timeout.ms': int(9_000, 'A broker silent for this long is taken for stopped.', {
    inert: inZooKeeper,
  }),
  'initial.broker.registration.timeout.ms': int(60_000, 'How long the first registration of a broker may take.', {
    inert: 'a broker waits for it as long as it takes',
  }),
  'security.inter.broker.protocol': choice(
    ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    'PLAINTEXT',
    'The security protocol by which brokers talk to each other.',
    { refused: 'only PLAINTEXT is served yet' },
  ),
  'inter.broker.listener.name': string(null, 'The listener by which brokers talk to each other.'),
};

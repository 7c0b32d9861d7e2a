// Who this broker is and what it lets clients do: identity, automatic topics, limits of single requests.
import { boolean, int, javaClass, list, long, string } from '../setting.ts';

const policy = 'policy classes are Java code; a policy that is asked for and not run would let through what it forbids';

const betweenBrokers = 'requests between brokers have replica.socket.timeout.ms';

export const GENERAL_SETTINGS = {
  'node.id': int(1, 'The number by which the cluster knows this broker.', { min: 0, importance: 'HIGH' }),
  'broker.id': int(-1, 'The older name of node.id. When both are set they must agree.', {
    min: -1,
    importance: 'HIGH',
  }),
  'broker.rack': string(
    null,
    'The machine, rack or zone that this broker stands in. Replicas of a partition are spread over racks.',
  ),
  'auto.create.topics.enable': boolean(
    true,
    'Create a topic when a client asks for it by name and it does not exist.',
    {
      importance: 'HIGH',
    },
  ),
  'delete.topic.enable': boolean(true, 'Allow topics to be deleted.', { importance: 'HIGH' }),
  'num.partitions': int(1, 'Partitions of a topic that is created without a count.', { min: 1 }),
  'default.replication.factor': int(1, 'Replicas of a topic that is created without a replication factor.'),
  'max.partitions.per.request': int(
    20_000,
    "Partitions that one request may create, over all its topics (Moldau's own; Kafka has 10,000 built in).",
    { min: 1 },
  ),
  'max.partitions.per.cluster': int(200_000, "Partitions that the cluster may hold in all (Moldau's own).", { min: 1 }),
  'max.request.partition.size.limit': int(2_000, 'Partitions that one DescribeTopicPartitions answer may hold.', {
    min: 1,
  }),
  'request.timeout.ms': int(
    30_000,
    'How long a request between brokers may take, and a change of the cluster at most.',
    {
      importance: 'HIGH',
      inert: betweenBrokers,
    },
  ),
  'fetch.max.bytes': int(57_671_680, 'Most bytes in the answer to one Fetch, whatever the client asks for.', {
    min: 1024,
  }),
  'max.incremental.fetch.session.cache.slots': int(1_000, 'Fetch sessions kept at a time.', { min: 0 }),
  'controlled.shutdown.enable': boolean(true, 'Hand over leadership before stopping.'),
  'controlled.shutdown.max.retries': int(
    3,
    'Attempts in all to hand over leadership before stopping, where the controller cannot be had or no other replica is in sync yet. Kafka 4.0 removed it.',
    { min: 0 },
  ),
  'controlled.shutdown.retry.backoff.ms': long(5_000, 'Wait between two such attempts. Kafka 4.0 removed it.', {
    min: 0,
  }),
  'background.threads': int(10, 'Threads for background work.', {
    min: 1,
    importance: 'HIGH',
    mode: 'cluster-wide',
    inert: 'one event loop serves a Moldau broker',
  }),
  'num.io.threads': int(8, 'Threads that handle requests.', {
    min: 1,
    importance: 'HIGH',
    mode: 'cluster-wide',
    inert: 'one event loop serves a Moldau broker',
  }),
  'config.providers': list([], 'Classes that fill in placeholders in the values of settings.', {
    importance: 'LOW',
    mode: 'cluster-wide',
    refused: 'placeholders would be taken as they stand; write the values, or give them by environment variables',
  }),
  'create.topic.policy.class.name': javaClass(null, 'A class that may refuse the creation of a topic.', {
    importance: 'LOW',
    refused: policy,
  }),
  'alter.config.policy.class.name': javaClass(null, 'A class that may refuse a change of settings.', {
    importance: 'LOW',
    refused: policy,
  }),
  'unstable.api.versions.enable': boolean(false, 'Offer protocol versions that are not final.', {
    importance: 'HIGH',
    internal: true,
    inert: 'Moldau offers final versions only',
  }),
  'unstable.feature.versions.enable': boolean(false, 'Offer feature levels that are not final.', {
    importance: 'HIGH',
    internal: true,
    inert: 'Moldau offers final feature levels only',
  }),
};

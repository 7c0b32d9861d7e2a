// Throttles of moves (KIP-73): which replicas are throttled is a setting of their topic, how many bytes a second a setting
// of the brokers. They stay until somebody takes them back, which --verify and --cancel do.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { ConfigChange, PartitionReassignment } from '@moldau/client/admin/admin-model';
import { PartitionMap, type TopicPartition } from '@moldau/client/topic-partition';
import type { Terminal } from '../terminal.ts';
import type { Assignment } from './reassignment-json.ts';

const BROKER_RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'] as const;
const DIRECTORY_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second';
const LEADER_REPLICAS = 'leader.replication.throttled.replicas';
const FOLLOWER_REPLICAS = 'follower.replication.throttled.replicas';

/** From where to where the data of a partition goes. */
export type Move = TopicPartition & { readonly sources: readonly number[]; readonly destinations: readonly number[] };

/** The moves under way and those about to begin. */
export function allMoves(
  underWay: readonly PartitionReassignment[],
  wanted: readonly Assignment[],
  current: readonly Assignment[],
): Move[] {
  const moves = new PartitionMap<Move>();
  for (const { topic, partition, replicas, addingReplicas } of underWay) {
    const sources = replicas.filter((id) => !addingReplicas.includes(id));
    moves.set(topic, partition, { topic, partition, sources, destinations: addingReplicas });
  }
  const now = new PartitionMap<readonly number[]>();
  for (const { topic, partition, replicas } of current) now.set(topic, partition, replicas);
  for (const { topic, partition, replicas } of wanted) {
    const sources = moves.get(topic, partition)?.sources ?? now.get(topic, partition) ?? [];
    const destinations = replicas.filter((id) => !sources.includes(id));
    moves.set(topic, partition, { topic, partition, sources, destinations });
  }
  return [...moves.values()];
}

/** The throttled replicas of each topic, as its two settings name them: `partition:broker,…`. */
export function throttledReplicas(moves: readonly Move[]): Map<string, { leaders: string; followers: string }> {
  const topics = new Map<string, { leaders: Set<string>; followers: Set<string> }>();
  for (const { topic, partition, sources, destinations } of moves) {
    const of = topics.get(topic) ?? { leaders: new Set(), followers: new Set() };
    topics.set(topic, of);
    for (const id of sources) of.leaders.add(`${partition}:${id}`);
    for (const id of destinations) of.followers.add(`${partition}:${id}`);
  }
  const text = (items: Set<string>) => [...items].sort().join(',');
  return new Map(
    [...topics].map(([topic, of]) => [topic, { leaders: text(of.leaders), followers: text(of.followers) }]),
  );
}

export async function throttleMoves(admin: AdminApi, moves: readonly Move[], rate: number, terminal: Terminal) {
  await change(
    admin,
    'topic',
    [...throttledReplicas(moves)].map(([topic, { leaders, followers }]) => [
      topic,
      [set(LEADER_REPLICAS, leaders), set(FOLLOWER_REPLICAS, followers)],
    ]),
  );
  const brokers = new Set(moves.flatMap(({ sources, destinations }) => [...sources, ...destinations]));
  await change(
    admin,
    'broker',
    [...brokers].map((id) => [String(id), BROKER_RATES.map((name) => set(name, String(rate)))]),
  );
  terminal.out(`The inter-broker throttle limit was set to ${rate} B/s\n`);
}

export async function throttleDirectories(
  admin: AdminApi,
  brokers: Iterable<number>,
  rate: number,
  terminal: Terminal,
): Promise<void> {
  await change(
    admin,
    'broker',
    [...new Set(brokers)].map((id) => [String(id), [set(DIRECTORY_RATE, String(rate))]]),
  );
  terminal.out(`The replica-alter-dir throttle limit was set to ${rate} B/s\n`);
}

/** All of them: who took part in moves that are over cannot be told any more. */
export async function clearThrottles(admin: AdminApi, plan: readonly Assignment[], terminal: Terminal): Promise<void> {
  const { nodes } = await admin.describeCluster();
  const brokers = [...new Set([...nodes.map(({ id }) => id), ...plan.flatMap(({ replicas }) => replicas)])].sort(
    (a, b) => a - b,
  );
  terminal.out(`Clearing broker-level throttles on broker${brokers.length === 1 ? '' : 's'} ${brokers.join(',')}\n`);
  await change(
    admin,
    'broker',
    brokers.map((id) => [String(id), [...BROKER_RATES, DIRECTORY_RATE].map(unset)]),
  );
  const topics = [...new Set(plan.map(({ topic }) => topic))];
  terminal.out(`Clearing topic-level throttles on topic${topics.length === 1 ? '' : 's'} ${topics.join(',')}\n`);
  await change(
    admin,
    'topic',
    topics.map((topic) => [topic, [LEADER_REPLICAS, FOLLOWER_REPLICAS].map(unset)]),
  );
}

const set = (name: string, value: string): ConfigChange => ({ name, operation: 'SET', value });
const unset = (name: string): ConfigChange => ({ name, operation: 'DELETE', value: null });

async function change(
  admin: AdminApi,
  type: 'topic' | 'broker',
  resources: readonly (readonly [name: string, changes: readonly ConfigChange[]])[],
): Promise<void> {
  if (resources.length === 0) return;
  const results = await admin.incrementalAlterConfigs(resources.map(([name, changes]) => ({ type, name, changes })));
  for (const { error } of results) if (error) throw error;
}

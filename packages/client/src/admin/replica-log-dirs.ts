// Replicas and the log directories they lie in, broker by broker (KIP-113). A move within a broker makes a second, "future"
// replica that catches up and then takes the place of the first.
import { asKafkaError, errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import { byTopic, partitionText } from '../topic-partition.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions, Outcome, Replica, ReplicaLogDir, ReplicaOutcome } from './admin-model.ts';

function replicaText(replica: Replica): string {
  return `${partitionText(replica)}-${replica.brokerId}`;
}

/** Asks each broker for its own; one that cannot be asked is the outcome of its items. */
async function byBroker<Item extends Replica, T>(
  items: readonly Item[],
  ask: (broker: number, items: readonly Item[], outcomes: Map<string, Outcome<T>>) => Promise<void>,
): Promise<Map<string, Outcome<T>>> {
  const outcomes = new Map<string, Outcome<T>>();
  const brokers = new Map<number, Item[]>();
  for (const item of items) {
    const group = brokers.get(item.brokerId);
    if (group) group.push(item);
    else brokers.set(item.brokerId, [item]);
  }
  await Promise.all(
    [...brokers].map(([broker, group]) =>
      ask(broker, group, outcomes).catch((error: unknown) => {
        for (const item of group) outcomes.set(replicaText(item), asKafkaError(error));
      }),
    ),
  );
  return outcomes;
}

export async function alterReplicaLogDirs(
  calls: AdminCalls,
  moves: readonly (Replica & { readonly path: string })[],
  options: CallOptions = {},
): Promise<ReplicaOutcome[]> {
  await calls.run('Finding brokers', options, () => calls.brokers());
  const outcomes = await byBroker<(typeof moves)[number], true>(moves, (broker, group, settled) =>
    // A replica that the broker does not have yet is told at once: the caller knows whether waiting for it makes sense.
    calls.run(`Moving replicas on broker ${broker}`, options, async () => {
      const paths = new Map<string, (typeof moves)[number][]>();
      for (const move of group) paths.set(move.path, [...(paths.get(move.path) ?? []), move]);
      const answer = await calls.cluster.send(broker, 'AlterReplicaLogDirs', {
        dirs: [...paths].map(([path, entries]) => ({
          path,
          topics: [...byTopic(entries)].map(([name, partitions]) => ({
            name,
            partitions: partitions.map(({ partition }) => partition),
          })),
        })),
      });
      for (const { topicName: topic, partitions } of answer.results) {
        for (const { partitionIndex: partition, errorCode } of partitions) {
          const replica = { topic, partition, brokerId: broker };
          settled.set(replicaText(replica), errorOfCode(errorCode, { topic, partition }) ?? true);
        }
      }
    }),
  );
  return moves.map(({ topic, partition, brokerId }) => {
    const outcome = outcomes.get(replicaText({ topic, partition, brokerId }));
    return { topic, partition, brokerId, error: outcome instanceof KafkaError ? outcome : undefined };
  });
}

export async function describeReplicaLogDirs(
  calls: AdminCalls,
  replicas: readonly Replica[],
  options: CallOptions = {},
): Promise<(Replica & { readonly place: Outcome<ReplicaLogDir> })[]> {
  await calls.run('Finding brokers', options, () => calls.brokers());
  const outcomes = await byBroker<Replica, ReplicaLogDir>(replicas, (broker, group, settled) =>
    calls.run(`Describing the log directories of broker ${broker}`, options, async () => {
      const answer = await calls.cluster.send(broker, 'DescribeLogDirs', {
        topics: [...byTopic(group)].map(([topic, entries]) => ({
          topic,
          partitions: entries.map(({ partition }) => partition),
        })),
      });
      throwOnCode(answer.errorCode);
      const places = new Map<string, ReplicaLogDir>();
      for (const directory of answer.results) {
        // A directory that has failed tells nothing of what lies in it.
        if (directory.errorCode !== 0) continue;
        for (const { name: topic, partitions } of directory.topics) {
          for (const { partitionIndex: partition, offsetLag, isFutureKey } of partitions) {
            const key = replicaText({ topic, partition, brokerId: broker });
            const here = { path: directory.logDir, offsetLag };
            places.set(key, {
              ...(places.get(key) ?? NOWHERE),
              ...(isFutureKey ? { future: here } : { current: here }),
            });
          }
        }
      }
      for (const replica of group) settled.set(replicaText(replica), places.get(replicaText(replica)) ?? NOWHERE);
    }),
  );
  return replicas.map((replica) => ({ ...replica, place: outcomes.get(replicaText(replica)) ?? NOWHERE }));
}

const NOWHERE: ReplicaLogDir = { current: undefined, future: undefined };

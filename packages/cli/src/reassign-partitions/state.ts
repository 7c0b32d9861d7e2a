// Where partitions are, and how far their moves.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { PartitionReassignment } from '@moldau/client/admin/admin-model';
import { KafkaError } from '@moldau/client/errors';
import { PartitionMap, partitionText, type TopicPartition } from '@moldau/client/topic-partition';
import { type Assignment, byPartition } from './reassignment-json.ts';

/** Replicas of all partitions of the topics, or of `only` those. Throws where one is not there. */
export async function currentAssignments(
  admin: AdminApi,
  topics: readonly string[],
  only?: readonly TopicPartition[],
): Promise<Assignment[]> {
  const described = await admin.describeTopics([...new Set(topics)]);
  const found: Assignment[] = [];
  for (const [topic, description] of described) {
    if (description instanceof KafkaError) {
      if (description.error !== 'UNKNOWN_TOPIC_OR_PARTITION') throw description;
      throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', { message: `Topic ${topic} not found.`, topic });
    }
    for (const { partition, replicas } of description.partitions) {
      found.push({ topic, partition, replicas: replicas.map(({ id }) => id) });
    }
  }
  if (only === undefined) return found;
  const wanted = new Set(only.map(partitionText));
  const matching = found.filter((assignment) => wanted.has(partitionText(assignment)));
  const there = new Set(matching.map(partitionText));
  const missing = only.filter((partition) => !there.has(partitionText(partition)));
  if (missing.length > 0) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', {
      message: `Unable to find partition: ${missing.map(partitionText).join(', ')}`,
    });
  }
  return matching;
}

/** The directories of the replicas, as far as their brokers tell: one that is down does not. */
export async function pathsOf(
  admin: AdminApi,
  assignments: readonly Assignment[],
): Promise<(partition: TopicPartition, brokerId: number) => string | undefined> {
  const replicas = assignments.flatMap(({ topic, partition, replicas }) =>
    replicas.map((brokerId) => ({ topic, partition, brokerId })),
  );
  const known = new Set((await admin.describeCluster()).nodes.map(({ id }) => id));
  const paths = new Map<string, string>();
  const described = await admin.describeReplicaLogDirs(replicas.filter(({ brokerId }) => known.has(brokerId)));
  for (const { place, brokerId, ...where } of described) {
    if (!(place instanceof Error) && place.current)
      paths.set(`${partitionText(where)}-${brokerId}`, place.current.path);
  }
  return (partition, brokerId) => paths.get(`${partitionText(partition)}-${brokerId}`);
}

/** What --verify says of each partition, and whether anything moves in the cluster, asked for or not. */
export async function verifyPartitions(
  admin: AdminApi,
  plan: readonly Assignment[],
): Promise<{ readonly text: string; readonly anyUnderWay: boolean }> {
  const underWay = await admin.listPartitionReassignments();
  const moving = new PartitionMap<PartitionReassignment>();
  for (const one of underWay) moving.set(one.topic, one.partition, one);
  const still = plan.filter(({ topic, partition }) => !moving.has(topic, partition));
  const described = await admin.describeTopics([...new Set(still.map(({ topic }) => topic))]);
  const current = new PartitionMap<readonly number[]>();
  for (const [topic, description] of described) {
    if (description instanceof KafkaError) {
      if (description.error !== 'UNKNOWN_TOPIC_OR_PARTITION') throw description;
      continue;
    }
    for (const { partition, replicas } of description.partitions) {
      current.set(
        topic,
        partition,
        replicas.map(({ id }) => id),
      );
    }
  }
  const lines = [...plan].sort(byPartition).map(({ topic, partition, replicas }) => {
    const name = partitionText({ topic, partition });
    if (moving.has(topic, partition)) return `Reassignment of partition ${name} is still in progress.`;
    const now = (current.get(topic, partition) ?? []).join(',');
    const target = replicas.join(',');
    return now === target
      ? `Reassignment of partition ${name} is completed.`
      : `There is no active reassignment of partition ${name}, but replica set is ${now} rather than ${target}.`;
  });
  return { text: ['Status of partition reassignment:', ...lines].join('\n'), anyUnderWay: underWay.length > 0 };
}

/** What --list prints. */
export function listText(underWay: readonly PartitionReassignment[]): string {
  if (underWay.length === 0) return 'No partition reassignments found.';
  const lines = [...underWay].sort(byPartition).map((one) => {
    const adding = one.addingReplicas.length > 0 ? ` adding: ${one.addingReplicas.join(',')}.` : '';
    const removing = one.removingReplicas.length > 0 ? ` removing: ${one.removingReplicas.join(',')}.` : '';
    return `${partitionText(one)}: replicas: ${one.replicas.join(',')}.${adding}${removing}`;
  });
  return `Current partition reassignments:\n${lines.join('\n')}`;
}

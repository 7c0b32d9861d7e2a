// Moves of partitions to other brokers (KIP-455): asked of the controller, which answers when it has taken them on; they
// go on by themselves. A move is cancelled by asking for none.
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import { byTopic, partitionText, type TopicPartition } from '../topic-partition.ts';
import type { AdminCalls } from './admin-calls.ts';
import type {
  AlterReassignmentsOptions,
  CallOptions,
  NewReassignment,
  Outcome,
  PartitionOutcome,
  PartitionReassignment,
} from './admin-model.ts';

export async function alterPartitionReassignments(
  calls: AdminCalls,
  reassignments: readonly NewReassignment[],
  options: AlterReassignmentsOptions = {},
): Promise<PartitionOutcome[]> {
  const outcomes = await calls.each<NewReassignment, true>(
    'Altering reassignments',
    options,
    reassignments,
    partitionText,
    async (items, leftMs) => {
      const answer = await calls.cluster.send('controller', 'AlterPartitionReassignments', (version) => {
        const allowed = options.allowReplicationFactorChange ?? true;
        if (version < 1 && !allowed) {
          throw new KafkaError('UNSUPPORTED_VERSION', {
            message: 'The broker cannot refuse a change of the replication factor.',
          });
        }
        return {
          timeoutMs: Math.round(leftMs),
          ...(version >= 1 ? { allowReplicationFactorChange: allowed } : {}),
          topics: [...byTopic(items)].map(([name, entries]) => ({
            name,
            partitions: entries.map(({ partition, replicas }) => ({
              partitionIndex: partition,
              replicas: replicas && [...replicas],
            })),
          })),
        };
      });
      throwOnCode(answer.errorCode, { message: answer.errorMessage });
      const settled = new Map<string, Outcome<true>>();
      for (const topic of answer.responses) {
        for (const { partitionIndex: partition, errorCode, errorMessage } of topic.partitions) {
          const where = { topic: topic.name, partition };
          settled.set(partitionText(where), errorOfCode(errorCode, { message: errorMessage, ...where }) ?? true);
        }
      }
      return settled;
    },
  );
  return reassignments.map(({ topic, partition }) => {
    const outcome = outcomes.get(partitionText({ topic, partition }));
    return { topic, partition, error: outcome instanceof KafkaError ? outcome : undefined };
  });
}

export function listPartitionReassignments(
  calls: AdminCalls,
  partitions: readonly TopicPartition[] | undefined,
  options: CallOptions = {},
): Promise<PartitionReassignment[]> {
  return calls.run('Listing reassignments', options, async (leftMs) => {
    const answer = await calls.cluster.send('controller', 'ListPartitionReassignments', {
      timeoutMs: Math.round(leftMs),
      topics: partitions
        ? [...byTopic(partitions)].map(([name, entries]) => ({
            name,
            partitionIndexes: entries.map(({ partition }) => partition),
          }))
        : null,
    });
    throwOnCode(answer.errorCode, { message: answer.errorMessage });
    return answer.topics.flatMap(({ name, partitions: running }) =>
      running.map(({ partitionIndex, ...replicas }) => ({ topic: name, partition: partitionIndex, ...replicas })),
    );
  });
}

// Elections of partition leaders that somebody asks for (KIP-460): back to the preferred replica, or, as a last resort, of
// a replica that is out of sync.
import { errorOfCode, KafkaError, throwOnCode } from '../errors.ts';
import { byTopic, type TopicPartition } from '../topic-partition.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions, ElectionType, PartitionOutcome } from './admin-model.ts';

const TYPE: { readonly [T in ElectionType]: number } = { preferred: 0, unclean: 1 };

/** Without partitions the broker looks at all, and its answer leaves out those that needed no election. */
export function electLeaders(
  calls: AdminCalls,
  type: ElectionType,
  partitions: readonly TopicPartition[] | undefined,
  options: CallOptions = {},
): Promise<PartitionOutcome[]> {
  return calls.run('Electing leaders', options, async (leftMs) => {
    const answer = await calls.cluster.send('controller', 'ElectLeaders', (version) => {
      if (version < 1 && type !== 'preferred') {
        throw new KafkaError('UNSUPPORTED_VERSION', { message: 'The broker elects preferred leaders only.' });
      }
      return {
        ...(version >= 1 ? { electionType: TYPE[type] } : {}),
        topicPartitions: partitions
          ? [...byTopic(partitions)].map(([topic, entries]) => ({
              topic,
              partitions: entries.map(({ partition }) => partition),
            }))
          : null,
        timeoutMs: Math.round(leftMs),
      };
    });
    throwOnCode(answer.errorCode);
    return answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map(({ partitionId: partition, errorCode, errorMessage }) => {
        const where = { topic, partition };
        return { ...where, error: errorOfCode(errorCode, { message: errorMessage, ...where }) };
      }),
    );
  });
}

// Offsets by time or by special place (ListOffsets), asked of each partition's leader. One round, not retried.
import type { RequestOf } from '../connection/broker-connection.ts';
import { asKafkaError, errorOfCode, KafkaError } from '../errors.ts';
import { byTopic, PartitionMap, type TopicPartition } from '../topic-partition.ts';
import type { Cluster } from './cluster.ts';

export const LATEST = -1;
export const EARLIEST = -2;
export const MAX_TIMESTAMP = -3;

export type OffsetQuestion = TopicPartition & {
  /** Milliseconds since the epoch, or a special value below 0. */
  readonly timestamp: number;
};

export interface OffsetAnswer {
  /** -1: no record that late. */
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

/** The lowest version that knows the special timestamp. */
function versionFor(timestamp: number): number {
  switch (timestamp) {
    case -3:
      return 7;
    case -4:
      return 8;
    case -5:
      return 9;
    case -6:
      return 11;
    default:
      return 1;
  }
}

/** An answer or an error for each partition asked for. Metadata of the topics must be there. */
export async function listOffsets(
  cluster: Cluster,
  questions: readonly OffsetQuestion[],
  o: { readonly readCommitted: boolean; readonly timeoutMs: number },
): Promise<PartitionMap<OffsetAnswer | KafkaError>> {
  const answers = new PartitionMap<OffsetAnswer | KafkaError>();
  const byLeader = new Map<number, OffsetQuestion[]>();
  for (const question of questions) {
    const { topic, partition } = question;
    const leader = cluster.metadata.leaderOf(topic, partition);
    if (leader === undefined) {
      const known = cluster.metadata.partition(topic, partition) !== undefined;
      const error =
        cluster.metadata.topicError(topic) ?? (known ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION');
      answers.set(topic, partition, new KafkaError(error, { topic, partition }));
      continue;
    }
    const list = byLeader.get(leader);
    if (list) list.push(question);
    else byLeader.set(leader, [question]);
  }
  const ask = async (leader: number, asked: readonly OffsetQuestion[]) => {
    const lowest = Math.max(...asked.map(({ timestamp }) => versionFor(timestamp)), o.readCommitted ? 2 : 1);
    const answer = await cluster.send(leader, 'ListOffsets', (version) => {
      if (version >= lowest) return request(cluster, asked, o);
      throw new KafkaError('UNSUPPORTED_VERSION', {
        message: `The broker speaks ListOffsets up to ${version}; what is asked needs ${lowest}.`,
      });
    });
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode, offset, timestamp, leaderEpoch } of partitions) {
        const error = errorOfCode(errorCode, { topic: name, partition: partitionIndex });
        answers.set(name, partitionIndex, error ?? { offset, timestamp, leaderEpoch });
      }
    }
  };
  await Promise.all(
    [...byLeader].map(([leader, asked]) =>
      ask(leader, asked).catch((error: unknown) => {
        for (const { topic, partition } of asked) answers.set(topic, partition, asKafkaError(error));
      }),
    ),
  );
  for (const { topic, partition } of questions) {
    if (!answers.has(topic, partition)) answers.set(topic, partition, new KafkaError('UNKNOWN_TOPIC_OR_PARTITION'));
  }
  return answers;
}

function request(
  cluster: Cluster,
  questions: readonly OffsetQuestion[],
  o: { readonly readCommitted: boolean; readonly timeoutMs: number },
): RequestOf<'ListOffsets'> {
  return {
    replicaId: -1,
    isolationLevel: o.readCommitted ? 1 : 0,
    topics: [...byTopic(questions)].map(([name, entries]) => ({
      name,
      partitions: entries.map(({ partition, timestamp }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: cluster.metadata.partition(name, partition)?.leaderEpoch ?? -1,
        timestamp,
      })),
    })),
    timeoutMs: o.timeoutMs,
  };
}

// What concerns single partitions and is asked of their leaders: offsets, truncation from the front, producers.
import { listOffsets as askOffsets, type OffsetAnswer } from '../cluster/list-offsets.ts';
import { asKafkaError, errorOfCode, KafkaError } from '../errors.ts';
import { byTopic, partitionText, type TopicPartition } from '../topic-partition.ts';
import { type AdminCalls, UNKNOWN_TOPIC_RETRIES } from './admin-calls.ts';
import type {
  CallOptions,
  DeletedRecords,
  DescribedProducers,
  ListedOffset,
  ListOffsetsOptions,
  OffsetSpec,
  Outcome,
  ProducerState,
} from './admin-model.ts';

const SPECIAL: { readonly [S in Exclude<OffsetSpec, number>]: number } = {
  latest: -1,
  earliest: -2,
  'max-timestamp': -3,
  'earliest-local': -4,
  'latest-tiered': -5,
  'earliest-pending-upload': -6,
};

export async function listOffsets(
  calls: AdminCalls,
  partitions: readonly (TopicPartition & { readonly timestamp: OffsetSpec })[],
  options: ListOffsetsOptions = {},
): Promise<ListedOffset[]> {
  const questions = partitions.map(({ topic, partition, timestamp }) => ({
    topic,
    partition,
    timestamp: typeof timestamp === 'number' ? timestamp : SPECIAL[timestamp],
  }));
  const outcomes = await calls.each<(typeof questions)[number], OffsetAnswer>(
    'Listing offsets',
    options,
    questions,
    partitionText,
    async (items, leftMs) => {
      await calls.describe(items.map(({ topic }) => topic));
      const answers = await askOffsets(calls.cluster, items, {
        readCommitted: options.isolationLevel === 'read_committed',
        timeoutMs: Math.round(leftMs),
      });
      return new Map(items.map((item) => [partitionText(item), answers.get(item.topic, item.partition)!]));
    },
    UNKNOWN_TOPIC_RETRIES,
  );
  return partitions.map(({ topic, partition }): ListedOffset => {
    const outcome = outcomes.get(partitionText({ topic, partition }))!;
    return outcome instanceof KafkaError
      ? { topic, partition, offset: -1, timestamp: -1, leaderEpoch: -1, error: outcome }
      : { topic, partition, ...outcome, error: undefined };
  });
}

/** Asks the leader of each item's partition, one request a leader; a leader that fails is the outcome of its items. */
async function byLeader<Item extends TopicPartition, T>(
  calls: AdminCalls,
  items: readonly Item[],
  ask: (leader: number, items: readonly Item[], outcomes: Map<string, Outcome<T>>) => Promise<void>,
): Promise<Map<string, Outcome<T>>> {
  await calls.describe(items.map(({ topic }) => topic));
  const { metadata } = calls.cluster;
  const outcomes = new Map<string, Outcome<T>>();
  const leaders = new Map<number, Item[]>();
  for (const item of items) {
    const { topic, partition } = item;
    const leader = metadata.leaderOf(topic, partition);
    if (leader === undefined) {
      const known = metadata.partition(topic, partition) !== undefined;
      const error = metadata.topicError(topic) ?? (known ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION');
      outcomes.set(partitionText(item), new KafkaError(error, { topic, partition }));
      continue;
    }
    const group = leaders.get(leader);
    if (group) group.push(item);
    else leaders.set(leader, [item]);
  }
  await Promise.all(
    [...leaders].map(([leader, group]) =>
      ask(leader, group, outcomes).catch((error: unknown) => {
        for (const item of group) outcomes.set(partitionText(item), asKafkaError(error));
      }),
    ),
  );
  return outcomes;
}

export async function deleteRecords(
  calls: AdminCalls,
  partitions: readonly (TopicPartition & { readonly offset: number })[],
  options: CallOptions = {},
): Promise<DeletedRecords[]> {
  const outcomes = await calls.each<(typeof partitions)[number], number>(
    'Deleting records',
    options,
    partitions,
    partitionText,
    (items, leftMs) =>
      byLeader(calls, items, async (leader, group, settled) => {
        const answer = await calls.cluster.send(leader, 'DeleteRecords', {
          topics: [...byTopic(group)].map(([name, entries]) => ({
            name,
            partitions: entries.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
          })),
          timeoutMs: Math.round(leftMs),
        });
        for (const topic of answer.topics) {
          for (const { partitionIndex: partition, errorCode, lowWatermark } of topic.partitions) {
            const where = { topic: topic.name, partition };
            settled.set(partitionText(where), errorOfCode(errorCode, where) ?? lowWatermark);
          }
        }
      }),
    UNKNOWN_TOPIC_RETRIES,
  );
  return partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    lowWatermark: outcomes.get(partitionText({ topic, partition }))!,
  }));
}

export async function describeProducers(
  calls: AdminCalls,
  partitions: readonly TopicPartition[],
  options: CallOptions & { readonly brokerId?: number } = {},
): Promise<DescribedProducers[]> {
  const ask = async (
    broker: number,
    group: readonly TopicPartition[],
    settled: Map<string, Outcome<readonly ProducerState[]>>,
  ) => {
    const answer = await calls.cluster.send(broker, 'DescribeProducers', {
      topics: [...byTopic(group)].map(([name, entries]) => ({
        name,
        partitionIndexes: entries.map(({ partition }) => partition),
      })),
    });
    for (const topic of answer.topics) {
      for (const { partitionIndex, errorCode, errorMessage, activeProducers } of topic.partitions) {
        const where = { topic: topic.name, partition: partitionIndex };
        const states = activeProducers.map(({ currentTxnStartOffset, ...state }) => ({
          ...state,
          currentTransactionStartOffset: currentTxnStartOffset,
        }));
        settled.set(partitionText(where), errorOfCode(errorCode, { message: errorMessage, ...where }) ?? states);
      }
    }
  };
  const outcomes = await calls.each<TopicPartition, readonly ProducerState[]>(
    'Describing producers',
    options,
    partitions,
    partitionText,
    async (items) => {
      if (options.brokerId === undefined) return byLeader(calls, items, ask);
      await calls.brokers();
      const settled = new Map<string, Outcome<readonly ProducerState[]>>();
      await ask(options.brokerId, items, settled);
      return settled;
    },
    UNKNOWN_TOPIC_RETRIES,
  );
  return partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    producers: outcomes.get(partitionText({ topic, partition }))!,
  }));
}

// Reassignments as KafkaJS shapes them.
import type { Admin as NativeAdmin } from '../admin/admin.ts';
import type { CallOptions } from '../admin/admin-model.ts';
import { KafkaJSAggregateError, KafkaJSAlterPartitionReassignmentsError, KafkaJSNonRetriableError } from './errors.ts';
import type { TopicPartitions } from './model.ts';

/** Where the partitions of a topic shall be; the first replica is the preferred leader. */
export interface PartitionReassignment {
  topic: string;
  partitionAssignment: { partition: number; replicas: number[] }[];
}

export interface OngoingTopicReassignment {
  topic: string;
  partitions: {
    partitionIndex: number;
    replicas: number[];
    addingReplicas?: number[];
    removingReplicas?: number[];
  }[];
}

export async function listPartitionReassignments(
  native: NativeAdmin,
  topics: readonly TopicPartitions[] | undefined,
  options: CallOptions,
): Promise<{ topics: OngoingTopicReassignment[] }> {
  const asked = topics?.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  const running = await native.listPartitionReassignments(asked, options);
  const found = new Map<string, OngoingTopicReassignment['partitions']>();
  for (const { topic, partition, replicas, addingReplicas, removingReplicas } of running) {
    const entry = {
      partitionIndex: partition,
      replicas: [...replicas],
      addingReplicas: [...addingReplicas],
      removingReplicas: [...removingReplicas],
    };
    found.set(topic, [...(found.get(topic) ?? []), entry]);
  }
  return { topics: [...found].map(([topic, partitions]) => ({ topic, partitions })) };
}

/** Answers when the controller has taken the moves on. Throws one error that carries those of all partitions refused. */
export async function alterPartitionReassignments(
  native: NativeAdmin,
  topics: readonly PartitionReassignment[],
  options: CallOptions,
): Promise<void> {
  if (!Array.isArray(topics) || topics.length === 0) {
    throw new KafkaJSNonRetriableError('topics must be a list that is not empty.');
  }
  const wished = topics.flatMap(({ topic, partitionAssignment }) => {
    if (typeof topic !== 'string' || !Array.isArray(partitionAssignment)) {
      throw new KafkaJSNonRetriableError('Each topic needs its name and a list partitionAssignment.');
    }
    return partitionAssignment.map(({ partition, replicas }) => ({ topic, partition, replicas }));
  });
  const outcomes = await native.alterPartitionReassignments(wished, options);
  const errors = outcomes.flatMap(({ topic, partition, error }) => {
    if (!error) return [];
    const { error: type, code = -1, retriable } = error;
    const wire = Object.assign(new Error(error.message), { type, code, retriable });
    return [new KafkaJSAlterPartitionReassignmentsError(wire, topic, partition)];
  });
  if (errors.length > 0) throw new KafkaJSAggregateError('Partitions could not be reassigned.', errors);
}

// What members put into JoinGroup and the leader into SyncGroup: subscriptions and assignments, to and from bytes.
import { decodeVersioned, encodeVersioned } from '@moldau/protocol';
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '@moldau/protocol/messages/consumer-protocol';
import { byTopic, type TopicPartition } from '../topic-partition.ts';
import type { AssignedMember, Assignor } from './assignors/assignor.ts';

/** Versions written; newer readers and writers differ only in fields at the end. */
const SUBSCRIPTION_VERSION = 3;
const ASSIGNMENT_VERSION = 1;

export function encodeSubscription(
  assignor: Assignor,
  topics: readonly string[],
  o: {
    readonly owned: readonly TopicPartition[];
    readonly generationId: number;
    readonly cooperative: boolean;
    /** client.rack, for leaders that share partitions out by it (KIP-881). */
    readonly rackId: string | null;
  },
): Buffer {
  const { owned, generationId, cooperative, rackId } = o;
  return encodeVersioned(ConsumerProtocolSubscription, SUBSCRIPTION_VERSION, {
    topics: [...topics].sort(),
    userData: assignor.userData?.(owned, generationId, topics) ?? null,
    // Under the eager protocol a member gives everything up before it joins.
    ownedPartitions: cooperative ? topicsOf(owned) : [],
    generationId: cooperative ? generationId : -1,
    rackId,
  });
}

export function decodeMember(member: {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}): AssignedMember {
  const { topics, userData, ownedPartitions, generationId } = decodeVersioned(
    ConsumerProtocolSubscription,
    member.metadata,
    'as-newest',
  );
  return {
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    topics,
    userData,
    owned: flat(ownedPartitions),
    generation: generationId,
  };
}

function topicsOf(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...byTopic(partitions)].map(([topic, entries]) => ({
    topic,
    partitions: entries.map(({ partition }) => partition),
  }));
}

function flat(topics: readonly { topic: string; partitions: readonly number[] }[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  return encodeVersioned(ConsumerProtocolAssignment, ASSIGNMENT_VERSION, {
    assignedPartitions: topicsOf(partitions),
    userData: null,
  });
}

export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const { assignedPartitions } = decodeVersioned(ConsumerProtocolAssignment, bytes, 'as-newest');
  return flat(assignedPartitions);
}

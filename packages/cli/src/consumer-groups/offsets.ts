// Offsets of groups and of logs, as the group tool needs them.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { OffsetSpec } from '@moldau/client/admin/admin-model';
import type { TopicPartition } from './tables.ts';

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}-${partition}`;

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  /** -1 when unknown. */
  readonly leaderEpoch: number;
}

/** What the group has committed, by `partitionKey`. */
export async function committedOffsets(admin: AdminApi, groupId: string): Promise<Map<string, CommittedOffset>> {
  const offsets = await admin.listConsumerGroupOffsets(groupId);
  return new Map(offsets.filter(({ offset }) => offset >= 0).map((offset) => [partitionKey(offset), offset]));
}

/** Ends of logs by `partitionKey`; a partition without a leader is missing. */
export async function endOffsets(admin: AdminApi, partitions: readonly TopicPartition[]): Promise<Map<string, number>> {
  return await logOffsets(admin, partitions, 'latest');
}

/** Offsets for a time or a special place, by `partitionKey`; where there is none the partition is missing. */
export async function logOffsets(
  admin: AdminApi,
  partitions: readonly TopicPartition[],
  timestamp: OffsetSpec,
): Promise<Map<string, number>> {
  const offsets = new Map<string, number>();
  if (partitions.length === 0) return offsets;
  for (const result of await admin.listOffsets(
    partitions.map(({ topic, partition }) => ({ topic, partition, timestamp })),
  )) {
    if (result.error === undefined && result.offset >= 0) offsets.set(partitionKey(result), result.offset);
  }
  return offsets;
}

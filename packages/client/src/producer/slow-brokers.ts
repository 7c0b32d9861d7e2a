// Which brokers do not take what is ready for them (KIP-794, partitioner.availability.timeout.ms): keyless records pass
// their partitions by, as long as there are others. Pure.
import type { ClusterMetadata } from '../cluster/metadata.ts';
import type { Accumulator } from './accumulator.ts';

/** The partitions of `available` whose leader has no batch that waits for longer than it should; all, if none is left. */
export function promptPartitions(
  o: { readonly accumulator: Accumulator; readonly metadata: ClusterMetadata },
  settings: { readonly lingerMs: number; readonly partitionerAvailabilityTimeoutMs: number },
  now: number,
  topic: string,
  available: readonly number[],
): readonly number[] {
  const slow = new Set<number | undefined>();
  for (const line of o.accumulator.active) {
    const first = line.waiting[0];
    const dueAt = first && first.createdAt + settings.lingerMs + settings.partitionerAvailabilityTimeoutMs;
    if (dueAt !== undefined && dueAt < now) slow.add(o.metadata.leaderOf(line.topic, line.partition));
  }
  if (slow.size === 0) return available;
  const prompt = available.filter((partition) => !slow.has(o.metadata.leaderOf(topic, partition)));
  return prompt.length > 0 ? prompt : available;
}

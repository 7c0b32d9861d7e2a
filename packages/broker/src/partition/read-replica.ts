// Which replica a consumer is sent to (KIP-392): by replica.selector.class, either nobody, or one in the reader's own rack.
// Pure but for the picture that it looks at.
// Always: only a replica that is alive, in sync and has the offset is named; a leader in the reader's rack serves itself.
import type { ClusterImage } from '@moldau/metadata';
import type { PartitionLeader } from './partition-leader.ts';

/** Kafka's class of that name, and ours. */
const RACK_AWARE = /(^|\.)RackAwareReplicaSelector$/;

export function preferredReadReplica(
  broker: { readonly config: { readonly replicaSelectorClass: string | null }; image(): ClusterImage },
  leading: Readonly<PartitionLeader>,
  rackId: string,
  fetchOffset: number,
): number | undefined {
  const selector = broker.config.replicaSelectorClass;
  if (selector === null || !RACK_AWARE.test(selector)) return undefined;
  const image = broker.image();
  if (image.broker(leading.self)?.rack === rackId) return undefined;
  let best: { readonly id: number; readonly logEnd: number } | undefined;
  for (const { id, logEnd, logStart, brokerEpoch } of leading.followers) {
    if (logStart > fetchOffset || logEnd < fetchOffset || !leading.isr.includes(id)) continue;
    if (image.broker(id)?.rack !== rackId || !image.isActive(id, brokerEpoch)) continue;
    if (!best || logEnd > best.logEnd) best = { id, logEnd };
  }
  return best?.id;
}

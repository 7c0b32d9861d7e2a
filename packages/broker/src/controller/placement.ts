// Where the replicas of new partitions go: spread over brokers, and over racks first, each broker leading as often as the
// others (the idea of Kafka's StripedReplicaPlacer). Pure: where the round begins is handed in.
import type { BrokerImage } from '@moldau/metadata';

export type Placement =
  | { readonly kind: 'placed'; readonly replicas: readonly (readonly number[])[] }
  | { readonly kind: 'refused'; readonly detail: string };

export interface PlacementWish {
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Where in the ring of brokers the first partition begins; any whole number from 0. */
  readonly start: number;
}

/**
 * Replicas for each partition, the preferred leader first. `brokers` are the registered ones; fenced ones, and those with
 * all log directories cordoned (KIP-1066), get nothing.
 */
export function placeReplicas(brokers: readonly BrokerImage[], wish: PlacementWish): Placement {
  const { partitions, replicationFactor, start } = wish;
  const unfenced = brokers.filter((broker) => !broker.fenced && !broker.cordoned);
  // One that is about to stop gets nothing new as long as the others will do.
  const staying = unfenced.filter((broker) => !broker.shuttingDown);
  const live = staying.length >= replicationFactor ? staying : unfenced;
  if (live.length === 0)
    return { kind: 'refused', detail: 'All brokers are currently fenced, or have all their log directories cordoned.' };
  if (replicationFactor > live.length) {
    return {
      kind: 'refused',
      detail: `The target replication factor of ${replicationFactor} cannot be reached because only ${live.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
    };
  }
  const ring = interleaved(live);
  const replicas: number[][] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const first = (start + partition) % ring.length;
    // Followers begin one place further on with every round, so that one broker's followers are not always the same.
    const skip = Math.floor((start + partition) / ring.length);
    replicas.push(spread(ring, first, skip, replicationFactor));
  }
  return { kind: 'placed', replicas };
}

/** Brokers so ordered that neighbours stand in different racks as long as there are any. */
function interleaved(brokers: readonly BrokerImage[]): readonly BrokerImage[] {
  const racks = new Map<string, BrokerImage[]>();
  for (const broker of brokers) {
    const rack = broker.rack ?? '';
    racks.set(rack, [...(racks.get(rack) ?? []), broker]);
  }
  const columns = [...racks.values()];
  const ring: BrokerImage[] = [];
  for (let row = 0; ring.length < brokers.length; row++) {
    for (const column of columns) if (column[row]) ring.push(column[row]!);
  }
  return ring;
}

function spread(ring: readonly BrokerImage[], first: number, skip: number, count: number): number[] {
  const chosen = [ring[first]!];
  const others = [...ring.slice(first + 1), ...ring.slice(0, first)];
  const turned =
    others.length === 0 ? [] : [...others.slice(skip % others.length), ...others.slice(0, skip % others.length)];
  while (chosen.length < count) {
    const racks = new Set(chosen.map((broker) => broker.rack ?? ''));
    const at = turned.findIndex((broker) => !racks.has(broker.rack ?? ''));
    chosen.push(...turned.splice(at === -1 ? 0 : at, 1));
  }
  return chosen.map((broker) => broker.brokerId);
}

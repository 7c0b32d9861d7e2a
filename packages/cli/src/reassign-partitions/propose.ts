// Where the partitions of a topic could go: leaders in turn over the brokers, followers shifted from round to round so that
// each broker leads and follows with all others, and racks alternated where they are known (KIP-36, Kafka's AdminUtils). Pure.

export interface PlacementBroker {
  readonly id: number;
  readonly rack: string | undefined;
}

/**
 * Replicas of each of `partitions` partitions, the first preferred as leader. `startIndex` and `startShift` are drawn by
 * the caller, so that not every topic begins at the same broker. Throws when there are fewer brokers than replicas, or
 * when only some have a rack.
 */
export function proposeReplicas(
  brokers: readonly PlacementBroker[],
  partitions: number,
  replicationFactor: number,
  startIndex: number,
  startShift: number,
): number[][] {
  if (replicationFactor > brokers.length) {
    throw new Error(`Replication factor: ${replicationFactor} larger than available brokers: ${brokers.length}.`);
  }
  const racks = new Map(brokers.map(({ id, rack }) => [id, rack]));
  const rackAware = brokers.some(({ rack }) => rack !== undefined);
  if (rackAware && brokers.some(({ rack }) => rack === undefined)) {
    throw new Error('Not all brokers have rack information for replica rack aware assignment.');
  }
  const rackCount = rackAware ? new Set(racks.values()).size : 1;
  const ids = rackAware ? rackAlternated(brokers) : brokers.map(({ id }) => id);
  const proposed: number[][] = [];
  let shift = startShift;
  for (let partition = 0; partition < partitions; partition++) {
    if (partition > 0 && partition % ids.length === 0) shift++;
    const first = (partition + startIndex) % ids.length;
    const replicas = [ids[first]!];
    const usedRacks = new Set([racks.get(ids[first]!)]);
    for (let k = 0; replicas.length < replicationFactor; k++) {
      const candidate = ids[followerIndex(first, shift * rackCount + k, ids.length)]!;
      const rack = racks.get(candidate);
      // A rack is used again only when all have a replica, as long as racks count at all.
      const rackFree = !rackAware || !usedRacks.has(rack) || usedRacks.size === rackCount;
      if (!rackFree || replicas.includes(candidate)) continue;
      replicas.push(candidate);
      usedRacks.add(rack);
    }
    proposed.push(replicas);
  }
  return proposed;
}

/** Never the leader itself: one of the others, counted on from it. */
function followerIndex(first: number, shift: number, count: number): number {
  return (first + 1 + (shift % (count - 1))) % count;
}

/** One broker of each rack in turn, racks and brokers in order. */
function rackAlternated(brokers: readonly PlacementBroker[]): number[] {
  const byRack = new Map<string, number[]>();
  for (const { id, rack } of [...brokers].sort((a, b) => a.id - b.id)) {
    byRack.set(rack!, [...(byRack.get(rack!) ?? []), id]);
  }
  const lines = [...byRack].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, ids]) => ids);
  const alternated: number[] = [];
  for (let i = 0; alternated.length < brokers.length; i++) {
    for (const line of lines) if (i < line.length) alternated.push(line[i]!);
  }
  return alternated;
}

// Sticky: as even as can be, and among those the assignment that moves least. Members say what they had by user data in
// the format of Kafka's StickyAssignor, so Java members of the group stick as well.
//
// Steps: (1) everyone keeps what it had and still may have; where two claim one partition the later generation wins.
// (2) Free partitions go to the least loaded of those who may have them, the pickiest partitions first. (3) While some
// member has at least two more than another that could take one of its partitions, one moves. Each move lowers the sum
// of squares of the loads, so it ends.
import { PartitionMap, type TopicPartition } from '../../topic-partition.ts';
import { type AssignedMember, compare, inMemberOrder, type PureAssignor, subscribedTopics } from './assignor.ts';

/** What a member says it had, and in which generation; -1 unknown. */
export interface Claim {
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

export const stickyAssignor: PureAssignor = {
  name: 'sticky',
  userData: (owned, generation) => (owned.length === 0 ? null : encodeClaim({ owned, generation })),

  assign: (members, partitionCounts) => shareSticky(members, partitionCounts, ({ userData }) => decodeClaim(userData)),
};

/** The sharing itself; `claimOf` reads what a member had from where its assignor keeps it. */
export function shareSticky(
  members: readonly AssignedMember[],
  partitionCounts: ReadonlyMap<string, number>,
  claimOf: (member: AssignedMember) => Claim,
): Map<string, TopicPartition[]> {
  const ordered = inMemberOrder(members);
  const subscribed = new Map(ordered.map(({ memberId, topics }) => [memberId, new Set(topics)]));
  const loads = new Map<string, TopicPartition[]>(ordered.map(({ memberId }) => [memberId, []]));
  const owners = keptOwners(ordered, subscribed, partitionCounts, claimOf);
  for (const [topic, partition, owner] of owners.entries()) loads.get(owner)!.push({ topic, partition });

  const takers = (topic: string) => ordered.filter(({ memberId }) => subscribed.get(memberId)!.has(topic));
  const free: { topic: string; partition: number; takers: AssignedMember[] }[] = [];
  for (const topic of subscribedTopics(members, partitionCounts)) {
    const able = takers(topic);
    for (let partition = 0; partition < partitionCounts.get(topic)!; partition++) {
      if (!owners.has(topic, partition)) free.push({ topic, partition, takers: able });
    }
  }
  free.sort((a, b) => a.takers.length - b.takers.length || compare(a.topic, b.topic) || a.partition - b.partition);
  for (const { topic, partition, takers: able } of free) {
    const least = able.reduce((best, member) =>
      loads.get(member.memberId)!.length < loads.get(best.memberId)!.length ? member : best,
    );
    loads.get(least.memberId)!.push({ topic, partition });
  }
  balance(loads, subscribed);
  for (const list of loads.values()) list.sort((a, b) => compare(a.topic, b.topic) || a.partition - b.partition);
  return loads;
}

function keptOwners(
  members: readonly AssignedMember[],
  subscribed: ReadonlyMap<string, ReadonlySet<string>>,
  partitionCounts: ReadonlyMap<string, number>,
  claimOf: (member: AssignedMember) => Claim,
): PartitionMap<string> {
  const owners = new PartitionMap<string>();
  const generations = new PartitionMap<number>();
  for (const member of members) {
    const { memberId } = member;
    const { owned, generation } = claimOf(member);
    for (const { topic, partition } of owned) {
      const exists = partition >= 0 && partition < (partitionCounts.get(topic) ?? 0);
      if (!exists || !subscribed.get(memberId)!.has(topic)) continue;
      if ((generations.get(topic, partition) ?? Number.NEGATIVE_INFINITY) >= generation) continue;
      owners.set(topic, partition, memberId);
      generations.set(topic, partition, generation);
    }
  }
  return owners;
}

function balance(loads: Map<string, TopicPartition[]>, subscribed: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (let moved = true; moved; ) {
    moved = false;
    const byLoad = [...loads.keys()].sort((a, b) => loads.get(b)!.length - loads.get(a)!.length);
    for (const giver of byLoad) {
      const own = loads.get(giver)!;
      for (let last = byLoad.length - 1; last >= 0 && !moved; last--) {
        const taker = byLoad[last]!;
        if (own.length - loads.get(taker)!.length < 2) break;
        const index = own.findLastIndex(({ topic }) => subscribed.get(taker)!.has(topic));
        if (index < 0) continue;
        loads.get(taker)!.push(...own.splice(index, 1));
        moved = true;
      }
      if (moved) break;
    }
  }
}

/** Array of (topic string, array of int32), then int32 generation: version 1 of the user data of Java's StickyAssignor. */
export function encodeClaim({ owned, generation }: Claim): Buffer {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of owned) {
    const list = topics.get(topic);
    if (list) list.push(partition);
    else topics.set(topic, [partition]);
  }
  const parts: Buffer[] = [int32(topics.size)];
  for (const [topic, partitions] of topics) {
    const name = Buffer.from(topic);
    const length = Buffer.alloc(2);
    length.writeInt16BE(name.length);
    parts.push(length, name, int32(partitions.length), ...partitions.map(int32));
  }
  parts.push(int32(generation));
  return Buffer.concat(parts);
}

/** Version 1, or 0 (without generation); bytes that are neither claim nothing. */
export function decodeClaim(userData: Buffer | null): Claim {
  const nothing: Claim = { owned: [], generation: -1 };
  if (userData === null || userData.length === 0) return nothing;
  try {
    let position = 0;
    const next = () => {
      position += 4;
      return userData.readInt32BE(position - 4);
    };
    const owned: TopicPartition[] = [];
    for (let topics = next(); topics > 0; topics--) {
      const length = userData.readInt16BE(position);
      const topic = userData.toString('utf8', position + 2, position + 2 + length);
      position += 2 + length;
      for (let count = next(); count > 0; count--) owned.push({ topic, partition: next() });
    }
    return { owned, generation: userData.length - position >= 4 ? next() : -1 };
  } catch {
    return nothing;
  }
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

// How a group shares its partitions: the leader runs one of these over what all members said when they joined.
// Pure. The results are those of Kafka's Java assignors of the same name, because a group may mix clients: any member
// may become leader, and moving from one leader to the next must not shuffle everything.
import type { TopicPartition } from '../../topic-partition.ts';

export interface AssignedMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  /** What the member's own assignor put into its subscription; null when nothing. */
  readonly userData: Buffer | null;
  /** What the member still has while it joins (cooperative only), and the generation it has it in. */
  readonly owned?: readonly TopicPartition[];
  readonly generation?: number;
}

export interface Assignor {
  /** The name that members agree on: 'range', 'roundrobin', 'sticky', 'cooperative-sticky'. */
  readonly name: string;
  /** Its members keep what they have while they join (KIP-429). A consumer does so when all its assignors allow it. */
  readonly isCooperative?: true;
  /** Bytes to send along when joining, given what the member had, the generation it had it in, and what it subscribes to. */
  userData?(owned: readonly TopicPartition[], generation: number, topics: readonly string[]): Buffer | null;
  /** Each member's partitions, by member id. `partitionCounts` has the topics that exist; others get nobody. */
  assign(members: readonly AssignedMember[], partitionCounts: ReadonlyMap<string, number>): Shares | Promise<Shares>;
}

/** Partitions by member id; members that are left out get none. */
export type Shares = Map<string, TopicPartition[]>;

/** One of ours: decides at once, from what it is given alone. */
export interface PureAssignor extends Assignor {
  assign(members: readonly AssignedMember[], partitionCounts: ReadonlyMap<string, number>): Shares;
}

/** Java's order of members: those with an instance id first, by it; the others by member id. */
export function inMemberOrder(members: readonly AssignedMember[]): AssignedMember[] {
  return [...members].sort((a, b) => {
    const [left, right] = [a.groupInstanceId, b.groupInstanceId];
    if (left !== null && right !== null) return compare(left, right);
    if (left !== null) return -1;
    if (right !== null) return 1;
    return compare(a.memberId, b.memberId);
  });
}

/** By UTF-16 code units, as Java's String.compareTo. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** All topics that somebody subscribes to and that exist, in order. */
export function subscribedTopics(
  members: readonly AssignedMember[],
  partitionCounts: ReadonlyMap<string, number>,
): string[] {
  const topics = new Set(members.flatMap(({ topics: own }) => own));
  return [...topics].filter((topic) => partitionCounts.has(topic)).sort(compare);
}

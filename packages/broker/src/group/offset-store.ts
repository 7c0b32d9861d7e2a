// The committed offsets of all groups of one partition of __consumer_offsets, and beside them those that open transactions
// are about to commit. Changed by `apply` only.
// Always: an offset is in here exactly if its newest record in the log has a value (and no transaction hides it).
import type { CommittedOffset } from './committed-offset.ts';

type ByPartition = Map<number, CommittedOffset>;
type ByTopic = Map<string, ByPartition>;
type ByGroup = Map<string, ByTopic>;

export class OffsetStore {
  readonly #groups: ByGroup = new Map();
  /** By producer: what its transaction will commit, or what its abort will forget. */
  readonly #pending = new Map<number, ByGroup>();
  #count = 0;

  /** Offsets held, pending ones not counted. */
  get count(): number {
    return this.#count;
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  /** All of a group, by topic and partition; undefined when it has none. */
  of(groupId: string): ReadonlyMap<string, ReadonlyMap<number, CommittedOffset>> | undefined {
    return this.#groups.get(groupId);
  }

  put(groupId: string, topic: string, partition: number, committed: CommittedOffset): void {
    if (set(this.#groups, groupId, topic, partition, committed)) this.#count++;
  }

  /** Forgets an offset, and what any open transaction was about to make of it. */
  remove(groupId: string, topic: string, partition: number): void {
    if (unset(this.#groups, groupId, topic, partition)) this.#count--;
    for (const groups of this.#pending.values()) unset(groups, groupId, topic, partition);
  }

  /** Notes an offset that `producerId` has written and not decided about yet. */
  putPending(producerId: number, groupId: string, topic: string, partition: number, committed: CommittedOffset): void {
    let groups = this.#pending.get(producerId);
    if (!groups) {
      groups = new Map();
      this.#pending.set(producerId, groups);
    }
    set(groups, groupId, topic, partition, committed);
  }

  /** The transaction of `producerId` has ended: what it committed counts from now on. */
  endTransaction(producerId: number, committed: boolean): void {
    const groups = this.#pending.get(producerId);
    this.#pending.delete(producerId);
    if (!groups || !committed) return;
    for (const [groupId, topics] of groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, offset] of partitions) this.put(groupId, topic, partition, offset);
      }
    }
  }

  /** Whether an open transaction is about to change this offset. */
  isPending(groupId: string, topic: string, partition: number): boolean {
    for (const groups of this.#pending.values()) if (groups.get(groupId)?.get(topic)?.has(partition)) return true;
    return false;
  }

  /** Whether any open transaction is about to commit for this group. */
  hasPending(groupId: string): boolean {
    for (const groups of this.#pending.values()) if (groups.has(groupId)) return true;
    return false;
  }

  /** Partitions of a group that open transactions are about to commit. */
  *pendingOf(groupId: string): Generator<{ topic: string; partition: number }> {
    for (const groups of this.#pending.values()) {
      for (const [topic, partitions] of groups.get(groupId) ?? []) {
        for (const partition of partitions.keys()) yield { topic, partition };
      }
    }
  }

  groupIds(): IterableIterator<string> {
    return this.#groups.keys();
  }
}

/** True when it was not there before. */
function set(groups: ByGroup, groupId: string, topic: string, partition: number, committed: CommittedOffset): boolean {
  let topics = groups.get(groupId);
  if (!topics) {
    topics = new Map();
    groups.set(groupId, topics);
  }
  let partitions = topics.get(topic);
  if (!partitions) {
    partitions = new Map();
    topics.set(topic, partitions);
  }
  const before = partitions.size;
  partitions.set(partition, committed);
  return partitions.size > before;
}

/** True when it was there. */
function unset(groups: ByGroup, groupId: string, topic: string, partition: number): boolean {
  const topics = groups.get(groupId);
  const partitions = topics?.get(topic);
  if (!topics || !partitions?.delete(partition)) return false;
  if (partitions.size === 0) topics.delete(topic);
  if (topics.size === 0) groups.delete(groupId);
  return true;
}

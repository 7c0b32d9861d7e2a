// What a consumer reads and how far it is: one entry for each assigned partition. Pure.
// Always: position <= collected <= fetched. `fetched` is where the next fetch starts, `collected` the next record to hand
// out, `position` the next one not handed out yet or, under `for await`, not come back from; commits go by it. Whatever
// moves a partition from outside (seek, a new assignment) gives it a new `incarnation`, so that answers to older fetches
// fall away. Leader epochs of what was read go along with it, for truncation.ts.
import type { OffsetReset } from '../settings/consumer-settings.ts';
import { PartitionMap, type TopicPartition } from '../topic-partition.ts';
import type { ReadReplica } from './read-replica.ts';

/** An end of the partition, or the first record at or after a time that long ago ('by_duration:PT1H'). */
export type ResetTo = Exclude<OffsetReset, 'none'>;

export interface AssignedPartition extends TopicPartition {
  readonly incarnation: number;
  /** Of the topic that the position is in: a topic that was deleted and made again is another one. Undefined until it is read. */
  topicId: string | undefined;
  paused: boolean;
  /** Its records are with a handler: fetched ahead, not handed out. */
  held: boolean;
  /** Undefined: to be found, by the committed offset or the reset policy. */
  position: number | undefined;
  collected: number;
  fetched: number;
  /** Leader epoch of the last record handed out; -1 unknown. Committed along. */
  positionEpoch: number;
  /** Leader epoch of the last record before `fetched`; -1 unknown. */
  fetchedEpoch: number;
  /** The leader epoch that `fetched` was checked against (truncation.ts); -1 never. */
  checkedEpoch: number;
  /** The check is under way: not to be fetched. */
  checking: boolean;
  /** Nearer than the leader, as the leader said. */
  readReplica: ReadReplica | undefined;
  /** To be looked up at the partition's leader. */
  reset: ResetTo | undefined;
  /** Bytes fetched and not handed out. */
  bufferedBytes: number;
  /** -1 before the first fetch. */
  highWatermark: number;
  lastStableOffset: number;
  logStartOffset: number;
  /** Not to be fetched before this time (monotonic), after an error. */
  retryAt: number;
  /** Until when a fetch that is under way stands for this entry. */
  fetching: boolean;
  /** What the leader said to the last fetch, when it refused. */
  lastError: string | undefined;
}

let incarnations = 0;

function fresh({ topic, partition }: TopicPartition): AssignedPartition {
  return {
    topic,
    partition,
    incarnation: ++incarnations,
    topicId: undefined,
    paused: false,
    held: false,
    position: undefined,
    collected: -1,
    fetched: -1,
    positionEpoch: -1,
    fetchedEpoch: -1,
    checkedEpoch: -1,
    checking: false,
    readReplica: undefined,
    reset: undefined,
    bufferedBytes: 0,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    retryAt: 0,
    fetching: false,
    lastError: undefined,
  };
}

export class Positions {
  #partitions = new PartitionMap<AssignedPartition>();

  get size(): number {
    return this.#partitions.size;
  }

  all(): Iterable<AssignedPartition> {
    return this.#partitions.values();
  }

  get(topic: string, partition: number): AssignedPartition | undefined {
    return this.#partitions.get(topic, partition);
  }

  /** The entry is still the one that the assignment has. */
  isCurrent(entry: AssignedPartition): boolean {
    return this.#partitions.get(entry.topic, entry.partition) === entry;
  }

  /** Replaces the assignment. Partitions that stay keep their entry, unless `keep` is false. */
  assign(partitions: readonly TopicPartition[], keep = true): void {
    const next = new PartitionMap<AssignedPartition>();
    for (const { topic, partition } of partitions) {
      const known = keep ? this.#partitions.get(topic, partition) : undefined;
      next.set(topic, partition, known ?? fresh({ topic, partition }));
    }
    this.#partitions = next;
  }

  /** Reads from here on. The entry is replaced: what was fetched for the old one falls away. */
  moveTo(entry: AssignedPartition, offset: number, epoch = -1): AssignedPartition {
    const { topicId, paused, held, readReplica } = entry;
    const moved = { ...fresh(entry), topicId, paused, held, readReplica };
    moved.position = offset;
    moved.collected = offset;
    moved.fetched = offset;
    moved.positionEpoch = epoch;
    moved.fetchedEpoch = epoch;
    this.#partitions.set(entry.topic, entry.partition, moved);
    return moved;
  }

  /** The position is to be found at the partition's leader. */
  resetTo(entry: AssignedPartition, to: ResetTo): void {
    this.#replace(entry, entry.topicId, to);
  }

  /**
   * The topic is another one now: nothing of what was read before is left. `to` undefined: only the application knows where
   * to go on.
   */
  startOver(entry: AssignedPartition, topicId: string, to: ResetTo | undefined): AssignedPartition {
    return this.#replace(entry, topicId, to);
  }

  #replace(entry: AssignedPartition, topicId: string | undefined, reset: ResetTo | undefined): AssignedPartition {
    const { paused, held } = entry;
    const moved = { ...fresh(entry), topicId, paused, held, reset };
    this.#partitions.set(entry.topic, entry.partition, moved);
    return moved;
  }

  /** What commits would say now: every partition whose position is known. */
  consumed(): (TopicPartition & { offset: number; leaderEpoch: number })[] {
    const offsets = [];
    for (const { topic, partition, position, positionEpoch } of this.#partitions.values()) {
      if (position !== undefined) offsets.push({ topic, partition, offset: position, leaderEpoch: positionEpoch });
    }
    return offsets;
  }

  /** Those that are so; all by default. */
  partitions(are: (entry: AssignedPartition) => boolean = () => true): TopicPartition[] {
    return [...this.#partitions.values()].filter(are).map(({ topic, partition }) => ({ topic, partition }));
  }
}

// The rule that a consumer gets on or says why not. Pure: is told what was heard of which partition, and when; answers who
// has waited too long.
// Always: a partition that is assigned, not paused and has nothing waiting to be taken by the application was heard of
// within `boundMs` (records came, or its leader said that there are none), or `due` names it; again each `boundMs` while
// that lasts. Moving a partition (seek, reset) does not set the clock back, so a loop of resets is noticed too.
import { PartitionMap, partitionText, type TopicPartition } from '../topic-partition.ts';

interface Watch {
  heardAt: number;
  reportedAt: number | undefined;
}

export interface WatchedPartition extends TopicPartition {
  /** Paused, or the application has records of it to take: nothing is expected. */
  readonly resting: boolean;
}

export interface Overdue extends TopicPartition {
  readonly sinceMs: number;
}

export class Liveness {
  readonly boundMs: number;
  #watches = new PartitionMap<Watch>();
  #recovered: TopicPartition[] = [];
  /** Since when the application polls and the group does not have this member. */
  #outsideSince: number | undefined;
  #outsideReportedAt = 0;

  constructor(boundMs: number) {
    this.boundMs = boundMs;
  }

  heard({ topic, partition }: TopicPartition, now: number): void {
    const watch = this.#watches.get(topic, partition);
    if (!watch) return;
    watch.heardAt = now;
    if (watch.reportedAt === undefined) return;
    watch.reportedAt = undefined;
    this.#recovered.push({ topic, partition });
  }

  /** Looks at the assignment as it is now; call a few times within each bound. Answers whom to report. */
  due(assigned: Iterable<WatchedPartition>, now: number): Overdue[] {
    const kept = new PartitionMap<Watch>();
    const overdue: Overdue[] = [];
    for (const { topic, partition, resting } of assigned) {
      const watch = this.#watches.get(topic, partition) ?? { heardAt: now, reportedAt: undefined };
      kept.set(topic, partition, watch);
      if (resting) {
        watch.heardAt = now;
        continue;
      }
      if (now - (watch.reportedAt ?? watch.heardAt) < this.boundMs) continue;
      watch.reportedAt = now;
      overdue.push({ topic, partition, sinceMs: now - watch.heardAt });
    }
    this.#watches = kept;
    return overdue;
  }

  /** `outside`: the application polls, and the member is not in its group. How long so, when that is to be reported. */
  outsideDue(outside: boolean, now: number): number | undefined {
    if (!outside) {
      this.#outsideSince = undefined;
      return undefined;
    }
    this.#outsideSince ??= now;
    this.#outsideReportedAt = Math.max(this.#outsideReportedAt, this.#outsideSince);
    if (now - this.#outsideReportedAt < this.boundMs) return undefined;
    this.#outsideReportedAt = now;
    return now - this.#outsideSince;
  }

  /** Partitions that were reported and have been heard of since; each once. */
  takeRecovered(): TopicPartition[] {
    return this.#recovered.splice(0);
  }
}

/** 'a-0, a-1 and 3 more'. */
export function someOf(partitions: readonly TopicPartition[]): string {
  const shown = partitions.slice(0, 3).map(partitionText).join(', ');
  return partitions.length > 3 ? `${shown} and ${partitions.length - 3} more` : shown;
}

// From notices of the machine to log events and metrics: the one place that knows all three.
import { unreachable } from '@moldau/kernel';
import type { EventLog } from '../events.ts';
import type { MetricsOf } from '../metrics.ts';
import type { ShardsObserver } from '../replicated-machine/shards.ts';
import { GROUP_EVENTS } from './events.ts';
import type { GROUP_METRICS } from './metrics.ts';
import type { GroupNotice } from './notices.ts';
import type { RebalanceCause } from './rebalance-history.ts';

export type GroupMetrics = MetricsOf<typeof GROUP_METRICS>;

export class GroupObserver implements ShardsObserver<GroupNotice> {
  readonly #events: EventLog;
  readonly #metrics: GroupMetrics;
  readonly #count: (partition: number) => { groups: number; offsets: number };

  /** `count` tells how much a partition holds, once it is loaded. */
  constructor(
    events: EventLog,
    metrics: GroupMetrics,
    count: (partition: number) => { groups: number; offsets: number },
  ) {
    this.#events = events;
    this.#metrics = metrics;
    this.#count = count;
  }

  loaded(partition: number, facts: { recordCount: number; unknownCount: number; loadMs: number }): void {
    const { recordCount: records, unknownCount, loadMs } = facts;
    this.#metrics.groupLoadSeconds.observe(loadMs / 1_000);
    // Most partitions of a young cluster are empty; fifty lines saying so help nobody.
    if (records > 0) this.#events.emit(GROUP_EVENTS.loaded, { partition, ...this.#count(partition), records, loadMs });
    if (unknownCount > 0) this.#events.emit(GROUP_EVENTS.unknownRecords, { partition, records: unknownCount });
  }

  loadFailed(partition: number, error: Error, retryMs: number): void {
    this.#metrics.groupShardFailures.value++;
    this.#events.emit(GROUP_EVENTS.loadFailed, { partition, error, retryMs });
  }

  failed(partition: number, error: Error): void {
    this.#metrics.groupShardFailures.value++;
    this.#events.emit(GROUP_EVENTS.partitionFailed, { partition, error });
  }

  appendRefused(partition: number, error: string, detail: string): void {
    this.#metrics.groupAppendsRefused.with(error).value++;
    this.#events.emit(GROUP_EVENTS.appendRefused, { partition, error, detail });
  }

  stalled(stalledMs: number): void {
    this.#metrics.groupStallSeconds.value += stalledMs / 1_000;
    this.#events.emit(GROUP_EVENTS.stalled, { stalledMs });
  }

  noticed(partition: number, notice: GroupNotice): void {
    const events = this.#events;
    const metrics = this.#metrics;
    switch (notice.kind) {
      case 'rebalanceStarted': {
        const { groupId: group, generation, memberCount: members, cause } = notice;
        metrics.rebalancesStarted.with(cause.kind).value++;
        events.emit(GROUP_EVENTS.rebalanceStarted, {
          group,
          generation,
          members,
          cause: cause.kind,
          member: cause.memberId ?? '',
          client: cause.clientId ?? '',
          host: cause.clientHost ?? '',
          reason: cause.reason ?? '',
        });
        return;
      }
      case 'rebalanceFinished': {
        const { groupId: group, causes, protocol, leader, startedWallMs: _, ...facts } = notice.rebalance;
        metrics.rebalancesFinished.with(facts.outcome).value++;
        metrics.rebalanceSeconds.with('preparing').observe(facts.preparingMs / 1_000);
        if (facts.outcome === 'stable') metrics.rebalanceSeconds.with('completing').observe(facts.completingMs / 1_000);
        events.emit(GROUP_EVENTS.rebalanceFinished, {
          group,
          ...facts,
          protocol: protocol ?? '',
          leader: leader ?? '',
          causes: causes.map(causeText),
        });
        return;
      }
      case 'rebalanceStalled':
        events.emit(GROUP_EVENTS.rebalanceStalled, { group: notice.groupId, members: notice.memberCount });
        return;
      case 'staticMemberReplaced': {
        const {
          groupId: group,
          instanceId: instance,
          oldMemberId: oldMember,
          newMemberId: newMember,
          rebalances,
        } = notice;
        events.emit(GROUP_EVENTS.staticMemberReplaced, { group, instance, oldMember, newMember, rebalances });
        return;
      }
      case 'memberFenced':
        events.emit(GROUP_EVENTS.memberFenced, {
          group: notice.groupId,
          member: notice.memberId,
          instance: notice.instanceId,
        });
        return;
      case 'assignmentMissing':
        events.emit(GROUP_EVENTS.assignmentMissing, {
          group: notice.groupId,
          generation: notice.generation,
          members: notice.memberIds,
        });
        return;
      case 'groupCreated':
        events.emit(GROUP_EVENTS.created, { group: notice.groupId });
        return;
      case 'groupRemoved':
        events.emit(GROUP_EVENTS.removed, { group: notice.groupId, why: notice.why });
        return;
      case 'offsetsCommitted':
        metrics.offsetCommits.value += notice.count;
        return;
      case 'offsetsExpired':
        metrics.offsetExpirations.value += notice.count;
        events.emit(GROUP_EVENTS.offsetsExpired, { group: notice.groupId, count: notice.count });
        return;
      case 'offsetsDeleted': {
        const { groupId: group, count, why } = notice;
        metrics.offsetDeletions.with(why).value += count;
        events.emit(GROUP_EVENTS.offsetsDeleted, { group, count, why });
        return;
      }
      case 'boundReached': {
        const { groupId: group, bound, limit } = notice;
        metrics.groupBoundsReached.with(bound).value++;
        events.emit(GROUP_EVENTS.boundReached, { group, bound, limit });
        return;
      }
      case 'sweepPostponed':
        events.emit(GROUP_EVENTS.expiryPostponed, { partition, disagreementMs: notice.disagreementMs });
        return;
      default:
        unreachable(notice);
    }
  }
}

/** One cause in a few words: `memberJoined consumer-1-… (reason)`. */
export function causeText(cause: RebalanceCause): string {
  const who = cause.memberId === undefined ? '' : ` ${cause.memberId}`;
  const at = cause.clientHost === undefined ? '' : ` at ${cause.clientHost}`;
  return `${cause.kind}${who}${at}${cause.reason === undefined ? '' : ` (${cause.reason})`}`;
}

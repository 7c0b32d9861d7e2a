// What a consumer with a group has besides: its member (whichever protocol), its commits, and the handing over of
// partitions, wired to each other and to the rest of the consumer. Only wiring; each part says for itself what it does.
import type { Cluster } from '../cluster/cluster.ts';
import type { Signal } from '../cluster/signal.ts';
import type { CONSUMER_SETTINGS } from '../settings/consumer-settings.ts';
import type { SettingsOf } from '../settings/setting.ts';
import type { Assignor } from './assignors/assignor.ts';
import { assignorsOf } from './assignors/assignors.ts';
import { Commits } from './commits.ts';
import type { EventSource } from './consumer-events.ts';
import { ConsumerGroupMember } from './consumer-group-member.ts';
import type { PartitionOffset } from './consumer-model.ts';
import { GroupMember } from './group-member.ts';
import { Handover } from './handover.ts';
import type { Member, MemberHooks } from './member.ts';
import type { Positions } from './positions.ts';
import { listenerOf } from './subscription.ts';
import type { TopicWatch } from './topic-watch.ts';
import type { WorkLines } from './work-lines.ts';

export interface TakingPart {
  readonly member: Member;
  readonly commits: Commits;
  readonly handover: Handover;
}

export function takingPart(o: {
  groupId: string;
  cluster: Cluster;
  settings: SettingsOf<typeof CONSUMER_SETTINGS>;
  signal: Signal;
  positions: Positions;
  topics: TopicWatch;
  events: EventSource;
  /** The application's own, in place of partition.assignment.strategy. */
  assignors: readonly Assignor[];
  /** Handlers at work. */
  lines: () => WorkLines | undefined;
  pollIdleMs: () => number;
  onCommitted: (offsets: readonly PartitionOffset[]) => void;
  /** Partitions have gone: buffers may be let go of. */
  onChanged: () => void;
}): TakingPart {
  const { groupId, cluster, settings, signal, positions, topics, events } = o;
  const hooks: MemberHooks = {
    topics: () => (topics.subscription.kind === 'serverPattern' ? [] : topics.topics()),
    serverPattern: () => {
      const { subscription } = topics;
      return subscription.kind === 'serverPattern' ? subscription.pattern.pattern : undefined;
    },
    owned: () => positions.partitions(),
    revoke: (lost) => handover.revoke(lost),
    assign: (partitions) => handover.assign(partitions),
    change: (partitions) => handover.change(partitions),
    partitionCounts: (names) => topics.partitionCounts(names),
    pollIdleMs: o.pollIdleMs,
    left: (reason) => events.emit('left', { reason }),
  };
  const parts = { groupId, cluster, settings, signal, hooks };
  const member =
    settings.groupProtocol === 'consumer'
      ? new ConsumerGroupMember(parts)
      : new GroupMember({
          ...parts,
          assignors: o.assignors.length > 0 ? o.assignors : assignorsOf(settings.partitionAssignmentStrategy),
        });
  const commits = new Commits({
    cluster,
    member,
    positions,
    retry: settings,
    groupInstanceId: settings.groupInstanceId,
    isManaged: () => topics.isManaged,
    autoIntervalMs: settings.enableAutoCommit ? settings.autoCommitIntervalMs : undefined,
    onAutoFailed: (error) => events.emit('commitFailed', { error }),
    onCommitted: o.onCommitted,
  });
  const handover = new Handover({
    cluster,
    positions,
    commits,
    lines: o.lines,
    listener: () => listenerOf(topics.subscription),
    hasLost: () => member.hasLost,
    apiTimeoutMs: settings.defaultApiTimeoutMs,
    onChanged: o.onChanged,
  });
  return { member, commits, handover };
}

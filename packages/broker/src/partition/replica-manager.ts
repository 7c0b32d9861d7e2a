// Everything about replicas that is larger than one partition: which broker is copied from, who copies from us, which ISR
// is asked for, who fell behind. The real `ReplicaHost`; wired in broker.ts.
// Always: a partition is copied by at most one fetcher; a check for lag that came late is skipped, because a stall of this
// loop makes every follower look slow (R9).
import type { Ports, TimerHandle } from '@moldau/kernel';
import type { ClusterImage, MetadataBatch } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type EventLog, REPLICA_EVENTS } from '../events.ts';
import type { BrokerMetrics, MetricRow } from '../metrics.ts';
import type { Peers } from '../peer/peers.ts';
import { ReplicaFetcher } from './fetcher.ts';
import { type IsrController, IsrProposals } from './isr-proposals.ts';
import type { Partition } from './partition.ts';
import type { IsrProposal, ReplicaFacts } from './partition-leader.ts';
import type { ReplicaHost } from './replica-host.ts';
import { ReplicaSessions } from './replica-sessions.ts';
import { isThrottled, ReplicationQuota } from './replication-quota.ts';

export interface ReplicaManagerParts {
  readonly nodeId: number;
  readonly config: BrokerConfig;
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random'>;
  readonly image: () => ClusterImage;
  readonly peers: Peers;
  readonly controller: IsrController;
  readonly events: EventLog;
  readonly metrics: BrokerMetrics;
  /** All partitions here. */
  readonly partitions: () => Iterable<Partition>;
}

export class ReplicaManager implements ReplicaHost {
  readonly nodeId: number;
  readonly facts: ReplicaFacts;
  readonly sessions: ReplicaSessions;
  readonly proposals: IsrProposals;
  readonly #leaderQuota: ReplicationQuota;
  readonly #followerQuota: ReplicationQuota;
  readonly #p: ReplicaManagerParts;
  readonly #fetchers = new Map<string, ReplicaFetcher>();
  readonly #copiedBy = new Map<Partition, string>();
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor(parts: ReplicaManagerParts) {
    const { nodeId, ports, image, events, metrics } = parts;
    this.#p = parts;
    this.nodeId = nodeId;
    this.#leaderQuota = new ReplicationQuota(() => parts.config.leaderReplicationThrottledRate);
    this.#followerQuota = new ReplicationQuota(() => parts.config.followerReplicationThrottledRate);
    this.facts = {
      eligible: (id, brokerEpoch) => image().isActive(id, brokerEpoch),
    };
    this.sessions = new ReplicaSessions(() => (ports.random.bytes(4).readUInt32BE(0) & 0x7fff_ffff) >>> 0);
    this.proposals = new IsrProposals({
      nodeId,
      controller: parts.controller,
      clock: ports.clock,
      timers: ports.timers,
      brokerEpoch: () => this.#brokerEpoch() ?? -1,
      observer: {
        failed: (error, wishes, retryMs) => {
          metrics.failedIsrUpdates.value += wishes;
          events.emit(REPLICA_EVENTS.isrUpdateFailed, { wishes, retryMs, error });
        },
        refused: ({ topic, index }, wish, error) => {
          metrics.failedIsrUpdates.value++;
          events.emit(REPLICA_EVENTS.isrUpdateRefused, { topic, partition: index, wished: wish.members, error });
        },
      },
    });
  }

  /** Looks for followers that fall behind, from now on. */
  start(): void {
    this.#scheduleLagCheck();
  }

  /** Nothing is copied, asked or checked any more; parked fetches of followers are answered. */
  close(): void {
    this.#closed = true;
    if (this.#timer) this.#p.ports.timers.clear(this.#timer);
    this.proposals.close();
    for (const fetcher of this.#fetchers.values()) fetcher.close();
    this.#fetchers.clear();
    this.#copiedBy.clear();
    this.sessions.close();
  }

  /** Brokers went: nobody waits for them any more. */
  onImage(batch: MetadataBatch): void {
    if (this.#closed) return;
    if (!batch.records.some(({ kind }) => kind === 'brokerFenced' || kind === 'brokerShuttingDown')) return;
    const now = this.now();
    for (const partition of this.#p.partitions()) partition.checkLag(now);
  }

  now(): number {
    return this.#p.ports.clock.monotonic();
  }

  lagMaxMs(): number {
    return this.#p.config.replicaLagTimeMaxMs;
  }

  lives(brokerId: number): boolean {
    const broker = this.#p.image().broker(brokerId);
    return broker !== undefined && !broker.fenced;
  }

  propose(partition: Partition, wish: IsrProposal): void {
    this.proposals.propose(partition, wish);
  }

  lastFetchAtMs(brokerId: number): number {
    return this.sessions.lastFetchAtMs(brokerId);
  }

  copy(partition: Partition): void {
    if (this.#closed) return;
    const { leader } = partition;
    if (leader < 0) {
      this.stopCopying(partition);
      return;
    }
    const name = `${leader}/${fetcherOf(partition, this.#p.config.numReplicaFetchers)}`;
    if (this.#copiedBy.get(partition) !== name) this.stopCopying(partition);
    this.#copiedBy.set(partition, name);
    let fetcher = this.#fetchers.get(name);
    if (!fetcher) {
      fetcher = this.#newFetcher(leader, name);
      this.#fetchers.set(name, fetcher);
    }
    fetcher.add(partition);
    const { topic, index } = partition;
    this.#p.metrics.replicaLag.with(topic, String(index)).read = () => this.lagOf(partition) ?? 0;
  }

  stopCopying(partition: Partition): void {
    const name = this.#copiedBy.get(partition);
    if (name === undefined) return;
    this.#copiedBy.delete(partition);
    this.#p.metrics.replicaLag.remove(partition.topic, String(partition.index));
    const fetcher = this.#fetchers.get(name);
    if (!fetcher) return;
    fetcher.remove(partition);
    if (fetcher.size > 0) return;
    this.#fetchers.delete(name);
    fetcher.close();
  }

  /** How far a partition copied here is behind; undefined for one that is not. */
  lagOf(partition: Partition): number | undefined {
    const name = this.#copiedBy.get(partition);
    return name === undefined ? undefined : this.#fetchers.get(name)?.lagOf(partition);
  }

  /** Largest lag of a partition copied here, in records. */
  get maxLag(): number {
    let max = 0;
    for (const fetcher of this.#fetchers.values()) max = Math.max(max, fetcher.maxLag);
    return max;
  }

  /** How long a follower that is not in sync must wait for records of a partition led here (KIP-73); 0: not at all. */
  leaderWaitMs(partition: Partition, followerId: number): number {
    if (!isLeaderThrottled(partition, this.nodeId) || partition.leading?.isr.includes(followerId)) return 0;
    return this.#leaderQuota.waitMs(this.now());
  }

  /** A follower was sent records of a partition led here. */
  sent(partition: Partition, bytes: number, followerId: number): void {
    this.#p.metrics.replicationBytesOut.value += bytes;
    if (!isLeaderThrottled(partition, this.nodeId) || partition.leading?.isr.includes(followerId)) return;
    this.#leaderQuota.passed(bytes, this.now());
  }

  isrChanged(
    partition: Partition,
    before: readonly number[],
    after: readonly number[],
    wish: IsrProposal | undefined,
  ): void {
    const joined = after.filter((id) => !before.includes(id));
    const left = before.filter((id) => !after.includes(id));
    if (joined.length === 0 && left.length === 0) return;
    const { metrics, events } = this.#p;
    const wished = wish?.changed.every((id) => joined.includes(id) || left.includes(id));
    const reason = wished && wish ? wish.reason : this.#reasonOf(partition, left);
    if (left.length > 0) {
      metrics.isrShrinks.value++;
      metrics.isrChanges.with('shrink', reason).value++;
    }
    if (joined.length > 0) {
      metrics.isrExpands.value++;
      metrics.isrChanges.with('expand', reason).value++;
    }
    events.emit(REPLICA_EVENTS.isrChanged, {
      topic: partition.topic,
      partition: partition.index,
      isr: after,
      joined,
      left,
      reason,
      leaderEpoch: partition.leaderEpoch,
    });
  }

  /** Why the controller changed an ISR that nobody here asked it to change. */
  #reasonOf({ state }: Partition, left: readonly number[]): string {
    const image = this.#p.image();
    const all = (holds: (id: number) => boolean) => left.length > 0 && left.every(holds);
    if (all((id) => !state.replicas.includes(id))) return 'moved away';
    if (all((id) => image.broker(id)?.fenced !== false)) return 'broker gone';
    if (all((id) => image.broker(id)?.shuttingDown === true)) return 'broker stops';
    return 'decided by the controller';
  }

  /** Of every follower of the partitions led here. */
  *followerLags(): IterableIterator<MetricRow> {
    for (const { topic, index, leading, log } of this.#p.partitions()) {
      if (!leading) continue;
      for (const { id, logEnd } of leading.followers) {
        const value = Math.max(0, leading.logEnd - Math.max(logEnd, log.startOffset));
        yield { labels: [topic, String(index), String(id)], value };
      }
    }
  }

  epochsWentBack(partition: Partition, logEpoch: number): void {
    const { topic, index, leaderEpoch } = partition;
    this.#p.events.emit(REPLICA_EVENTS.epochsWentBack, { topic, partition: index, leaderEpoch, logEpoch });
  }

  #brokerEpoch(): number | undefined {
    return this.#p.image().broker(this.nodeId)?.brokerEpoch;
  }

  #newFetcher(leaderId: number, name: string): ReplicaFetcher {
    const { config, ports, peers, events, metrics } = this.#p;
    const purpose = `fetcher-${name.slice(name.indexOf('/') + 1)}`;
    return new ReplicaFetcher({
      nodeId: this.nodeId,
      leaderId,
      settings: config,
      clock: ports.clock,
      timers: ports.timers,
      brokerEpoch: () => this.#brokerEpoch(),
      connect: () => peers.connect(leaderId, purpose),
      mayLoseCommitted: (partition) =>
        partition.state.leaderRecoveryState === 'recovering' || partition.settings.values.uncleanLeaderElectionEnable,
      throttled: (partition) =>
        isFollowerThrottled(partition, this.nodeId) && this.#followerQuota.waitMs(this.now()) > 0,
      observer: {
        fetchFailed: (error, retryMs) => events.emit(REPLICA_EVENTS.fetchFailed, { leader: leaderId, retryMs, error }),
        truncated: ({ topic, index }, offset, fromOffset) =>
          events.emit(REPLICA_EVENTS.truncated, { topic, partition: index, leader: leaderId, offset, fromOffset }),
        startedOver: ({ topic, index }, offset, fromOffset) =>
          events.emit(REPLICA_EVENTS.startedOver, { topic, partition: index, leader: leaderId, offset, fromOffset }),
        refused: (partition, offset) => {
          const { topic, index, log } = partition;
          const { highWatermark } = log;
          events.emit(REPLICA_EVENTS.truncationRefused, {
            topic,
            partition: index,
            leader: leaderId,
            offset,
            highWatermark,
          });
        },
        appendFailed: ({ topic, index }, error) =>
          events.emit(REPLICA_EVENTS.appendFailed, { topic, partition: index, leader: leaderId, error }),
        copied: (partition, bytes) => {
          metrics.replicationBytesIn.value += bytes;
          if (isFollowerThrottled(partition, this.nodeId)) this.#followerQuota.passed(bytes, this.now());
        },
      },
    });
  }

  #scheduleLagCheck(): void {
    const { timers } = this.#p.ports;
    const intervalMs = Math.max(1, this.lagMaxMs() / 2);
    const dueAtMs = this.now() + intervalMs;
    this.#timer = timers.set(intervalMs, () => {
      if (this.#closed) return;
      const now = this.now();
      if (now - dueAtMs <= intervalMs / 2) for (const partition of this.#p.partitions()) partition.checkLag(now);
      else this.#p.events.emit(REPLICA_EVENTS.lagCheckSkipped, { lateMs: now - dueAtMs });
      this.#scheduleLagCheck();
    });
  }
}

/** Partitions of a topic are spread over the fetchers of one leader. */
function fetcherOf({ topicId, index }: Partition, fetchers: number): number {
  let hash = index;
  for (let i = 0; i < topicId.length; i++) hash = (hash * 31 + topicId.charCodeAt(i)) | 0;
  return Math.abs(hash) % Math.max(1, fetchers);
}

function isLeaderThrottled({ settings, index }: Partition, nodeId: number): boolean {
  return isThrottled(settings.values.leaderReplicationThrottledReplicas, index, nodeId);
}

function isFollowerThrottled({ settings, index }: Partition, nodeId: number): boolean {
  return isThrottled(settings.values.followerReplicationThrottledReplicas, index, nodeId);
}

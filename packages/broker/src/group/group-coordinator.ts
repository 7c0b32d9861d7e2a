// The group coordinator as the broker sees it: finds the shard of a group and hands it the command. Owns the shards over
// `__consumer_offsets`, makes that topic when the first client asks for a coordinator, and keeps the clock of offset expiry.
import type { Ports } from '@moldau/kernel';
import type { ClusterImage, MetadataBatch } from '@moldau/metadata';
import { codecOfId } from '@moldau/protocol/compression/codec';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { AdvertisedEndpoint } from '../context.ts';
import type { EventLog } from '../events.ts';
import type { Deadlines } from '../partition/deadlines.ts';
import { NamedTimers, type TimerScope } from '../replicated-machine/named-timers.ts';
import { isRefusal, refusal, type ShardRefusal } from '../replicated-machine/shard.ts';
import type { ShardLog } from '../replicated-machine/shard-log.ts';
import { Shards } from '../replicated-machine/shards.ts';
import { CONSUMER_OFFSETS_TOPIC } from '../topic-names.ts';
import type {
  DeleteGroupsAnswer,
  DescribedGroup,
  GroupAnswer,
  GroupAnswers,
  GroupCommand,
  ListAnswer,
} from './commands.ts';
import { GroupMachine } from './group-machine.ts';
import type { GroupNotice } from './notices.ts';
import { type GroupMetrics, GroupObserver } from './observing.ts';
import { partitionFor } from './partition-for.ts';
import type { Rebalance } from './rebalance-history.ts';
import { GROUP_RECORDS, type GroupRecord } from './records.ts';

export interface GroupCoordinatorParts {
  readonly config: BrokerConfig;
  readonly ports: Pick<Ports, 'clock' | 'random'>;
  readonly deadlines: Deadlines;
  readonly events: EventLog;
  readonly metrics: GroupMetrics;
  readonly image: () => ClusterImage;
  readonly endpoints: readonly AdvertisedEndpoint[];
  readonly nodeId: number;
  /** The log of a partition of `__consumer_offsets` that is led here. */
  readonly shardLog: (partition: number) => ShardLog | undefined;
  /** Settles when the topic is there, or cannot be made now. */
  readonly createInternalTopic: (name: string) => Promise<void>;
}

/** Where a coordinator is, or why that cannot be said. */
export type CoordinatorPlace = { readonly nodeId: number; readonly host: string; readonly port: number } | ShardRefusal;

/** A group that cannot be described here and now. */
export type UndescribedGroup = ShardRefusal & { readonly groupId: string };

/** A command about one group. */
type GroupCommandOfOne = Extract<GroupCommand, { readonly groupId: string }>;

const SWEEP_TIMER = 'offset expiry';

export class GroupCoordinator {
  readonly #p: GroupCoordinatorParts;
  readonly #timers: NamedTimers<unknown>;
  readonly #sweepTimer: TimerScope<unknown>;
  readonly #shards: Shards<GroupCommand, GroupRecord, GroupAnswer, GroupNotice, GroupMachine>;
  #active = true;
  /** Of the topic with this id: partitions added to it later must not move groups away from their offsets. */
  #topic: { readonly topicId: string; readonly partitionCount: number } | undefined;

  constructor(parts: GroupCoordinatorParts) {
    this.#p = parts;
    const { config, ports, deadlines, events, metrics } = parts;
    const observer = new GroupObserver(events, metrics, (partition) => this.#sizeOf(partition));
    this.#timers = new NamedTimers<unknown>(ports.clock, deadlines as never, (ms) => observer.stalled(ms));
    this.#sweepTimer = this.#timers.scope();
    this.#shards = new Shards({
      newMachine: () => new GroupMachine(config),
      codec: GROUP_RECORDS,
      logOf: parts.shardLog,
      clock: ports.clock,
      timers: this.#timers,
      observer,
      commitTimeoutMs: () => config.offsetsCommitTimeoutMs,
      compression: () => codecOfId(config.offsetsTopicCompressionCodec) ?? 'none',
      loadBufferBytes: () => config.offsetsLoadBufferSize,
    });
    this.#readGauges(metrics);
  }

  /** Begins the daily work. Shards load meanwhile; their groups are told COORDINATOR_LOAD_IN_PROGRESS until then. */
  async start(): Promise<void> {
    this.#scheduleSweep();
  }

  /** Answers everybody: what is on its way to the disk when it is there, who is parked with NOT_COORDINATOR. */
  async stop(): Promise<void> {
    if (!this.#active) return;
    this.#active = false;
    await this.#shards.drain();
    this.#shards.closeAll();
    this.#timers.close();
  }

  /**
   * A new picture of the cluster: takes up and gives up shards, forgets the offsets of topics that `batch` deleted. Only
   * what is seen to be deleted: a picture in which a topic is merely missing deletes nothing (DESIGN D5).
   */
  onImage(image: ClusterImage, previous: ClusterImage, batch?: MetadataBatch): void {
    if (!this.#active) return;
    const topic = image.topic(CONSUMER_OFFSETS_TOPIC);
    if (topic !== previous.topic(CONSUMER_OFFSETS_TOPIC)) {
      if (topic?.topicId !== this.#topic?.topicId) {
        this.#shards.closeAll();
        this.#topic = topic && { topicId: topic.topicId, partitionCount: topic.partitions.length };
      }
      for (const { partition, leader, leaderEpoch } of topic?.partitions ?? []) {
        if (leader === this.#p.nodeId) this.#shards.open(partition, leaderEpoch);
        else this.#shards.close(partition);
      }
    }
    const gone = deletedTopics(batch, previous);
    if (gone.length > 0) {
      for (const partition of this.#shards.partitions) {
        void this.#shards.submit(partition, { kind: 'topicsDeleted', topics: gone });
      }
    }
  }

  /** Asks the group of the command. Refused when it is coordinated elsewhere, still loading, or this broker stops. */
  submit<C extends GroupCommandOfOne>(command: C): Promise<GroupAnswers[C['kind']] | ShardRefusal> {
    return this.#ask(this.#partitionOf(command.groupId), command);
  }

  /** Groups as they stand, in the order asked for. */
  async describe(groupIds: readonly string[]): Promise<(DescribedGroup | UndescribedGroup)[]> {
    const answers = await this.#askByPartition<DescribedGroup | UndescribedGroup>(groupIds, async (partition, ids) => {
      const answer = await this.#ask(partition, { kind: 'describe', groupIds: ids });
      return isRefusal(answer) ? ids.map((groupId) => ({ ...answer, groupId })) : answer.groups;
    });
    return groupIds.map((groupId) => answers.get(groupId)!);
  }

  /** Deletes groups without members, each for itself. */
  async deleteGroups(groupIds: readonly string[]): Promise<DeleteGroupsAnswer['groups']> {
    const answers = await this.#askByPartition(groupIds, async (partition, ids) => {
      const answer = await this.#ask(partition, { kind: 'deleteGroups', groupIds: ids });
      return isRefusal(answer) ? ids.map((groupId) => ({ groupId, error: answer.error })) : answer.groups;
    });
    return [...answers.values()];
  }

  /** All groups of this broker that pass the filters. Refused as a whole while any shard is loading: half a list would lie. */
  async list(states: readonly string[], types: readonly string[]): Promise<ListAnswer | ShardRefusal> {
    const groups: ListAnswer['groups'][number][] = [];
    for (const partition of this.#shards.partitions) {
      const answer = await this.#ask(partition, { kind: 'list', states, types });
      if (!isRefusal(answer)) groups.push(...answer.groups);
      else if (answer.error !== 'NOT_COORDINATOR') return answer;
    }
    return { kind: 'list', groups };
  }

  /**
   * Which broker coordinates a group, as seen through `listener`. Makes the offsets topic when there is none;
   * COORDINATOR_NOT_AVAILABLE while that does not succeed.
   */
  async find(groupId: string, listener: string): Promise<CoordinatorPlace> {
    if (!this.#active) return refusal('COORDINATOR_NOT_AVAILABLE');
    if (!this.#p.image().topic(CONSUMER_OFFSETS_TOPIC)) {
      try {
        await this.#p.createInternalTopic(CONSUMER_OFFSETS_TOPIC);
      } catch (error) {
        // No controller just now: clients ask again.
        return refusal('COORDINATOR_NOT_AVAILABLE', error instanceof Error ? error.message : String(error));
      }
    }
    const image = this.#p.image();
    const leader = image.partition(CONSUMER_OFFSETS_TOPIC, this.#partitionOf(groupId))?.leader;
    if (leader === undefined)
      return refusal('COORDINATOR_NOT_AVAILABLE', 'the topic __consumer_offsets is not there yet');
    const endpoints = leader === this.#p.nodeId ? this.#p.endpoints : (image.broker(leader)?.endpoints ?? []);
    const endpoint = endpoints.find((candidate) => candidate.listener === listener);
    if (!endpoint) return refusal('COORDINATOR_NOT_AVAILABLE', `broker ${leader} has no listener ${listener}`);
    return { nodeId: leader, host: endpoint.host, port: endpoint.port };
  }

  /** An id for a new member, as Kafka forms it: what the client calls itself, and something nobody can guess. */
  newMemberId(name: string): string {
    return `${name}-${uuidText(this.#p.ports.random.bytes(16))}`;
  }

  /** The last rebalances of a group, oldest first; empty when it is not here. For the console. */
  recentRebalances(groupId: string): readonly Rebalance[] {
    for (const { partition, machine } of this.#shards.active()) {
      if (partition === this.#partitionOf(groupId)) return machine.groups.get(groupId)?.recentRebalances ?? [];
    }
    return [];
  }

  #partitionOf(groupId: string): number {
    return partitionFor(groupId, this.#topic?.partitionCount ?? this.#p.config.offsetsTopicNumPartitions);
  }

  #ask<C extends GroupCommand>(partition: number, command: C): Promise<GroupAnswers[C['kind']] | ShardRefusal> {
    if (!this.#active) return Promise.resolve(refusal('COORDINATOR_NOT_AVAILABLE'));
    // The machine answers each command with the answer of its kind (GroupAnswers); the runtime between does not know kinds.
    return this.#shards.submit(partition, command) as Promise<GroupAnswers[C['kind']] | ShardRefusal>;
  }

  /** Asks every partition once for all the groups it keeps. */
  async #askByPartition<Result extends { readonly groupId: string }>(
    groupIds: readonly string[],
    ask: (partition: number, groupIds: string[]) => Promise<readonly Result[]>,
  ): Promise<Map<string, Result>> {
    const byPartition = Map.groupBy(new Set(groupIds), (groupId) => this.#partitionOf(groupId));
    const results = await Promise.all([...byPartition].map(([partition, ids]) => ask(partition, ids)));
    return new Map(results.flat().map((result) => [result.groupId, result]));
  }

  #scheduleSweep(): void {
    const atMs = this.#p.ports.clock.monotonic() + this.#p.config.offsetsRetentionCheckIntervalMs;
    this.#sweepTimer.set(SWEEP_TIMER, atMs, () => {
      for (const partition of this.#shards.partitions) void this.#shards.submit(partition, { kind: 'sweep' });
      this.#scheduleSweep();
    });
  }

  #sizeOf(partition: number): { groups: number; offsets: number } {
    for (const shard of this.#shards.active()) {
      if (shard.partition === partition)
        return { groups: shard.machine.groups.size, offsets: shard.machine.offsets.count };
    }
    return { groups: 0, offsets: 0 };
  }

  #readGauges(metrics: GroupMetrics): void {
    const countGroups = (wanted: string | undefined) => {
      let count = 0;
      for (const { machine } of this.#shards.active()) {
        if (wanted === undefined) count += machine.groups.size;
        else for (const { phase } of machine.groups.values()) if (phase.kind === wanted) count++;
      }
      return count;
    };
    metrics.groups.read = () => countGroups(undefined);
    metrics.groupsEmpty.read = () => countGroups('Empty');
    metrics.groupsPreparing.read = () => countGroups('PreparingRebalance');
    metrics.groupsCompleting.read = () => countGroups('CompletingRebalance');
    metrics.groupsStable.read = () => countGroups('Stable');
    metrics.groupOffsets.read = () => {
      let count = 0;
      for (const { machine } of this.#shards.active()) count += machine.offsets.count;
      return count;
    };
    metrics.groupMembersParked.read = () => {
      let count = 0;
      for (const { machine } of this.#shards.active()) {
        for (const { phase } of machine.groups.values()) if ('waiting' in phase) count += phase.waiting.size;
      }
      return count;
    };
  }
}

/** The topics that a batch of the metadata log deleted. */
function deletedTopics(batch: MetadataBatch | undefined, previous: ClusterImage): { name: string; topicId: string }[] {
  const gone: { name: string; topicId: string }[] = [];
  for (const record of batch?.records ?? []) {
    if (record.kind !== 'topicDeleted') continue;
    const topic = previous.topicById(record.topicId);
    if (topic) gone.push({ name: topic.name, topicId: topic.topicId });
  }
  return gone;
}

/** Random bytes in the usual spelling of a version 4 UUID. */
function uuidText(bytes: Buffer): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

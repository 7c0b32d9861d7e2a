// Admin of the KafkaJS face: its shapes around the native calls. Where the native client answers an outcome for each item,
// KafkaJS throws; the errors here carry all that failed.
import type { Ports } from '@moldau/kernel';
import { Admin as NativeAdmin } from '../admin/admin.ts';
import type { OffsetSpec } from '../admin/admin-model.ts';
import { KafkaError } from '../errors.ts';
import type { TopicPartition } from '../topic-partition.ts';
import { createAcls, deleteAcls, describeAcls } from './admin-acls.ts';
import { alterConfigs, type DescribedResources, describeConfigs } from './admin-configs.ts';
import {
  alterPartitionReassignments,
  listPartitionReassignments,
  type PartitionReassignment,
} from './admin-reassignments.ts';
import { mayAnswerOtherwise, notConnected, withRetries } from './attempts.ts';
import { checkedOffset } from './consumer.ts';
import {
  KafkaJSAggregateError,
  KafkaJSCreateTopicError,
  KafkaJSDeleteGroupsError,
  KafkaJSDeleteTopicRecordsError,
  type KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  kafkaJsError,
} from './errors.ts';
import { ADMIN_EVENTS, Emitter, type EventListener } from './events.ts';
import { describeGroup } from './group-description.ts';
import type { Logger } from './logging.ts';
import type {
  AclEntry,
  AclFilter,
  DeleteAclResponse,
  DescribeAclResponse,
  GroupDescriptions,
  KafkaConfig,
  PartitionMetadata,
  RetryOptions,
  SeekEntry,
  TopicPartitions,
} from './model.ts';
import { watchedPorts } from './request-events.ts';
import { adminOptions, type Retry, retryOf, serversOf } from './settings.ts';

export interface ITopicConfig {
  topic: string;
  numPartitions?: number;
  replicationFactor?: number;
  replicaAssignment?: { partition: number; replicas: number[] }[];
  configEntries?: { name: string; value: string }[];
}

export interface ITopicPartitionConfig {
  topic: string;
  count: number;
  assignments?: number[][];
}

export class Admin {
  readonly events = ADMIN_EVENTS;
  readonly #ports: Ports;
  readonly #config: KafkaConfig;
  readonly #retry: Retry;
  readonly #logger: Logger;
  readonly #emitter: Emitter;
  #native: NativeAdmin | undefined;

  constructor(ports: Ports, config: KafkaConfig, retry: RetryOptions | undefined, logger: Logger) {
    this.#config = config;
    this.#retry = retryOf(config.retry, retry);
    this.#logger = logger;
    this.#emitter = new Emitter(ports.clock, logger, ADMIN_EVENTS);
    this.#ports = watchedPorts(ports, ADMIN_EVENTS, this.#emitter, config.clientId ?? 'kafkajs');
  }

  async connect(): Promise<void> {
    if (this.#native) return;
    const servers = await serversOf(this.#config);
    const native = new NativeAdmin({ ...adminOptions(this.#config, servers, this.#retry), ports: this.#ports });
    try {
      await withRetries(this.#ports, this.#retry, () => native.send('ApiVersions', {}));
    } catch (error) {
      await native.close();
      throw error;
    }
    this.#native = native;
    this.#emitter.emit(ADMIN_EVENTS.CONNECT);
  }

  async disconnect(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    await native?.close();
    if (native) this.#emitter.emit(ADMIN_EVENTS.DISCONNECT);
  }

  listTopics(): Promise<string[]> {
    return this.#do(async (native) => (await native.listTopics({ internal: true })).map(({ name }) => name));
  }

  /** False when all that was wrong is that topics exist already. A topic is there when this answers. */
  createTopics(o: {
    topics: ITopicConfig[];
    validateOnly?: boolean;
    waitForLeaders?: boolean;
    timeout?: number;
  }): Promise<boolean> {
    return this.#do(async (native) => {
      const topics = list(o.topics, 'topics');
      for (const { topic } of topics) named(topic);
      if (new Set(topics.map(({ topic }) => topic)).size < topics.length) {
        throw new KafkaJSNonRetriableError('A topic is in the list twice.');
      }
      const outcomes = await native.createTopics(topics.map(newTopic), {
        validateOnly: o.validateOnly ?? false,
        ...(o.timeout === undefined ? {} : { timeoutMs: o.timeout }),
      });
      const failed = [...outcomes].flatMap(([topic, outcome]) =>
        outcome instanceof KafkaError ? [{ topic, outcome }] : [],
      );
      if (failed.length === 0) return true;
      if (failed.every(({ outcome }) => outcome.error === 'TOPIC_ALREADY_EXISTS')) return false;
      throw new KafkaJSAggregateError(
        'Not all topics were created.',
        failed.map(({ topic, outcome }) => {
          const error = kafkaJsError(outcome);
          return error instanceof KafkaJSProtocolError ? new KafkaJSCreateTopicError(error, topic) : error;
        }),
      );
    });
  }

  deleteTopics(o: { topics: string[]; timeout?: number }): Promise<void> {
    return this.#do(async (native) => {
      const topics = list(o.topics, 'topics');
      for (const topic of topics) named(topic);
      throwFirst((await native.deleteTopics(topics, timed(o.timeout))).values());
    });
  }

  createPartitions(o: {
    topicPartitions: ITopicPartitionConfig[];
    validateOnly?: boolean;
    timeout?: number;
  }): Promise<boolean> {
    return this.#do(async (native) => {
      const topics = list(o.topicPartitions, 'topicPartitions');
      if (topics.length === 0) throw new KafkaJSNonRetriableError('topicPartitions is empty.');
      const outcomes = await native.createPartitions(
        topics.map(({ topic, count, assignments }) => ({
          topic: named(topic),
          totalCount: count,
          ...(assignments ? { assignments } : {}),
        })),
        { validateOnly: o.validateOnly ?? false, ...timed(o.timeout) },
      );
      throwFirst(outcomes.values());
      return true;
    });
  }

  /** All topics when none are given. */
  fetchTopicMetadata(
    o: { topics?: string[] } = {},
  ): Promise<{ topics: { name: string; partitions: PartitionMetadata[] }[] }> {
    return this.#do(async (native) => {
      for (const topic of o.topics ?? []) named(topic);
      const names = o.topics?.length ? o.topics : (await native.listTopics({ internal: true })).map(({ name }) => name);
      const described = await native.describeTopics(names);
      throwFirst(described.values());
      return {
        topics: [...described].map(([name, topic]) => ({
          name,
          partitions: (topic as Exclude<typeof topic, KafkaError>).partitions.map((entry) => ({
            partitionErrorCode: 0,
            partitionId: entry.partition,
            leader: entry.leader?.id ?? -1,
            replicas: entry.replicas.map(({ id }) => id),
            isr: entry.isr.map(({ id }) => id),
            offlineReplicas: entry.offlineReplicas.map(({ id }) => id),
          })),
        })),
      };
    });
  }

  fetchTopicOffsets(topic: string): Promise<(SeekEntry & { high: string; low: string })[]> {
    return this.#do(async (native) => {
      const [high, low] = await Promise.all([
        this.#offsets(native, topic, 'latest'),
        this.#offsets(native, topic, 'earliest'),
      ]);
      return high.map(({ partition, offset }, index) => ({ partition, offset, high: offset, low: low[index]!.offset }));
    });
  }

  /** The end where no record is that late, or no time is given. */
  fetchTopicOffsetsByTimestamp(topic: string, timestamp?: number): Promise<SeekEntry[]> {
    return this.#do(async (native) => {
      const ends = await this.#offsets(native, topic, 'latest');
      if (timestamp === undefined) return ends;
      const found = await this.#offsets(native, topic, timestamp);
      return found.map((entry, index) => (entry.offset === '-1' ? ends[index]! : entry));
    });
  }

  /** With `resolveOffsets`, partitions without a committed offset are set to their end; the group must have no members. */
  fetchOffsets(o: {
    groupId: string;
    topics?: string[];
    resolveOffsets?: boolean;
  }): Promise<{ topic: string; partitions: (SeekEntry & { metadata: string | null })[] }[]> {
    return this.#do(async (native) => {
      grouped(o.groupId);
      if (o.topics !== undefined) list(o.topics, 'topics');
      const committed = await native.listConsumerGroupOffsets(o.groupId);
      const topics = o.topics?.length ? o.topics : [...new Set(committed.map(({ topic }) => topic))];
      return Promise.all(
        topics.map(async (topic) => {
          const ends = await this.#offsets(native, topic, 'latest');
          const partitions = ends.map(({ partition, offset: end }) => {
            const found = committed.find((entry) => entry.topic === topic && entry.partition === partition);
            const offset = found ? String(found.offset) : o.resolveOffsets ? end : '-1';
            return { partition, offset, metadata: found && found.metadata !== '' ? found.metadata : null };
          });
          if (o.resolveOffsets && partitions.length > 0) {
            await this.setOffsets({ groupId: o.groupId, topic, partitions });
          }
          return { topic, partitions };
        }),
      );
    });
  }

  /** The group must have no members. Offsets '-1' and '-2' stand for end and beginning. */
  setOffsets(o: { groupId: string; topic: string; partitions: SeekEntry[] }): Promise<void> {
    return this.#do(async (native) => {
      grouped(o.groupId);
      const topic = named(o.topic);
      const partitions = list(o.partitions, 'partitions');
      if (partitions.length === 0) throw new KafkaJSNonRetriableError('partitions is empty.');
      const { state } = await describeGroup(native, o.groupId);
      if (state !== 'Empty' && state !== 'Dead') {
        throw new KafkaJSNonRetriableError(`Group ${o.groupId} has members (${state}); stop its consumers first.`);
      }
      const special = partitions.some(({ offset }) => Number(offset) < 0);
      const [ends, starts] = special
        ? await Promise.all([this.#offsets(native, topic, 'latest'), this.#offsets(native, topic, 'earliest')])
        : [[], []];
      const at = (entries: SeekEntry[], partition: number) =>
        Number(entries.find((entry) => entry.partition === partition)?.offset ?? -1);
      const offsets = partitions.map(({ partition, offset }) => {
        const number = checkedOffset({ topic, partition, offset });
        if (number >= 0) return { topic, partition, offset: number };
        return { topic, partition, offset: at(number === -2 ? starts : ends, partition) };
      });
      const outcomes = await native.alterConsumerGroupOffsets(o.groupId, offsets);
      throwFirst(outcomes.map(({ error }) => error));
    });
  }

  async resetOffsets(o: { groupId: string; topic: string; earliest?: boolean }): Promise<void> {
    const special = o.earliest ? '-2' : '-1';
    const partitions = await this.#do(async (native) => {
      grouped(o.groupId);
      return (await this.#offsets(native, named(o.topic), 'latest')).map(({ partition }) => ({
        partition,
        offset: special,
      }));
    });
    await this.setOffsets({ groupId: o.groupId, topic: o.topic, partitions });
  }

  describeCluster(): Promise<{
    brokers: { nodeId: number; host: string; port: number }[];
    controller: number | null;
    clusterId: string;
  }> {
    return this.#do(async (native) => {
      const { nodes, controllerId, clusterId } = await native.describeCluster();
      return {
        brokers: nodes.map(({ id, host, port }) => ({ nodeId: id, host, port })),
        controller: controllerId < 0 ? null : controllerId,
        clusterId: clusterId ?? '',
      };
    });
  }

  describeConfigs(o: Parameters<typeof describeConfigs>[1]): Promise<DescribedResources> {
    return this.#do((native) => describeConfigs(native, o));
  }

  /** Replaces nothing but the entries given: what is set and not named stays. */
  alterConfigs(o: Parameters<typeof alterConfigs>[1]) {
    return this.#do((native) => alterConfigs(native, o));
  }

  listGroups(): Promise<{ groups: { groupId: string; protocolType: string }[] }> {
    return this.#do(async (native) => ({
      groups: (await native.listGroups()).map(({ groupId, protocolType }) => ({ groupId, protocolType })),
    }));
  }

  describeGroups(groupIds: string[]): Promise<GroupDescriptions> {
    return this.#do(async (native) => ({
      groups: await Promise.all(list(groupIds, 'groupIds').map((groupId) => describeGroup(native, groupId))),
    }));
  }

  deleteGroups(groupIds: string[]): Promise<{ groupId: string; errorCode: number }[]> {
    return this.#do(async (native) => {
      for (const groupId of list(groupIds, 'groupIds')) grouped(groupId);
      const outcomes = await native.deleteGroups(groupIds);
      const failed = [...outcomes].flatMap(([groupId, outcome]) =>
        outcome instanceof KafkaError
          ? [{ groupId, errorCode: outcome.code ?? -1, error: kafkaJsError(outcome) as KafkaJSError }]
          : [],
      );
      if (failed.length > 0) throw new KafkaJSDeleteGroupsError('Not all groups were deleted.', failed);
      return groupIds.map((groupId) => ({ groupId, errorCode: 0 }));
    });
  }

  /** Offset '-1': everything. */
  deleteTopicRecords(o: { topic: string; partitions: SeekEntry[] }): Promise<void> {
    return this.#do(async (native) => {
      const topic = named(o.topic);
      const partitions = list(o.partitions, 'partitions');
      if (partitions.length === 0) throw new KafkaJSNonRetriableError('partitions is empty.');
      const given = partitions.map(({ partition, offset }) => ({
        topic,
        partition,
        offset: checkedOffset({ topic, partition, offset }),
      }));
      const failed = (await native.deleteRecords(given)).flatMap(({ partition, lowWatermark }, index) =>
        lowWatermark instanceof KafkaError
          ? [{ partition, offset: String(given[index]!.offset), error: kafkaJsError(lowWatermark) as KafkaJSError }]
          : [],
      );
      if (failed.length > 0) throw new KafkaJSDeleteTopicRecordsError({ topic, partitions: failed });
    });
  }

  listPartitionReassignments(o: { topics?: TopicPartitions[]; timeout?: number } = {}) {
    return this.#do((native) => listPartitionReassignments(native, o.topics, timed(o.timeout)));
  }

  alterPartitionReassignments(o: { topics: PartitionReassignment[]; timeout?: number }): Promise<void> {
    return this.#do((native) => alterPartitionReassignments(native, o.topics, timed(o.timeout)));
  }

  createAcls(o: { readonly acl: readonly AclEntry[] }): Promise<boolean> {
    return this.#do((native) => createAcls(native, o));
  }
  deleteAcls(o: { readonly filters: readonly AclFilter[] }): Promise<DeleteAclResponse> {
    return this.#do((native) => deleteAcls(native, o));
  }
  describeAcls(o: AclFilter): Promise<DescribeAclResponse> {
    return this.#do((native) => describeAcls(native, o));
  }

  on(eventName: string, listener: EventListener): () => void {
    return this.#emitter.on(eventName, listener);
  }

  logger(): Logger {
    return this.#logger;
  }

  async #do<T>(work: (native: NativeAdmin) => Promise<T>): Promise<T> {
    const native = this.#native;
    if (!native) throw notConnected('admin client');
    return withRetries(this.#ports, this.#retry, () => work(native), mayAnswerOtherwise);
  }

  /** Of all partitions, in the order of their numbers. */
  async #offsets(native: NativeAdmin, topic: string, timestamp: OffsetSpec): Promise<SeekEntry[]> {
    const described = (await native.describeTopics([named(topic)])).get(topic);
    if (described instanceof KafkaError) throw described;
    if (!described) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', { topic });
    const questions: TopicPartition[] = described.partitions.map(({ partition }) => ({ topic, partition }));
    const listed = await native.listOffsets(questions.map((where) => ({ ...where, timestamp })));
    throwFirst(listed.map(({ error }) => error));
    return listed.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
  }
}

function newTopic({ topic, numPartitions, replicationFactor, replicaAssignment, configEntries }: ITopicConfig) {
  const assignments = replicaAssignment?.toSorted((a, b) => a.partition - b.partition).map(({ replicas }) => replicas);
  return {
    name: topic,
    ...(assignments
      ? { assignments }
      : { numPartitions: numPartitions ?? -1, replicationFactor: replicationFactor ?? -1 }),
    configs: Object.fromEntries((configEntries ?? []).map(({ name, value }) => [name, value])),
  };
}

function throwFirst(outcomes: Iterable<unknown>): void {
  for (const outcome of outcomes) if (outcome instanceof KafkaError) throw outcome;
}

function timed(timeout: number | undefined): { timeoutMs?: number } {
  return timeout === undefined ? {} : { timeoutMs: timeout };
}

function list<T>(value: T[], what: string): T[] {
  if (!Array.isArray(value)) throw new KafkaJSNonRetriableError(`${what} must be a list.`);
  return value;
}

function named(topic: string): string {
  if (typeof topic !== 'string' || topic === '') throw new KafkaJSNonRetriableError(`${String(topic)} is not a topic.`);
  return topic;
}

function grouped(groupId: string): void {
  if (typeof groupId !== 'string' || groupId === '') {
    throw new KafkaJSNonRetriableError(`${String(groupId)} is not a groupId.`);
  }
}

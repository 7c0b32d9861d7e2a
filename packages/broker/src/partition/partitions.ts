// All partitions that this broker hosts, kept in step with the cluster's picture: the one asked for, or the refusal that
// Kafka would answer.
// Always: after `follow(image)` every partition that the image places here has a log and a Partition, or an event says
// why not; a log that no topic owns is set aside and never deleted (invariant 23).
import type { Timers } from '@moldau/kernel';
import type { ClusterImage, MetadataBatch, PartitionState, TopicImage } from '@moldau/metadata';
import { ZERO_UUID } from '@moldau/protocol';
import type { WireError } from '@moldau/protocol/errors';
import type { LogStore, PartitionLog } from '@moldau/storage';
import type { BrokerConfig } from '../config/broker-config.ts';
import { type TopicSettings, topicSettings } from '../config/topic-settings.ts';
import { type EventLog, PARTITION_EVENTS } from '../events.ts';
import type { BrokerMetrics } from '../metrics.ts';
import { Partition } from './partition.ts';
import type { ReplicaHost } from './replica-host.ts';
import { forgetTopicCells, topicCells } from './topic-cells.ts';

export interface PartitionsParts {
  readonly nodeId: number;
  readonly config: BrokerConfig;
  readonly logs: LogStore;
  readonly metrics: BrokerMetrics;
  readonly events: EventLog;
  readonly host: ReplicaHost;
}

/**
 * What is done about a partition without a log. After a start with a failed directory the log may be there: an empty one
 * made elsewhere would hide it, and lose it for good once the directory is back (KAFKA-16234).
 */
type MissingLog = 'is new' | 'is made anew' | 'stays offline';

/** Logs made in one turn of the event loop when a batch asks for many: some tens of milliseconds. */
const preparedAtOnce = 100;

interface HostedTopic {
  readonly topicId: string;
  readonly partitions: (Partition | undefined)[];
}

export class Partitions {
  readonly #parts: PartitionsParts;
  readonly #topics = new Map<string, HostedTopic>();
  /** `topic-partition` of those whose log could not be opened, or may be in a directory that is offline. */
  readonly #unopened = new Set<string>();
  #count = 0;

  constructor(parts: PartitionsParts) {
    this.#parts = parts;
  }

  /** Partitions hosted here. */
  get count(): number {
    return this.#count;
  }

  *all(): IterableIterator<Partition> {
    for (const topic of this.#topics.values()) for (const partition of topic.partitions) if (partition) yield partition;
  }

  /** The partition hosted here, led or not. */
  get(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index];
  }

  /**
   * The partition, ready to serve as leader, or the error that clients expect (ReplicaManager.getPartitionOrException).
   * `image` is the broker's picture: a partition that exists elsewhere makes the client refresh its metadata.
   */
  led(image: ClusterImage, topic: string, index: number): Partition | WireError {
    const partition = this.#topics.get(topic)?.partitions[index];
    if (!partition) {
      if (!image.partition(topic, index)) return 'UNKNOWN_TOPIC_OR_PARTITION';
      return this.#unopened.has(`${topic}-${index}`) ? 'KAFKA_STORAGE_ERROR' : 'NOT_LEADER_OR_FOLLOWER';
    }
    if (partition.offline) return 'KAFKA_STORAGE_ERROR';
    if (!partition.isLeader) return 'NOT_LEADER_OR_FOLLOWER';
    return partition;
  }

  /** The partition, led or followed here, to read from (KIP-392); or the error that clients expect. */
  readable(image: ClusterImage, topic: string, index: number): Partition | WireError {
    const partition = this.#topics.get(topic)?.partitions[index];
    if (partition && !partition.isLeader && !partition.offline && partition.leader >= 0) return partition;
    return this.led(image, topic, index);
  }

  /** Brings everything in step with the first picture after a start. Logs that it does not own are set aside. */
  async load(image: ClusterImage): Promise<void> {
    const offline = this.#parts.logs.directories().filter(({ error }) => error !== undefined);
    const missing = offline.length > 0 ? 'stays offline' : 'is made anew';
    for (const topic of image.topics()) this.#openTopic(image, topic, missing);
    const strays: PartitionLog[] = [];
    for (const log of this.#parts.logs.logs()) {
      if (this.get(log.topic, log.partition)?.log !== log) strays.push(log);
    }
    for (const log of strays) {
      const { topic, partition, topicId } = log;
      this.#parts.events.emit(PARTITION_EVENTS.strayLog, { topic, partition, topicId });
      await this.#parts.logs.quarantine(topic, partition, 'no topic of the cluster owns this log');
    }
  }

  /**
   * Makes the logs that a large batch of the metadata log asks for, some at a time, so that the broker serves on
   * meanwhile; `follow` finds them. Undefined when there are few.
   */
  prepare(image: ClusterImage, batch: MetadataBatch, timers: Timers): Promise<void> | undefined {
    const wanted: (readonly [TopicImage, PartitionState])[] = [];
    for (const record of batch.records) {
      if (record.kind !== 'partitionsSet') continue;
      const topic = image.topicById(record.topicId);
      for (const state of record.partitions) {
        if (topic && state.replicas.includes(this.#parts.nodeId) && !this.get(topic.name, state.partition)) {
          wanted.push([topic, state]);
        }
      }
    }
    if (wanted.length <= preparedAtOnce) return undefined;
    return new Promise((resolve) => {
      let at = 0;
      const some = () => {
        for (const end = at + preparedAtOnce; at < end && at < wanted.length; at++) {
          const [topic, state] = wanted[at]!;
          this.#logOf(topic, state, topicSettings(this.#parts.config, image, topic.name), 'is new');
        }
        if (at < wanted.length) timers.afterTurn(some);
        else resolve();
      };
      some();
    });
  }

  /** Works in one batch of the metadata log. */
  follow(image: ClusterImage, previous: ClusterImage, batch: MetadataBatch): void {
    let reconfigured: Set<string> | undefined;
    for (const record of batch.records) {
      if (record.kind === 'partitionsSet') {
        const topic = image.topicById(record.topicId);
        if (topic) this.#openTopic(image, topic, 'is new');
      } else if (record.kind === 'topicDeleted') {
        const name = previous.topicById(record.topicId)?.name;
        if (name !== undefined) this.#deleteTopic(name, record.topicId);
      } else if (record.kind === 'configSet' && record.resourceType === 'topic') {
        reconfigured ??= new Set();
        reconfigured.add(record.resourceName);
      }
    }
    if (reconfigured) for (const name of reconfigured) this.#configure(image, name);
  }

  /** A log directory failed: all partitions in it go offline. */
  directoryFailed(directory: string, error: unknown): void {
    for (const partition of this.all()) {
      if (partition.log.directory !== directory) continue;
      this.#parts.events.emit(PARTITION_EVENTS.offline, { topic: partition.topic, partition: partition.index, error });
      partition.goneOffline();
    }
  }

  /** Settings of the broker changed that topics inherit. */
  configureAll(image: ClusterImage): void {
    for (const name of this.#topics.keys()) this.#configure(image, name);
  }

  /** Parked fetches answer with what there is; for the stop of the broker. */
  wakeFetches(): void {
    for (const partition of this.all()) partition.wakeFetches();
  }

  /** Everybody who waits is told; for the stop of the broker. */
  close(): void {
    for (const partition of this.all()) partition.close();
    this.#topics.clear();
    this.#count = 0;
  }

  #openTopic(image: ClusterImage, topic: TopicImage, missing: MissingLog): void {
    const { nodeId, metrics, host } = this.#parts;
    let hosted = this.#topics.get(topic.name);
    let settings: TopicSettings | undefined;
    for (const state of topic.partitions) {
      const known = hosted?.partitions[state.partition];
      if (known) {
        if (state.replicas.includes(nodeId)) known.follow(state);
        else this.#removeReplica(topic.name, known);
        continue;
      }
      if (!state.replicas.includes(nodeId)) continue;
      settings ??= topicSettings(this.#parts.config, image, topic.name);
      const log = this.#logOf(topic, state, settings, missing);
      if (!log) {
        this.#unopened.add(`${topic.name}-${state.partition}`);
        continue;
      }
      if (!hosted) {
        hosted = { topicId: topic.topicId, partitions: [] };
        this.#topics.set(topic.name, hosted);
      }
      hosted.partitions[state.partition] = new Partition({
        topic: topic.name,
        topicId: topic.topicId,
        index: state.partition,
        host,
        log,
        state,
        settings,
        cells: topicCells(metrics, topic.name),
      });
      this.#count++;
    }
  }

  /** The log that is there under the topic's id, or a new one. */
  #logOf(
    topic: TopicImage,
    state: PartitionState,
    settings: TopicSettings,
    missing: MissingLog,
  ): PartitionLog | undefined {
    const { logs, events } = this.#parts;
    const where = { topic: topic.name, partition: state.partition, topicId: topic.topicId };
    const log = logs.get(topic.name, state.partition);
    try {
      if (log) {
        if (log.topicId === ZERO_UUID) log.assignTopicId(topic.topicId);
        if (log.topicId !== topic.topicId) {
          // Another topic's data under the same name (deleted and created anew while we were away): never served as ours.
          events.emit(PARTITION_EVENTS.foreignLog, { ...where, foundId: log.topicId });
          return undefined;
        }
        log.configure(settings.log);
        return log;
      }
      if (missing !== 'is new') {
        events.emit(PARTITION_EVENTS.logLost, { topic: topic.name, partition: state.partition, outcome: missing });
        if (missing === 'stays offline') return undefined;
      }
      return logs.create({ ...where, config: settings.log });
    } catch (error) {
      events.emit(PARTITION_EVENTS.missingLog, { ...where, error });
      return undefined;
    }
  }

  #deleteTopic(name: string, topicId: string): void {
    for (const key of this.#unopened) if (key.slice(0, key.lastIndexOf('-')) === name) this.#unopened.delete(key);
    const hosted = this.#topics.get(name);
    if (hosted?.topicId !== topicId) return;
    this.#topics.delete(name);
    for (const partition of hosted.partitions) {
      if (!partition) continue;
      this.#count--;
      partition.close();
      this.#parts.logs.delete(name, partition.index).catch((error: unknown) => {
        this.#parts.events.emit(PARTITION_EVENTS.deleteFailed, { topic: name, partition: partition.index, error });
      });
    }
    forgetTopicCells(this.#parts.metrics, name);
  }

  /** The picture says that this replica has moved away: its log goes, as Kafka's StopReplica has it. */
  #removeReplica(name: string, partition: Partition): void {
    const hosted = this.#topics.get(name);
    if (!hosted) return;
    hosted.partitions[partition.index] = undefined;
    this.#count--;
    partition.close();
    const where = { topic: name, partition: partition.index };
    this.#parts.events.emit(PARTITION_EVENTS.replicaRemoved, { ...where, topicId: partition.topicId });
    this.#parts.logs.delete(name, partition.index).catch((error: unknown) => {
      this.#parts.events.emit(PARTITION_EVENTS.deleteFailed, { ...where, error });
    });
    if (hosted.partitions.every((other) => other === undefined)) {
      this.#topics.delete(name);
      forgetTopicCells(this.#parts.metrics, name);
    }
  }

  #configure(image: ClusterImage, name: string): void {
    const hosted = this.#topics.get(name);
    if (!hosted) return;
    const settings = topicSettings(this.#parts.config, image, name);
    for (const partition of hosted.partitions) partition?.configure(settings);
  }
}

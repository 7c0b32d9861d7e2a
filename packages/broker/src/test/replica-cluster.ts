// Several real brokers of one test process over one metadata log in memory: loopback sockets, own temporary directories.
// `crash` takes a broker away without a word to anybody, `restart` brings it back on its directory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUuid } from '@moldau/kernel';
import { nodePorts } from '@moldau/kernel/node/ports';
import { CALM_PARTITION } from '@moldau/metadata';
import { ZERO_UUID } from '@moldau/protocol';
import { Broker } from '../broker.ts';
import { readBrokerConfig } from '../config/read-config.ts';
import type { LogSink } from '../events.ts';
import type { Partition } from '../partition/partition.ts';
import { type BatchWish, batchOf, recordsIn } from './batches.ts';
import { RawClient } from './raw-client.ts';
import { SharedMetadata } from './shared-metadata.ts';
import type { TestEvent } from './test-broker.ts';

export class ReplicaCluster {
  readonly metadata = new SharedMetadata();
  readonly directory: string;
  readonly events = new Map<number, TestEvent[]>();
  readonly #settings: Readonly<Record<string, string>>;
  readonly #brokers = new Map<number, Broker>();
  readonly #clients: RawClient[] = [];

  private constructor(directory: string, settings: Readonly<Record<string, string>>) {
    this.directory = directory;
    this.#settings = settings;
  }

  static async start(brokerIds: readonly number[], settings: Readonly<Record<string, string>> = {}) {
    const cluster = new ReplicaCluster(await mkdtemp(join(tmpdir(), 'moldau-replicas-')), settings);
    cluster.metadata.append([{ kind: 'clusterFormed', clusterId: 'AAAAAAAAAAAAAAAAAAAAAQ' }]);
    for (const id of brokerIds) await cluster.startBroker(id);
    return cluster;
  }

  broker(id: number): Broker {
    return this.#brokers.get(id)!;
  }

  /** A topic made by hand; the first replica of each partition leads it. */
  createTopic(name: string, replicas: readonly (readonly number[])[], configs: Readonly<Record<string, string>> = {}) {
    const topicId = randomUuid(nodePorts.random);
    this.metadata.append([
      { kind: 'topicCreated', name, topicId },
      ...Object.entries(configs).map(([key, value]) => ({
        kind: 'configSet' as const,
        resourceType: 'topic' as const,
        resourceName: name,
        name: key,
        value,
      })),
      {
        kind: 'partitionsSet',
        topicId,
        partitions: replicas.map((ids, partition) => ({
          partition,
          replicas: ids,
          isr: ids,
          leader: ids[0]!,
          leaderEpoch: 0,
          partitionEpoch: 0,
          ...CALM_PARTITION,
        })),
      },
    ]);
  }

  partition(id: number, topic: string, index = 0): Partition {
    const partition = this.broker(id).context.partitions.get(topic, index);
    if (!partition) throw new Error(`broker ${id} does not host ${topic}-${index}`);
    return partition;
  }

  /** Fields of the events of this name that a broker logged. */
  eventsOf(id: number, name: string): Readonly<Record<string, unknown>>[] {
    return (this.events.get(id) ?? []).filter((event) => event.name === name).map(({ fields }) => fields);
  }

  /** Produces one batch to a broker, leader or not. */
  async produce(
    id: number,
    values: readonly string[],
    o: { acks?: number; topic?: string; partition?: number; timeoutMs?: number } & BatchWish = {},
  ) {
    const { acks = -1, topic = 't', partition = 0, timeoutMs = 5_000 } = o;
    const client = await this.connect(id);
    const partitionData = [{ index: partition, records: batchOf(values, o) }];
    const topicData = [{ name: topic, topicId: ZERO_UUID, partitionData }];
    const answer = await client.call('Produce', 9, { transactionalId: null, acks, timeoutMs, topicData });
    client.destroy();
    return answer.responses[0]!.partitionResponses[0]!;
  }

  /** Fetches from one partition as a consumer does, without waiting. */
  async fetch(id: number, topic: string, offset: number, o: { rackId?: string } = {}) {
    const client = await this.connect(id);
    const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset: offset, partitionMaxBytes: 1_000_000 };
    const answer = await client.call('Fetch', 12, {
      maxWaitMs: 0,
      minBytes: 0,
      isolationLevel: 0,
      topics: [{ topic, partitions: [partition] }],
      forgottenTopicsData: [],
      rackId: o.rackId ?? '',
    });
    client.destroy();
    const { errorCode, preferredReadReplica, records, highWatermark } = answer.responses[0]!.partitions[0]!;
    return { errorCode, preferredReadReplica, highWatermark, values: recordsIn(records) };
  }

  /** `offset:value` of all that is in a broker's log, safe or not. */
  async contents(id: number, topic: string): Promise<string[]> {
    const { log } = this.partition(id, topic);
    const read = { offset: log.startOffset, bytesMax: 1e8, end: log.endOffset, wholeFirstBatch: true };
    const slice = await log.read(read);
    if (slice.kind === 'refused') throw new Error(slice.detail);
    return recordsIn(Buffer.concat(slice.chunks));
  }

  /** A crashed broker loses its disk. */
  async wipe(id: number): Promise<void> {
    await rm(join(this.directory, `b${id}`), { recursive: true, force: true });
  }

  async connect(id: number): Promise<RawClient> {
    const client = await RawClient.connect({ host: '127.0.0.1', port: this.broker(id).boundPorts[0]! });
    this.#clients.push(client);
    return client;
  }

  async startBroker(id: number, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const { config } = readBrokerConfig({
      values: {
        'node.id': String(id),
        listeners: 'PLAINTEXT://127.0.0.1:0',
        'log.dirs': join(this.directory, `b${id}`),
        'group.initial.rebalance.delay.ms': '0',
        'log.durability': 'os',
        // Nobody is the controller here who could let a broker go.
        'controlled.shutdown.enable': 'false',
        ...this.#settings,
        ...settings,
      },
    });
    const events: TestEvent[] = this.events.get(id) ?? [];
    this.events.set(id, events);
    const sink: LogSink = { write: (level, name, _meaning, fields) => events.push({ level, name, fields }) };
    const broker = await Broker.start({
      ports: nodePorts,
      config,
      hostName: '127.0.0.1',
      log: sink,
      logLevel: 'debug',
      engine: async () => this.metadata.member(id),
    });
    broker.context.controller.connectWith({
      ensureTopics: async () => {
        throw new Error('topics are made by the test');
      },
      allocateProducerIds: async () => {
        throw new Error('producer ids are not given out here');
      },
      alterPartitions: (wishes) => this.metadata.alterPartitions(wishes),
    });
    this.#brokers.set(id, broker);
  }

  /** Gone without a word: sockets end, nothing is written any more; the metadata hears of it only by `fence`. */
  async crash(id: number): Promise<void> {
    const broker = this.#brokers.get(id);
    this.#brokers.delete(id);
    await broker?.crash();
  }

  /** Stopped in order. */
  async stopBroker(id: number): Promise<void> {
    const broker = this.#brokers.get(id);
    this.#brokers.delete(id);
    await broker?.stop('test');
  }

  /** Gone, and the cluster knows. */
  async kill(id: number): Promise<void> {
    await this.crash(id);
    this.metadata.fence(id);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    for (const broker of this.#brokers.values()) await broker.stop('test');
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Looks again every few milliseconds until `holds`. */
export async function until(holds: () => boolean, what: string, patienceMs = 10_000): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`in vain waited for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

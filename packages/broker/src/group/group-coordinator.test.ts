// The coordinator between the cluster's picture and its shards: who is answered what while shards load, fail, move and end.
import {
  type BrokerEndpoint,
  CALM_PARTITION,
  ClusterImage,
  type MetadataRecord,
  type PartitionState,
} from '@moldau/metadata';
import { codecIdOf } from '@moldau/protocol/records/batch-header';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from '../events.ts';
import { createMetrics } from '../metrics.ts';
import { Deadlines } from '../partition/deadlines.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import type { ShardLog } from '../replicated-machine/shard-log.ts';
import { MemoryLog } from '../replicated-machine/test/memory-log.ts';
import { VirtualTime } from '../replicated-machine/test/virtual-time.ts';
import { GroupCoordinator, type GroupCoordinatorParts } from './group-coordinator.ts';
import { GROUP_METRICS } from './metrics.ts';
import { joinCommand, settle } from './test/harness.ts';

const OFFSETS = '__consumer_offsets';
const NODE = 1;

/** A log whose reads wait until they are let go, or fail. */
class SlowLog implements ShardLog {
  readonly inner: MemoryLog;
  failure: Error | undefined;
  #waiting: (() => void)[] = [];
  constructor(inner: MemoryLog) {
    this.inner = inner;
  }
  get startOffset() {
    return 0;
  }
  get endOffset() {
    return this.inner.endOffset;
  }
  append(batch: Buffer) {
    return this.inner.append(batch);
  }
  whenPersisted(endOffset: number, done: (error?: Error) => void) {
    this.inner.whenPersisted(endOffset, done);
  }
  async read(offset: number, bytesMax: number) {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failure) throw this.failure;
    return this.inner.read(offset, bytesMax);
  }
  letGo() {
    for (const go of this.#waiting.splice(0)) go();
  }
}

class Cluster {
  readonly time = new VirtualTime();
  readonly logs = new Map<number, ShardLog>();
  readonly events: string[] = [];
  readonly metrics = createMetrics(GROUP_METRICS);
  image = ClusterImage.empty;
  creates: boolean | 'fails' = true;
  readonly groups: GroupCoordinator;

  constructor() {
    const config = {
      groupInitialRebalanceDelayMs: 0,
      groupMaxSize: 100,
      offsetMetadataMaxBytes: 4_096,
      offsetsRetentionMinutes: 10,
      offsetsRetentionCheckIntervalMs: 60_000,
      offsetsCommitTimeoutMs: 5_000,
      offsetsLoadBufferSize: 1_000_000,
      offsetsTopicNumPartitions: 50,
      offsetsTopicCompressionCodec: 1,
    } as GroupCoordinatorParts['config'];
    this.groups = new GroupCoordinator({
      config,
      ports: { clock: this.time.clock, random: { bytes: (count) => Buffer.alloc(count, 7), float: () => 0 } },
      deadlines: new Deadlines(this.time.clock, this.time.timers),
      events: new EventLog({ write: (_, name) => this.events.push(name) }, 'debug'),
      metrics: this.metrics,
      image: () => this.image,
      endpoints: [{ listener: 'PLAINTEXT', host: 'here', port: 9092 }],
      nodeId: NODE,
      shardLog: (partition) => this.logs.get(partition),
      createInternalTopic: async () => {
        if (this.creates === 'fails') throw new Error('no controller');
        if (this.creates) this.makeTopic(4);
      },
    });
  }

  /** `__consumer_offsets` with this many partitions, all led here unless said otherwise, over logs of memory. */
  makeTopic(partitions: number, leaderOf: (partition: number) => number = () => NODE): void {
    for (let partition = 0; partition < partitions; partition++) {
      if (!this.logs.has(partition)) this.logs.set(partition, new MemoryLog());
    }
    this.decide([
      ...(this.image.topic(OFFSETS)
        ? []
        : [{ kind: 'topicCreated', name: OFFSETS, topicId: 'AAAAAAAAAAAAAAAAAAAAAg' } as const]),
      {
        kind: 'partitionsSet',
        topicId: 'AAAAAAAAAAAAAAAAAAAAAg',
        partitions: Array.from({ length: partitions }, (_, partition) => state(partition, leaderOf(partition))),
      },
    ]);
  }

  decide(records: readonly MetadataRecord[]): void {
    const previous = this.image;
    const batch = { offset: previous.offset + 1, epoch: 1, records };
    this.image = previous.apply(batch);
    this.groups.onImage(this.image, previous, batch);
  }

  async heartbeat(groupId: string): Promise<string> {
    const answer = await this.groups.submit({
      kind: 'heartbeat',
      groupId,
      memberId: 'm',
      instanceId: null,
      generation: 1,
    });
    return answer.error;
  }

  async commit(groupId: string, topic = 't1'): Promise<string> {
    const topics = [
      {
        name: topic,
        topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
        partitions: [{ partition: 0, offset: 1, leaderEpoch: 0, metadata: '' }],
      },
    ];
    const answer = await this.groups.submit({
      kind: 'commit',
      groupId,
      generation: -1,
      memberId: '',
      instanceId: null,
      retentionMs: undefined,
      missingGroupError: 'GROUP_ID_NOT_FOUND',
      topics,
    });
    return answer.error;
  }

  async offsets(groupId: string): Promise<string[]> {
    const answer = await this.groups.submit({ kind: 'fetchOffsets', groupId, topics: null, requireStable: false });
    if (isRefusal(answer)) return [answer.error];
    return answer.topics.map(({ name }) => name);
  }
}

function state(partition: number, leader: number): PartitionState {
  return { partition, replicas: [leader], isr: [leader], leader, leaderEpoch: 0, partitionEpoch: 0, ...CALM_PARTITION };
}

let cluster: Cluster;
beforeEach(() => {
  cluster = new Cluster();
});

describe('finding a coordinator', () => {
  it('makes the topic on the first question and answers with its leader', async () => {
    expect(await cluster.groups.find('g', 'PLAINTEXT')).toEqual({ nodeId: NODE, host: 'here', port: 9092 });
    expect(cluster.image.topic(OFFSETS)?.partitions).toHaveLength(4);
  });

  it('says COORDINATOR_NOT_AVAILABLE while the topic cannot be made', async () => {
    cluster.creates = false;
    expect(await cluster.groups.find('g', 'PLAINTEXT')).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
    cluster.creates = 'fails';
    expect(await cluster.groups.find('g', 'PLAINTEXT')).toMatchObject({ detail: 'no controller' });
  });

  it('names the broker that leads the partition, at its listener', async () => {
    const endpoints: BrokerEndpoint[] = [{ listener: 'PLAINTEXT', host: 'there', port: 1, protocol: 'PLAINTEXT' }];
    cluster.decide([
      { kind: 'brokerRegistered', brokerId: 2, brokerEpoch: 1, incarnationId: 'i', endpoints, rack: null },
    ]);
    cluster.makeTopic(4, () => 2);
    expect(await cluster.groups.find('g', 'PLAINTEXT')).toEqual({ nodeId: 2, host: 'there', port: 1 });
    expect(await cluster.groups.find('g', 'EXTERNAL')).toMatchObject({ error: 'COORDINATOR_NOT_AVAILABLE' });
    expect(await cluster.heartbeat('g')).toBe('NOT_COORDINATOR');
  });
});

describe('shards', () => {
  it('are nobody before the topic is there', async () => {
    expect(await cluster.heartbeat('g')).toBe('NOT_COORDINATOR');
    expect(await cluster.groups.list([], [])).toEqual({ kind: 'list', groups: [] });
  });

  it('refuse while they load; a list of half the groups is no list', async () => {
    const written = new MemoryLog();
    cluster.logs.set(0, written);
    cluster.makeTopic(1);
    await settle();
    await cluster.commit('g');

    const restarted = new Cluster();
    const slow = new SlowLog(MemoryLog.survivorOf(written));
    restarted.logs.set(0, slow);
    restarted.makeTopic(1);
    await settle();
    expect(await restarted.heartbeat('g')).toBe('COORDINATOR_LOAD_IN_PROGRESS');
    expect(await restarted.offsets('g')).toEqual(['COORDINATOR_LOAD_IN_PROGRESS']);
    expect(await restarted.groups.list([], [])).toMatchObject({ error: 'COORDINATOR_LOAD_IN_PROGRESS' });
    expect(await restarted.groups.describe(['g'])).toMatchObject([
      { groupId: 'g', error: 'COORDINATOR_LOAD_IN_PROGRESS' },
    ]);
    slow.letGo();
    await settle();
    expect(await restarted.offsets('g')).toEqual(['t1']);
    expect(restarted.events).toContain('group.loaded');
  });

  it('load a few at a time, and each answers when it is ready', async () => {
    const slow = Array.from({ length: 6 }, () => new SlowLog(new MemoryLog()));
    slow.forEach((log, partition) => {
      // Something to read, or there is nothing to wait for.
      log.inner.append(batchOfNothing());
      cluster.logs.set(partition, log);
    });
    cluster.makeTopic(6);
    await settle();
    for (let round = 0; round < 3; round++) {
      for (const log of slow) log.letGo();
      await settle();
    }
    expect(cluster.events.filter((name) => name === 'group.unknownRecords')).toHaveLength(6);
  });

  it('are tried again when they cannot be read, ever more rarely', async () => {
    const slow = new SlowLog(new MemoryLog());
    slow.inner.append(batchOfNothing());
    slow.failure = new Error('EIO');
    cluster.logs.set(0, slow);
    cluster.makeTopic(1);
    const fails = async () => {
      await settle();
      slow.letGo();
      await settle();
      return cluster.events.filter((name) => name === 'group.loadFailed').length;
    };
    expect(await fails()).toBe(1);
    expect(await cluster.heartbeat('g')).toBe('COORDINATOR_LOAD_IN_PROGRESS');
    cluster.time.advance(1_000);
    expect(await fails()).toBe(2);
    cluster.time.advance(1_000);
    expect(await fails()).toBe(2);
    cluster.time.advance(1_000);
    expect(await fails()).toBe(3);
    slow.failure = undefined;
    cluster.time.advance(4_000);
    await fails();
    expect(await cluster.heartbeat('g')).toBe('UNKNOWN_MEMBER_ID');
  });

  it('are dropped and read again when the log fails under them', async () => {
    const log = new MemoryLog();
    cluster.logs.set(0, log);
    cluster.makeTopic(1);
    await settle();
    await cluster.commit('kept');
    log.holdsPersisting = true;
    const lost = cluster.commit('lost');
    cluster.logs.set(0, MemoryLog.survivorOf(log));
    log.fail(new Error('EIO'));
    expect(await lost).toBe('NOT_COORDINATOR');
    expect(await cluster.offsets('kept')).toEqual(['COORDINATOR_LOAD_IN_PROGRESS']);
    cluster.time.advance(1_000);
    await settle();
    expect(await cluster.offsets('kept')).toEqual(['t1']);
    expect(await cluster.offsets('lost')).toEqual([]);
    expect(cluster.events).toContain('group.partitionFailed');
  });

  it('end when another broker leads, and everybody parked is sent there', async () => {
    cluster.makeTopic(1);
    await settle();
    const parked = cluster.groups.submit(joinCommand('g', { newMemberId: 'a', sessionTimeoutMs: 10_000 }));
    cluster.makeTopic(1, () => 2);
    expect(await parked).toMatchObject({ error: 'NOT_COORDINATOR' });
    expect(await cluster.heartbeat('g')).toBe('NOT_COORDINATOR');
    cluster.makeTopic(1);
    await settle();
    expect(await cluster.heartbeat('g')).toBe('UNKNOWN_MEMBER_ID');
  });

  it('write compressed batches when told to, and read them back', async () => {
    const log = new MemoryLog();
    cluster.logs.set(0, log);
    cluster.makeTopic(1);
    await settle();
    await cluster.commit('g');
    expect(codecIdOf(await log.read(0, 1_000), 0)).toBe(1);
    cluster.makeTopic(1, () => 2);
    cluster.makeTopic(1);
    await settle();
    expect(await cluster.offsets('g')).toEqual(['t1']);
  });

  it('keep their groups when partitions are added to the topic', async () => {
    cluster.makeTopic(4);
    await settle();
    for (const groupId of ['a', 'b', 'c', 'd', 'e']) await cluster.commit(groupId);
    cluster.makeTopic(7);
    await settle();
    for (const groupId of ['a', 'b', 'c', 'd', 'e']) expect(await cluster.offsets(groupId)).toEqual(['t1']);
  });
});

describe('the coordinator', () => {
  it('forgets offsets of topics that were deleted, in every shard, and of no others', async () => {
    cluster.makeTopic(4);
    cluster.decide([{ kind: 'topicCreated', name: 't1', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }]);
    await settle();
    for (const groupId of ['a', 'b', 'c']) {
      await cluster.commit(groupId);
      await cluster.commit(groupId, 't2');
    }
    cluster.decide([{ kind: 'topicDeleted', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' }]);
    await settle();
    for (const groupId of ['a', 'b', 'c']) expect(await cluster.offsets(groupId)).toEqual(['t2']);
    expect(cluster.metrics.offsetDeletions.with('topicDeleted').value).toBe(3);
  });

  it('sweeps expired offsets at the set interval', async () => {
    cluster.makeTopic(4);
    await cluster.groups.start();
    await settle();
    await cluster.commit('g');
    cluster.time.advance(9 * 60_000);
    await settle();
    expect(cluster.metrics.groupOffsets.read()).toBe(1);
    cluster.time.advance(2 * 60_000);
    await settle();
    expect(cluster.metrics.groupOffsets.read()).toBe(0);
    expect(cluster.metrics.offsetExpirations.value).toBe(1);
  });

  it('tells in metrics, events and history why groups rebalanced', async () => {
    cluster.makeTopic(4);
    await settle();
    const joining = cluster.groups.submit(joinCommand('g', { newMemberId: 'a', reason: 'first' }));
    cluster.time.advance(0);
    await joining;
    expect(cluster.metrics.groupsCompleting.read()).toBe(1);
    cluster.time.advance(250);
    await cluster.groups.submit({
      kind: 'sync',
      groupId: 'g',
      memberId: 'a',
      instanceId: null,
      generation: 1,
      protocolType: null,
      protocol: null,
      assignments: [],
    });
    const [rebalance] = cluster.groups.recentRebalances('g');
    expect(rebalance).toMatchObject({ outcome: 'stable', generation: 1, membersAfter: 1, completingMs: 250 });
    expect(rebalance!.causes).toMatchObject([{ kind: 'memberJoined', memberId: 'a', reason: 'first' }]);
    expect(cluster.groups.recentRebalances('nobody')).toEqual([]);
    expect(cluster.metrics.rebalancesStarted.with('memberJoined').value).toBe(1);
    expect(cluster.metrics.rebalanceSeconds.with('completing').sum).toBeCloseTo(0.25);
    expect(cluster.metrics.groupsStable.read()).toBe(1);
    expect(cluster.events).toEqual(
      expect.arrayContaining(['group.rebalanceStarted', 'group.rebalanceFinished', 'group.assignmentMissing']),
    );
  });

  it('stops in order: what is on its way to the disk is answered, the parked are sent away, nobody else is let in', async () => {
    const log = new MemoryLog();
    cluster.logs.set(0, log);
    cluster.makeTopic(1);
    await settle();
    log.holdsPersisting = true;
    const commit = cluster.commit('g');
    const parked = cluster.groups.submit(joinCommand('h', { newMemberId: 'a' }));
    const stopping = cluster.groups.stop();
    expect(await cluster.heartbeat('g')).toBe('COORDINATOR_NOT_AVAILABLE');
    log.persist();
    expect(await commit).toBe('NONE');
    expect(await parked).toMatchObject({ error: 'NOT_COORDINATOR' });
    await stopping;
    await cluster.groups.stop();
  });

  it('gives new members ids that nobody can guess', () => {
    expect(cluster.groups.newMemberId('consumer')).toBe('consumer-07070707-0707-4707-8707-070707070707');
  });
});

/** A batch with one record of a kind that no version of ours writes. */
function batchOfNothing(): Buffer {
  const batch = writeBatch({ records: [{ key: Buffer.from([0, 99]), value: null, timestamp: 0 }] });
  return batch;
}

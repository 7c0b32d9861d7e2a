// Every fence that keeps an old leader, an old broker or an old store from doing harm, by name. Each test shows the harm
// kept off; where the fence is a check in one place, taking it out makes the test fail. See also: replication-model.test
// (maximal ISR, epoch start, truncation by epoch), partition-leader.test (broker epoch, strict min-ISR).
import type { InputOf } from '@moldau/protocol';
import { errorName } from '@moldau/protocol/errors';
import type { FetchRequest } from '@moldau/protocol/messages/fetch';
import { afterEach, expect, test } from 'vitest';
import { ReplicaCluster, until } from '../test/replica-cluster.ts';

let cluster: ReplicaCluster;

afterEach(() => cluster?.stop());

const isr = () => cluster.metadata.image.partition('t', 0)!.isr;

/** A fetch as broker `from` would send it to broker `to`, with anything in it changed. */
async function poseAs(
  from: number,
  to: number,
  o: { brokerEpoch?: number; leaderEpoch?: number; topicId?: string; offset?: number; lastEpoch?: number } = {},
) {
  const { image } = cluster.metadata;
  const client = await cluster.connect(to);
  const body: InputOf<typeof FetchRequest> = {
    replicaState: { replicaId: from, replicaEpoch: o.brokerEpoch ?? image.broker(from)!.brokerEpoch },
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: 0,
    topics: [
      {
        topicId: o.topicId ?? image.topic('t')!.topicId,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: o.leaderEpoch ?? image.partition('t', 0)!.leaderEpoch,
            fetchOffset: o.offset ?? 0,
            lastFetchedEpoch: o.lastEpoch ?? -1,
            logStartOffset: 0,
            partitionMaxBytes: 1_000_000,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
  };
  const answer = await client.call('Fetch', 17, body);
  const partition = answer.responses[0]?.partitions[0];
  return { error: errorName(answer.errorCode), partition, partitionError: partition && errorName(partition.errorCode) };
}

test('fence: leader epoch (a fetch of another term is refused, and counts for nothing)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  await cluster.produce(1, ['a']);
  cluster.metadata.set('t', 0, { leaderEpoch: 3 });
  expect((await poseAs(2, 1, { leaderEpoch: 2 })).partitionError).toBe('FENCED_LEADER_EPOCH');
  expect((await poseAs(2, 1, { leaderEpoch: 4 })).partitionError).toBe('UNKNOWN_LEADER_EPOCH');
  await cluster.crash(2);
  const parked = cluster.produce(1, ['b'], { timeoutMs: 300 });
  await until(() => cluster.partition(1, 't').log.endOffset === 2, 'the append');
  await poseAs(2, 1, { leaderEpoch: 2, offset: 2 });
  expect(errorName((await parked).errorCode)).toBe('REQUEST_TIMED_OUT');
  expect(cluster.partition(1, 't').log.highWatermark).toBe(1);
});

test('fence: leader epoch (a deposed leader that knows nothing of it acknowledges nothing)', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3]);
  cluster.createTopic('t', [[1, 2, 3]]);
  await cluster.produce(1, ['a']);
  cluster.metadata.hold(1);
  cluster.metadata.elect('t', 0, 2);
  expect(errorName((await cluster.produce(1, ['never'], { timeoutMs: 300 })).errorCode)).toBe('REQUEST_TIMED_OUT');
  expect((await cluster.fetch(1, 't', 1)).values).toEqual([]);
  cluster.metadata.release(1);
  expect(await cluster.produce(2, ['b'])).toMatchObject({ errorCode: 0, baseOffset: 1 });
  await until(() => cluster.partition(1, 't').log.highWatermark === 2, 'broker 1 follows');
  expect(await cluster.contents(1, 't')).toEqual(['0:a', '1:b']);
});

test('fence: broker epoch (a fetch under another than the registered one is refused)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  const { brokerEpoch } = cluster.metadata.image.broker(2)!;
  expect((await poseAs(2, 1, { brokerEpoch: brokerEpoch - 1 })).error).toBe('STALE_BROKER_EPOCH');
  expect((await poseAs(2, 1, { brokerEpoch: brokerEpoch + 1 })).error).toBe('STALE_BROKER_EPOCH');
  expect((await poseAs(9, 1, { brokerEpoch: 1 })).error).toBe('STALE_BROKER_EPOCH');
});

test('fence: broker epoch (an ISR wish names the run of every member)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  await cluster.produce(1, ['a']);
  await cluster.kill(2);
  await cluster.startBroker(2);
  await until(() => isr().length === 2, 'broker 2 in sync');
  const { image } = cluster.metadata;
  expect(cluster.metadata.wishes.at(-1)?.newIsr).toEqual(
    [1, 2].map((brokerId) => ({ brokerId, brokerEpoch: image.broker(brokerId)!.brokerEpoch })),
  );
});

test('a broker that is not assigned, or comes through a listener for clients, is no follower (R12)', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3]);
  cluster.createTopic('t', [[1, 2]]);
  expect((await poseAs(3, 1)).partitionError).toBe('REPLICA_NOT_AVAILABLE');
  await cluster.startBroker(4, {
    listeners: 'CLIENTS://127.0.0.1:0,BROKERS://127.0.0.1:0',
    'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,BROKERS:PLAINTEXT',
    'inter.broker.listener.name': 'BROKERS',
  });
  expect((await poseAs(1, 4)).error).toBe('CLUSTER_AUTHORIZATION_FAILED');
});

test('fence: partition epoch (a wish on an old state changes nothing, and the state that is told is taken)', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3]);
  cluster.createTopic('t', [[1, 2, 3]]);
  await cluster.kill(3);
  // Broker 1 does not hear that 2 left, and wishes on what it knows.
  cluster.metadata.hold(1);
  cluster.metadata.set('t', 0, { isr: [1] });
  const wishes = cluster.metadata.wishes.length;
  const one = cluster.partition(1, 't');
  const { partitionEpoch } = one.state;
  await cluster.startBroker(3);
  await until(() => one.leading?.isr.length === 1 || cluster.metadata.wishes.length > wishes, 'a wish', 500).catch(
    () => {},
  );
  expect(cluster.metadata.image.partition('t', 0)!.isr).toEqual([1]);
  cluster.metadata.release(1);
  expect(one.state.partitionEpoch).toBeGreaterThan(partitionEpoch);
  await until(() => isr().length === 3, 'everybody in sync on the newest state');
});

test('fence: maximal ISR (a wish that may have been granted counts until it is decided)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  await cluster.produce(1, ['a']);
  await cluster.kill(2);
  // The controller's answers are lost, though it decides: is 2 in the ISR now?
  cluster.metadata.intercept = () => {
    throw new Error('the answer is lost');
  };
  await cluster.startBroker(2);
  await until(() => cluster.partition(1, 't').leading?.proposal !== undefined, 'a wish');
  await cluster.crash(2);
  expect(errorName((await cluster.produce(1, ['b'], { timeoutMs: 300 })).errorCode)).toBe('REQUEST_TIMED_OUT');
  expect(cluster.partition(1, 't').log.highWatermark).toBe(1);
});

test('fence: strict min-ISR (acks=all is refused, a parked one is told, and readers see nothing more)', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3]);
  cluster.createTopic('t', [[1, 2, 3]], { 'min.insync.replicas': '2' });
  await cluster.produce(1, ['a']);
  await cluster.crash(2);
  await cluster.crash(3);
  const parked = cluster.produce(1, ['b']);
  await until(() => cluster.partition(1, 't').log.endOffset === 2, 'the append');
  cluster.metadata.fence(2);
  cluster.metadata.fence(3);
  expect(errorName((await parked).errorCode)).toBe('NOT_ENOUGH_REPLICAS_AFTER_APPEND');
  expect(errorName((await cluster.produce(1, ['c'])).errorCode)).toBe('NOT_ENOUGH_REPLICAS');
  expect((await cluster.produce(1, ['d'], { acks: 1 })).errorCode).toBe(0);
  expect(cluster.partition(1, 't').log.highWatermark).toBe(1);
  expect(cluster.partition(1, 't').minIsrMargin).toBe(-1);
  await cluster.startBroker(2);
  await until(() => cluster.partition(1, 't').log.highWatermark === 3, 'the watermark, with two replicas again');
});

test('fence: topic id (a topic made anew under its name is another one)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  await cluster.produce(1, ['old']);
  const { topicId } = cluster.metadata.image.topic('t')!;
  await cluster.crash(2);
  cluster.metadata.append([{ kind: 'topicDeleted', topicId }]);
  cluster.createTopic('t', [[1, 2]]);
  expect((await poseAs(2, 1, { topicId })).partitionError).toBe('UNKNOWN_TOPIC_ID');
  // The log of the old one is still on broker 2: it is set aside or left alone, and never served as the new one.
  await cluster.startBroker(2);
  expect(
    cluster.eventsOf(2, 'partition.foreignLog').length + cluster.eventsOf(2, 'partition.strayLog').length,
  ).toBeGreaterThan(0);
  expect(cluster.broker(2).context.partitions.get('t', 0)?.log.endOffset ?? 0).toBe(0);
});

test('fence: producer epoch (an older producer of the same id is refused by the next leader too)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  await cluster.produce(1, ['new'], { producerId: 7, producerEpoch: 3, baseSequence: 0 });
  await cluster.kill(1);
  const zombie = await cluster.produce(2, ['old'], { producerId: 7, producerEpoch: 2, baseSequence: 0 });
  expect(errorName(zombie.errorCode)).toBe('INVALID_PRODUCER_EPOCH');
  expect(await cluster.contents(2, 't')).toEqual(['0:new']);
});

test('fence: leader epochs of the store (one that is older than the log is not obeyed, nothing is cut, invariant 9)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  cluster.metadata.set('t', 0, { leaderEpoch: 8 });
  await cluster.produce(1, ['a']);
  // A store that is older than the logs is refused at the start (store-check); here it is lost under a running broker.
  cluster.metadata.set('t', 0, { leaderEpoch: 9, leader: -1 });
  cluster.partition(1, 't').follow({ ...cluster.metadata.image.partition('t', 0)!, leader: 1, leaderEpoch: 9 });
  cluster.partition(1, 't').log.epochs.assign(12, 1);
  cluster.metadata.set('t', 0, { leaderEpoch: 10, leader: 1 });
  expect(cluster.eventsOf(1, 'replica.epochsWentBack')).toMatchObject([{ leaderEpoch: 10, logEpoch: 12 }]);
  expect(errorName((await cluster.produce(1, ['b'])).errorCode)).toBe('NOT_LEADER_OR_FOLLOWER');
  expect(await cluster.contents(1, 't')).toEqual(['0:a']);
});

test('an order to cut below what was promised is refused, unless the topic allows unclean elections (invariant 13)', async () => {
  cluster = await ReplicaCluster.start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  for (const value of ['a', 'b']) await cluster.produce(1, [value]);
  await until(() => cluster.partition(2, 't').log.highWatermark === 2, 'its watermark');
  await cluster.crash(1);
  cluster.metadata.set('t', 0, { isr: [1] });
  await cluster.wipe(1);
  await cluster.startBroker(1);
  await until(() => cluster.eventsOf(2, 'replica.truncationRefused').length > 0, 'the refusal');
  expect(await cluster.contents(2, 't')).toEqual(['0:a', '1:b']);
  const { topicId } = cluster.metadata.image.topic('t')!;
  const allowed = { resourceType: 'topic', resourceName: 't', name: 'unclean.leader.election.enable', value: 'true' };
  cluster.metadata.append([{ kind: 'configSet', ...allowed } as never]);
  cluster.metadata.set('t', 0, {
    leaderEpoch: cluster.metadata.image.topicById(topicId)!.partitions[0]!.leaderEpoch + 1,
  });
  await until(() => isr().length === 2, 'broker 2 in sync');
  expect(await cluster.contents(2, 't')).toEqual([]);
});

test('fence: coordinator epoch (a coordinator whose partition is led elsewhere answers nothing, the next one knows all)', async () => {
  cluster = await ReplicaCluster.start([1, 2, 3]);
  cluster.createTopic('__consumer_offsets', [[1, 2, 3]], { 'cleanup.policy': 'compact' });
  const commit = async (id: number, offset: number) => {
    const client = await cluster.connect(id);
    const partitions = [
      { partitionIndex: 0, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: '' },
    ];
    const answer = await client.call('OffsetCommit', 7, {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      groupInstanceId: null,
      topics: [{ name: 't', partitions }],
    });
    return errorName(answer.topics[0]!.partitions[0]!.errorCode);
  };
  const committed = async (id: number) => {
    const client = await cluster.connect(id);
    const topics = [{ name: 't', partitionIndexes: [0] }];
    const answer = await client.call('OffsetFetch', 5, { groupId: 'g', topics });
    return [errorName(answer.errorCode), answer.topics[0]?.partitions[0]?.committedOffset];
  };
  const loaded = async (id: number) => {
    const end = Date.now() + 5_000;
    while ((await committed(id))[0] === 'COORDINATOR_LOAD_IN_PROGRESS' && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  cluster.createTopic('t', [[1]]);
  await loaded(1);
  expect(await commit(1, 5)).toBe('NONE');
  // Broker 1 does not hear that 2 coordinates now: it may take commits, and can promise none of them.
  cluster.metadata.hold(1);
  cluster.metadata.set('__consumer_offsets', 0, { leader: 2, leaderEpoch: 1, isr: [2, 3] });
  const stale = commit(1, 3);
  await loaded(2);
  expect(await committed(2)).toEqual(['NONE', 5]);
  expect(await commit(2, 6)).toBe('NONE');
  cluster.metadata.release(1);
  expect(await stale).toBe('NOT_COORDINATOR');
  expect((await committed(1))[0]).toBe('NOT_COORDINATOR');
  // Back at broker 1: what it knew in its earlier epoch is forgotten, what was committed since is known.
  await until(() => cluster.metadata.image.partition('__consumer_offsets', 0)!.isr.includes(1), 'broker 1 in sync');
  cluster.metadata.elect('__consumer_offsets', 0, 1);
  await loaded(1);
  expect(await committed(1)).toEqual(['NONE', 6]);
});

// Brokers copy from each other: what is acknowledged is on every in-sync replica and survives any of them. Real brokers,
// logs and sockets; the controller is the test's own. The fences are in fences.test.ts.
import { errorName } from '@moldau/protocol/errors';
import { afterEach, describe, expect, test } from 'vitest';
import { ReplicaCluster, until } from '../test/replica-cluster.ts';

let cluster: ReplicaCluster;

afterEach(() => cluster?.stop());

async function start(brokers: readonly number[], settings: Readonly<Record<string, string>> = {}) {
  cluster = await ReplicaCluster.start(brokers, settings);
}

const isr = () => cluster.metadata.image.partition('t', 0)!.isr;
const produce: ReplicaCluster['produce'] = (...args) => cluster.produce(...args);
const contents = (id: number) => cluster.contents(id, 't');

describe('copying', () => {
  test('acks=all is answered when every in-sync replica has it; followers learn what is safe', async () => {
    await start([1, 2, 3]);
    cluster.createTopic('t', [[1, 2, 3]]);
    expect(await produce(1, ['a', 'b'])).toMatchObject({ errorCode: 0, baseOffset: 0 });
    for (const id of [2, 3]) expect(cluster.partition(id, 't').log.endOffset).toBe(2);
    expect(cluster.partition(1, 't').log.highWatermark).toBe(2);
    await until(() => [2, 3].every((id) => cluster.partition(id, 't').log.highWatermark === 2), 'their watermarks');
    expect(await contents(2)).toEqual(['0:a', '1:b']);
    expect(await contents(3)).toEqual(await contents(1));
  });

  test('what is counted as copied is on the disk of the follower (log.durability=fsync)', async () => {
    await start([1, 2], { 'log.durability': 'fsync' });
    cluster.createTopic('t', [[1, 2]]);
    for (let i = 0; i < 20; i++) expect((await produce(1, [`v${i}`])).errorCode).toBe(0);
    const { log } = cluster.partition(2, 't');
    expect(log.recoveryPoint).toBe(20);
  });

  test('many partitions over several fetchers, more than one answer can hold', async () => {
    await start([1, 2], { 'num.replica.fetchers': '3', 'replica.fetch.response.max.bytes': '5000' });
    cluster.createTopic(
      't',
      Array.from({ length: 40 }, () => [1, 2]),
    );
    const values = ['x'.repeat(400), 'y'.repeat(400)];
    const answers = await Promise.all(Array.from({ length: 40 }, (_, partition) => produce(1, values, { partition })));
    expect(answers.every(({ errorCode }) => errorCode === 0)).toBe(true);
    for (let index = 0; index < 40; index++) expect(cluster.partition(2, 't', index).log.endOffset).toBe(2);
  });

  test('a follower that is down is waited for until it leaves the ISR, and joins when it has caught up', async () => {
    await start([1, 2, 3], { 'replica.lag.time.max.ms': '400' });
    cluster.createTopic('t', [[1, 2, 3]]);
    await produce(1, ['a']);
    await cluster.crash(3);
    expect(await produce(1, ['b'])).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(isr()).toEqual([1, 2]);
    expect(cluster.eventsOf(1, 'replica.isrChanged')[0]).toMatchObject({ left: [3], reason: 'fell behind' });
    await cluster.startBroker(3);
    await until(() => isr().length === 3, 'broker 3 in sync');
    expect(await contents(3)).toEqual(['0:a', '1:b']);
    expect(cluster.broker(1).metrics.isrShrinks.value).toBe(1);
    expect(cluster.broker(1).metrics.isrExpands.value).toBe(1);
  });

  test('a new replica copies everything and joins; one that moved away loses its log', async () => {
    await start([1, 2, 3]);
    cluster.createTopic('t', [[1, 2]]);
    for (const value of ['a', 'b', 'c']) await produce(1, [value]);
    cluster.metadata.set('t', 0, { replicas: [1, 2, 3], addingReplicas: [3] });
    await until(() => isr().includes(3), 'the new replica in sync');
    expect(await contents(3)).toEqual(['0:a', '1:b', '2:c']);
    cluster.metadata.set('t', 0, { replicas: [3, 2], isr: [3, 2], leader: 3, leaderEpoch: 1 });
    expect(cluster.broker(1).context.partitions.get('t', 0)).toBeUndefined();
    expect(cluster.broker(1).context.logs.get('t', 0)).toBeUndefined();
    expect(await produce(3, ['d'])).toMatchObject({ errorCode: 0, baseOffset: 3 });
  });

  test.each(['leader', 'follower'])(
    'a throttle of the %s holds back who is behind, not who is in sync',
    async (side) => {
      await start([1, 2, 3], { [`${side}.replication.throttled.rate`]: '3000', 'replica.fetch.max.bytes': '1000' });
      const key = `${side}.replication.throttled.replicas`;
      cluster.createTopic('t', [[1, 2]], { [key]: '*' });
      for (let i = 0; i < 20; i++) await produce(1, ['x'.repeat(900)]);
      cluster.metadata.set('t', 0, { replicas: [1, 2, 3], addingReplicas: [3] });
      await until(() => cluster.partition(3, 't').log.endOffset > 1, 'the beginning of the copy');
      expect((await produce(1, ['x'.repeat(900)])).errorCode).toBe(0);
      expect(isr()).toEqual([1, 2]);
      expect(cluster.partition(3, 't').log.endOffset).toBeLessThan(15);
      const lifted = { kind: 'configSet', resourceType: 'topic', resourceName: 't', name: key, value: null } as const;
      cluster.metadata.append([lifted]);
      await until(() => isr().includes(3), 'the new replica in sync');
    },
  );

  test('a follower whose leader has deleted what it lacks begins anew where the leader begins', async () => {
    await start([1, 2], { 'replica.lag.time.max.ms': '400' });
    cluster.createTopic('t', [[1, 2]]);
    await produce(1, ['a']);
    await cluster.kill(2);
    for (const value of ['b', 'c', 'd']) await produce(1, [value]);
    await cluster.partition(1, 't').log.deleteRecordsBefore(3);
    await cluster.startBroker(2);
    await until(() => isr().includes(2), 'broker 2 in sync');
    expect(await contents(2)).toEqual(['3:d']);
    expect(cluster.partition(2, 't').log.startOffset).toBe(3);
    expect(cluster.eventsOf(2, 'replica.startedOver')).toMatchObject([{ offset: 3, fromOffset: 1 }]);
  });
});

describe('failover', () => {
  test('the leader is killed: another one has everything and goes on; the old one comes back and follows', async () => {
    await start([1, 2, 3], { 'log.durability': 'fsync' });
    cluster.createTopic('t', [[1, 2, 3]]);
    for (const value of ['a', 'b', 'c']) expect((await produce(1, [value])).errorCode).toBe(0);
    await cluster.kill(1);
    expect(cluster.metadata.image.partition('t', 0)).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1 });
    expect(await produce(2, ['d'])).toMatchObject({ errorCode: 0, baseOffset: 3 });
    await cluster.startBroker(1);
    await until(() => isr().length === 3, 'broker 1 in sync again');
    expect(await contents(1)).toEqual(['0:a', '1:b', '2:c', '3:d']);
    expect(cluster.eventsOf(2, 'replica.isrChanged')).toContainEqual(
      expect.objectContaining({ joined: [1], reason: 'caught up' }),
    );
  });

  test('what only the old leader had is cut off when it returns; nothing that was acknowledged is', async () => {
    await start([1, 2, 3]);
    cluster.createTopic('t', [[1, 2, 3]]);
    await produce(1, ['a']);
    for (const id of [2, 3]) cluster.broker(id).context.replicas.stopCopying(cluster.partition(id, 't'));
    expect(await produce(1, ['lost'], { acks: 1 })).toMatchObject({ errorCode: 0, baseOffset: 1 });
    await cluster.kill(1);
    expect(await produce(2, ['b'])).toMatchObject({ errorCode: 0, baseOffset: 1 });
    await cluster.startBroker(1);
    await until(() => isr().length === 3, 'broker 1 in sync again');
    expect(await contents(1)).toEqual(['0:a', '1:b']);
    expect(cluster.eventsOf(1, 'replica.truncated')).toMatchObject([{ offset: 1, fromOffset: 2 }]);
  });

  test('an idempotent producer goes on at the next leader: its sequence is known there, a repeat is the same record', async () => {
    await start([1, 2]);
    cluster.createTopic('t', [[1, 2]]);
    const as = { producerId: 7, producerEpoch: 0 };
    for (const baseSequence of [0, 1, 2]) await produce(1, ['v'], { ...as, baseSequence });
    await cluster.kill(1);
    expect(await produce(2, ['v'], { ...as, baseSequence: 1 })).toMatchObject({ errorCode: 0, baseOffset: 1 });
    expect(await produce(2, ['v'], { ...as, baseSequence: 3 })).toMatchObject({ errorCode: 0, baseOffset: 3 });
    expect(errorName((await produce(2, ['v'], { ...as, baseSequence: 9 })).errorCode)).toBe(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    );
    expect(cluster.partition(2, 't').log.endOffset).toBe(4);
  });

  test('a follower takes batches of producers that it does not know the beginning of (KAFKA-6003)', async () => {
    await start([1, 2]);
    cluster.createTopic('t', [[1]]);
    const as = { producerId: 7, producerEpoch: 0 };
    for (const baseSequence of [0, 1, 2]) await produce(1, ['v'], { ...as, baseSequence });
    await cluster.partition(1, 't').log.deleteRecordsBefore(2);
    cluster.metadata.set('t', 0, { replicas: [1, 2] });
    await until(() => isr().includes(2), 'the new replica in sync');
    expect(await contents(2)).toEqual(['2:v']);
  });

  test('a new leader that does not know how far readers were says so (invariant 12)', async () => {
    await start([1, 2, 3]);
    cluster.createTopic('t', [[1, 2, 3]]);
    await produce(1, ['a']);
    // Broker 2 has a record whose safety it was not told of; nobody copies from it for now.
    const two = cluster.partition(2, 't');
    await until(() => two.log.highWatermark === 1, 'its watermark');
    cluster.broker(1).context.replicas.sessions.close();
    two.append(await rawBatch('b'), Date.now());
    const three = cluster.partition(3, 't');
    cluster.metadata.hold(3);
    cluster.metadata.elect('t', 0, 2);
    expect(three.leaderEpoch).toBe(0);
    const client = await cluster.connect(2);
    const ask = () =>
      client.call('ListOffsets', 5, {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1 }] }],
      });
    expect(errorName((await ask()).topics[0]!.partitions[0]!.errorCode)).toBe('OFFSET_NOT_AVAILABLE');
    cluster.metadata.release(3);
    await until(() => two.endKnown, 'the end known');
    expect((await ask()).topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, offset: 2 });
  });
});

/** What broker 1 would have given its followers next. */
async function rawBatch(value: string): Promise<Buffer> {
  const { log } = cluster.partition(1, 't');
  const { endOffset } = log;
  await produce(1, [value], { acks: 1 });
  const slice = await log.read({ offset: endOffset, bytesMax: 1e6, end: log.endOffset, wholeFirstBatch: true });
  if (slice.kind === 'refused') throw new Error(slice.detail);
  return Buffer.concat(slice.chunks);
}

describe('other requests', () => {
  test('DeleteRecords is answered when every replica that lives begins there', async () => {
    await start([1, 2, 3]);
    cluster.createTopic('t', [[1, 2, 3]]);
    for (const value of ['a', 'b', 'c']) await produce(1, [value]);
    const client = await cluster.connect(1);
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, offset: 2 }] }];
    const answer = await client.call('DeleteRecords', 2, { topics, timeoutMs: 5_000 });
    expect(answer.topics[0]!.partitions[0]).toMatchObject({ errorCode: 0, lowWatermark: 2 });
    for (const id of [1, 2, 3]) expect(cluster.partition(id, 't').log.startOffset).toBe(2);
    await cluster.crash(3);
    const late = await client.call('DeleteRecords', 2, {
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, offset: 3 }] }],
      timeoutMs: 100,
    });
    expect(errorName(late.topics[0]!.partitions[0]!.errorCode)).toBe('REQUEST_TIMED_OUT');
  });

  test('a consumer is sent to the replica in its rack and reads there up to what is safe (KIP-392)', async () => {
    cluster = await ReplicaCluster.start([]);
    const selector = 'org.apache.kafka.common.replica.RackAwareReplicaSelector';
    for (const id of [1, 2]) {
      await cluster.startBroker(id, { 'broker.rack': `r${id}`, 'replica.selector.class': selector });
    }
    cluster.createTopic('t', [[1, 2]]);
    await produce(1, ['a']);
    await until(() => cluster.partition(2, 't').log.highWatermark === 1, 'its watermark');
    const atLeader = await cluster.fetch(1, 't', 0, { rackId: 'r2' });
    expect(atLeader).toMatchObject({ errorCode: 0, preferredReadReplica: 2, values: [] });
    expect(await cluster.fetch(2, 't', 0, { rackId: 'r2' })).toMatchObject({ errorCode: 0, values: ['0:a'] });
    expect(await cluster.fetch(1, 't', 0, { rackId: 'r1' })).toMatchObject({
      preferredReadReplica: -1,
      values: ['0:a'],
    });
    // The follower lacks what its leader may have: no reason to start over (R10).
    expect(errorName((await cluster.fetch(2, 't', 5)).errorCode)).toBe('OFFSET_NOT_AVAILABLE');
    expect(errorName((await cluster.fetch(1, 't', 5)).errorCode)).toBe('OFFSET_OUT_OF_RANGE');
  });

  test('acks 0 and 1 are refused while the metadata store is out of sight for long; acks=all goes on (invariant 26)', async () => {
    await start([1, 2]);
    cluster.createTopic('t', [[1, 2]]);
    cluster.createTopic('alone', [[1]]);
    cluster.metadata.sessionConfirmedAtMs = cluster.broker(1).context.ports.clock.monotonic() - 20_000;
    expect(errorName((await produce(1, ['a'], { acks: 1 })).errorCode)).toBe('NOT_LEADER_OR_FOLLOWER');
    expect((await produce(1, ['a'])).errorCode).toBe(0);
    expect((await produce(1, ['a'], { acks: 1, topic: 'alone' })).errorCode).toBe(0);
  });
});

test('a leader that may have been replaced does not tell a reader that its place is gone', async () => {
  await start([1, 2]);
  cluster.createTopic('t', [[1, 2]]);
  await produce(1, ['a']);
  // Frozen for longer than its session, broker 1 wakes: the reader has been further at the leader that followed it.
  let holds = false;
  Object.assign(cluster.broker(1).context, { sessionHolds: () => holds });
  expect(errorName((await cluster.fetch(1, 't', 5)).errorCode)).toBe('OFFSET_NOT_AVAILABLE');
  expect(errorName((await cluster.fetch(1, 't', -2)).errorCode)).toBe('OFFSET_OUT_OF_RANGE');
  holds = true;
  expect(errorName((await cluster.fetch(1, 't', 5)).errorCode)).toBe('OFFSET_OUT_OF_RANGE');
});

// Three brokers copy from each other: what is acknowledged is on every in-sync replica, survives any of them, and the
// fences between old and new leaders hold. Real brokers, logs and sockets; the controller is the test's own.
import { ZERO_UUID } from '@moldau/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { batchOf, recordsIn } from '../test/batches.ts';
import { ReplicaCluster, until } from '../test/replica-cluster.ts';

let cluster: ReplicaCluster;

afterEach(() => cluster?.stop());

async function produce(
  id: number,
  values: readonly string[],
  o: { acks?: number; topic?: string; timeoutMs?: number } = {},
) {
  const { acks = -1, topic = 't', timeoutMs = 5_000 } = o;
  const client = await cluster.connect(id);
  const answer = await client.call('Produce', 9, {
    transactionalId: null,
    acks,
    timeoutMs,
    topicData: [{ name: topic, topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(values) }] }],
  });
  client.destroy();
  return answer.responses[0]!.partitionResponses[0]!;
}

function contents(id: number, topic = 't'): Promise<string[]> {
  const { log } = cluster.partition(id, topic);
  const read = log.read({ offset: log.startOffset, bytesMax: 1e8, end: log.endOffset, wholeFirstBatch: true });
  return Promise.resolve(read).then((slice) => {
    if (slice.kind === 'refused') throw new Error(slice.detail);
    return recordsIn(Buffer.concat(slice.chunks));
  });
}

describe('copying', () => {
  test('acks=all is answered when every in-sync replica has it; followers learn what is safe', async () => {
    cluster = await ReplicaCluster.start([1, 2, 3]);
    cluster.createTopic('t', [[1, 2, 3]]);
    expect(await produce(1, ['a', 'b'])).toMatchObject({ errorCode: 0, baseOffset: 0 });
    for (const id of [2, 3]) expect(cluster.partition(id, 't').log.endOffset).toBe(2);
    expect(cluster.partition(1, 't').log.highWatermark).toBe(2);
    await until(
      () => [2, 3].every((id) => cluster.partition(id, 't').log.highWatermark === 2),
      'watermarks of followers',
    );
    expect(await contents(2)).toEqual(['0:a', '1:b']);
    expect(await contents(3)).toEqual(await contents(1));
  });

  test('the leader is killed: another one has everything and goes on; the old one comes back and follows', async () => {
    cluster = await ReplicaCluster.start([1, 2, 3], { 'log.durability': 'fsync' });
    cluster.createTopic('t', [[1, 2, 3]]);
    for (const value of ['a', 'b', 'c']) expect((await produce(1, [value])).errorCode).toBe(0);
    await cluster.kill(1);
    expect(cluster.metadata.image.partition('t', 0)).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1 });
    expect(await produce(2, ['d'])).toMatchObject({ errorCode: 0, baseOffset: 3 });
    await cluster.startBroker(1);
    await until(() => cluster.metadata.image.partition('t', 0)!.isr.length === 3, 'broker 1 in sync again');
    expect(await contents(1)).toEqual(['0:a', '1:b', '2:c', '3:d']);
    expect(cluster.events.get(2)).toContainEqual(
      expect.objectContaining({
        name: 'replica.isrChanged',
        fields: expect.objectContaining({ joined: [1], reason: 'caught up' }),
      }),
    );
  });
});

// The bytes of a consumer's bound, between brokers: pure first, then brokers of which one is silent.
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { afterEach, expect, test } from 'vitest';
import { type Reply, ScriptedBroker } from '../../test/scripted-broker.ts';
import { Consumer, type ConsumerOptions } from '../index.ts';
import { FetchRoom } from './fetch-room.ts';

const MIB = 1 << 20;
const room = (bytesMax: number, heldBytes = 0) =>
  new FetchRoom({ bytesMax, partitionBytesMax: MIB, requestBytesMax: 50 * MIB, heldBytes: () => heldBytes });

test.each([
  { name: 'its share', bytesMax: 30 * MIB, brokers: 3, partitions: 100, wants: 10 * MIB },
  { name: 'no more than its partitions may bring', bytesMax: 30 * MIB, brokers: 3, partitions: 2, wants: 2 * MIB },
  { name: 'all, when it is the only one', bytesMax: 30 * MIB, brokers: 1, partitions: 100, wants: 30 * MIB },
  { name: 'a partition’s worth, where shares are smaller', bytesMax: 2 * MIB, brokers: 9, partitions: 5, wants: MIB },
  { name: 'less than that, where there never is more', bytesMax: 1000, brokers: 1, partitions: 5, wants: 1000 },
])('what a first request may bring: $name', ({ bytesMax, brokers, partitions, wants }) => {
  const shared = room(bytesMax);
  expect(shared.roomFor(partitions, shared.shareOf(brokers))).toBe(wants);
});

test('what is under way, waits to be polled and is with handlers counts, and comes back', () => {
  const shared = room(10 * MIB, 2 * MIB);
  shared.reserve(1, 5 * MIB);
  shared.hold(2 * MIB);
  expect(shared.roomFor(9, 9 * MIB)).toBe(MIB);
  expect(shared.isFull).toBe(false);
  shared.hold(1);
  expect(shared.roomFor(9, 9 * MIB)).toBe(0);
  // What is only reserved is no reason to call the application slow.
  expect(shared.isFull).toBe(false);
  shared.free(1);
  expect(shared.roomFor(9, 9 * MIB)).toBe(6 * MIB - 1);
  shared.release(2 * MIB + 1);
  expect(shared.roomFor(9, 9 * MIB)).toBe(8 * MIB);
  expect([...shared.asked]).toEqual([]);
});

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const VERSIONS = {
  errorCode: 0,
  apiKeys: [
    { apiKey: 1, minVersion: 4, maxVersion: 11 },
    { apiKey: 2, minVersion: 1, maxVersion: 7 },
    { apiKey: 3, minVersion: 0, maxVersion: 12 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
  ],
};
const VALUE = Buffer.alloc(1000);

/** Broker i leads partition i - 1, which has records without end; `led` says which have a leader by now. */
async function brokers(
  count: number,
  o: { led: (partition: number) => boolean; fetch: (node: number) => Reply | undefined },
) {
  const started: ScriptedBroker[] = [];
  const asked: number[] = [];
  const topic = () => ({
    errorCode: 0,
    name: 't',
    isInternal: false,
    partitions: started.map((_, partitionIndex) => ({
      errorCode: 0,
      partitionIndex,
      leaderId: o.led(partitionIndex) ? partitionIndex + 1 : -1,
      leaderEpoch: 0,
      replicaNodes: [],
      isrNodes: [],
      offlineReplicas: [],
    })),
  });
  const reply = (node: number, api: string, body: Record<string, unknown>): Reply => {
    switch (api) {
      case 'ApiVersions':
        return VERSIONS;
      case 'Metadata':
        return {
          brokers: started.map(({ port }, i) => ({ nodeId: i + 1, host: '127.0.0.1', port, rack: null })),
          clusterId: 'c',
          controllerId: 1,
          topics: [topic()],
        };
      default: {
        const scripted = o.fetch(node);
        asked.push(node);
        if (scripted !== undefined) return scripted;
        const wish = (body.topics as { partitions: { fetchOffset: number }[] }[])[0]?.partitions[0];
        if (!wish) return { errorCode: 0, sessionId: 0, responses: [] };
        const records = writeBatch({
          baseOffset: wish.fetchOffset,
          leaderEpoch: 0,
          records: [{ key: null, value: VALUE, timestamp: 1 }],
        });
        const partition = {
          partitionIndex: node - 1,
          errorCode: 0,
          highWatermark: wish.fetchOffset + 1000,
          lastStableOffset: wish.fetchOffset + 1000,
          logStartOffset: 0,
          abortedTransactions: null,
          records,
        };
        return { errorCode: 0, sessionId: 0, responses: [{ topic: 't', partitions: [partition] }] };
      }
    }
  };
  for (let node = 1; node <= count; node++) {
    const broker = await ScriptedBroker.start(({ api, body }) => reply(node, api, body));
    stops.push(() => broker.stop());
    started.push(broker);
  }
  return { asked, bootstrap: `127.0.0.1:${started.at(-1)!.port}` };
}

function reader(bootstrapServers: string, count: number, options: ConsumerOptions<Buffer, Buffer>) {
  const consumer = new Consumer({ bootstrapServers, retryBackoffMs: 10, retryBackoffMaxMs: 20, ...options });
  stops.push(() => consumer.close());
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic: 't', partition }));
  consumer.assign(partitions);
  for (const where of partitions) consumer.seek(where, 0);
  return consumer;
}

test('a broker that does not answer leaves room to those that come to lead something later', async () => {
  let late = false;
  const cluster = await brokers(3, {
    led: (partition) => partition === 0 || late,
    // Answers to a connection keep their order: what is asked behind this fetch waits as well.
    fetch: (node) => (node === 1 ? new Promise(() => {}) : undefined),
  });
  const consumer = reader(cluster.bootstrap, 3, {
    maxPartitionFetchBytes: 10_000,
    fetchMaxBytes: 40_000,
    requestTimeoutMs: 600_000,
  });
  while (cluster.asked.length === 0) await consumer.poll(10);
  expect(cluster.asked).toEqual([1]);
  late = true;
  const seen = new Set<number>();
  while (seen.size < 2) for (const { partition } of await consumer.poll(100)) seen.add(partition);
  expect(seen).toEqual(new Set([1, 2]));
  expect(cluster.asked.filter((node) => node === 1)).toEqual([1]);
});

test('where the bound is one partition’s worth brokers take turns, whoever answers first', async () => {
  const cluster = await brokers(3, { led: () => true, fetch: () => undefined });
  const consumer = reader(cluster.bootstrap, 3, {
    maxPartitionFetchBytes: 5000,
    fetchMaxBytes: 5000,
    maxPollRecords: 1,
  });
  const counts = [0, 0, 0];
  while (counts.reduce((sum, count) => sum + count) < 90) {
    for (const { partition } of await consumer.poll(100)) counts[partition]!++;
  }
  expect(Math.min(...counts)).toBeGreaterThan(10);
});

// KIP-392: reading from the nearest replica, and back to the leader when that one will not do.
import { afterEach, expect, test } from 'vitest';
import { ScriptedCluster } from '../../test/scripted-cluster.ts';
import { Consumer, type ConsumerOptions } from '../index.ts';
import { isLeadersBusiness, named, routed } from './read-replica.ts';

test.each([
  { name: 'nobody named', replica: undefined, now: 0, known: true, to: 1 },
  { name: 'named', replica: { nodeId: 2, until: 10 }, now: 9, known: true, to: 2 },
  { name: 'the time is over', replica: { nodeId: 2, until: 10 }, now: 10, known: true, to: 1 },
  { name: 'it has left the cluster', replica: { nodeId: 2, until: 10 }, now: 9, known: false, to: 1 },
])('where to fetch from: $name', ({ replica, now, known, to }) => {
  const route = routed(replica, 1, now, () => known);
  expect(route.nodeId).toBe(to);
  expect(route.replica).toBe(to === 2 ? replica : undefined);
});

test('a leader that names itself, or nobody, stays the one', () => {
  expect(named(-1, 1, 0, 100)).toBeUndefined();
  expect(named(1, 1, 0, 100)).toBeUndefined();
  expect(named(2, 1, 5, 100)).toEqual({ nodeId: 2, until: 105 });
});

test('out of range is the leader’s to say', () => {
  expect(isLeadersBusiness({ nodeId: 2, until: 1 }, 2, 'OFFSET_OUT_OF_RANGE')).toBe(true);
  expect(isLeadersBusiness(undefined, 1, 'OFFSET_OUT_OF_RANGE')).toBe(false);
  expect(isLeadersBusiness({ nodeId: 2, until: 1 }, 2, 'NOT_LEADER_OR_FOLLOWER')).toBe(false);
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function near(options: Partial<ConsumerOptions<string, string>> = {}) {
  const brokers = await ScriptedCluster.start(2);
  stops.push(() => brokers.stop());
  brokers.nearest = 2;
  brokers.write(0, ['a', 'b']);
  const consumer = new Consumer<string, string>({
    bootstrapServers: brokers.bootstrap,
    clientRack: 'r1',
    autoOffsetReset: 'earliest',
    valueDeserializer: String,
    retryBackoffMs: 10,
    ...options,
  });
  stops.push(() => consumer.close());
  consumer.assign([{ topic: 't', partition: 0 }]);
  return { brokers, consumer };
}

async function values(consumer: Consumer<string, string>, count: number): Promise<(string | null)[]> {
  const seen: (string | null)[] = [];
  while (seen.length < count) seen.push(...(await consumer.poll(1000)).map(({ value }) => value));
  return seen;
}

test('the leader is asked once, then the replica it names', async () => {
  const { brokers, consumer } = await near();
  expect(await values(consumer, 2)).toEqual(['a', 'b']);
  brokers.write(0, ['c']);
  expect(await values(consumer, 1)).toEqual(['c']);
  expect(brokers.racks[0]).toBe('r1');
  expect(brokers.fetches.filter((fetch) => fetch.startsWith('1:'))).toEqual(['1:0']);
});

test('without client.rack nobody is sent anywhere', async () => {
  const { brokers, consumer } = await near({ clientRack: '' });
  expect(await values(consumer, 2)).toEqual(['a', 'b']);
  expect(brokers.fetches.every((fetch) => fetch.startsWith('1:'))).toBe(true);
});

test('after metadata.max.age.ms the leader is asked again', async () => {
  const { brokers, consumer } = await near({ metadataMaxAgeMs: 50 });
  while (brokers.fetches.filter((fetch) => fetch.startsWith('1:')).length < 3) await consumer.poll(20);
  expect(brokers.fetches.some((fetch) => fetch.startsWith('2:'))).toBe(true);
});

for (const error of [
  'OFFSET_OUT_OF_RANGE',
  'NOT_LEADER_OR_FOLLOWER',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
] as const) {
  test(`${error} from the replica sends the consumer back to the leader, and loses nothing`, async () => {
    const { brokers, consumer } = await near();
    expect(await values(consumer, 2)).toEqual(['a', 'b']);
    brokers.refusal = { node: 2, error };
    const before = brokers.fetches.length;
    // Nearest no more: else the leader would name it again.
    while (brokers.fetches.slice(before).every((fetch) => !fetch.startsWith('2:'))) await consumer.poll(10);
    brokers.nearest = undefined;
    brokers.write(0, ['c']);
    expect(await values(consumer, 1)).toEqual(['c']);
  });
}

test('a replica that cannot be reached: the leader serves, though it goes on naming it', async () => {
  const { brokers, consumer } = await near();
  expect(await values(consumer, 2)).toEqual(['a', 'b']);
  await brokers.brokers[1]!.stop();
  brokers.write(0, ['c'], [1]);
  expect(await values(consumer, 1)).toEqual(['c']);
});

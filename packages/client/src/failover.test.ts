// A cluster of three brokers loses the leader of everything while KafkaJS produces and consumes: nothing acknowledged is
// missing, the group goes on from its committed offsets at the next coordinator.
import { TestCluster } from '@moldau/broker/test/test-cluster';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start(3, { 'offsets.topic.num.partitions': '3', 'log.durability': 'fsync' });
});
afterAll(() => cluster?.stop());

test('KafkaJS loses its leader and its coordinator, and no record', async () => {
  const retry = { initialRetryTime: 20, maxRetryTime: 200, retries: 60 };
  const kafka = new Kafka({ brokers: cluster.bootstrap.split(','), logLevel: logLevel.NOTHING, retry });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    topics: [{ topic: 'orders', numPartitions: 3, replicationFactor: 3 }],
    waitForLeaders: true,
  });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry });
  await producer.connect();
  const consumer = kafka.consumer({ groupId: 'readers', sessionTimeout: 6_000, heartbeatInterval: 200, retry });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const seen = new Map<string, number>();
  await consumer.run({
    autoCommitInterval: 100,
    eachMessage: async ({ message }) => {
      const value = message.value!.toString();
      seen.set(value, (seen.get(value) ?? 0) + 1);
    },
  });
  const sent: string[] = [];
  const send = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const value = `v${sent.length}`;
      await producer.send({ topic: 'orders', acks: -1, messages: [{ key: value, value }] });
      sent.push(value);
    }
  };
  const allSeen = async () => {
    for (const end = Date.now() + 30_000; sent.some((value) => !seen.has(value)); ) {
      if (Date.now() > end) throw new Error(`not read: ${sent.filter((value) => !seen.has(value)).slice(0, 5)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await send(50);
  await allSeen();
  const offsets = cluster.image.topic('__consumer_offsets')!;
  expect(offsets.partitions[0]!.replicas).toHaveLength(3);
  const { leader } = cluster.image.partition('orders', 0)!;
  await cluster.crash(leader);
  await send(50);
  await allSeen();
  expect(cluster.image.partition('orders', 0)!.leader).not.toBe(leader);
  await consumer.disconnect();
  await producer.disconnect();
  const committed = await admin.fetchOffsets({ groupId: 'readers', topics: ['orders'] });
  const total = committed[0]!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  expect(total).toBe(100);
  // What an idempotent producer sent again is there once.
  const ends = await admin.fetchTopicOffsets('orders');
  expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(100);
  await admin.disconnect();
}, 90_000);

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
  // KafkaJS asks for the coordinator when it joins; a heartbeat goes to the one it knows, dead or not, until the retries
  // are used up and it joins again. A round of retries lasts as long as its longest fetch: few of both.
  const consumer = kafka.consumer({
    groupId: 'readers',
    sessionTimeout: 6_000,
    heartbeatInterval: 200,
    maxWaitTimeInMs: 200,
    retry: { ...retry, retries: 5 },
  });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const seen = new Map<string, number>();
  const acknowledged = new Map<number, number>();
  consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
    for (const { partitions } of payload.topics) {
      for (const { partition, offset } of partitions) acknowledged.set(Number(partition), Number(offset));
    }
  });
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
    for (const end = Date.now() + 60_000; sent.some((value) => !seen.has(value)); ) {
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
  // The next coordinator takes commits. KafkaJS commits with the batches it reads, and gives that up for a batch when the
  // heartbeat before it finds the old coordinator dead; then only a later batch brings the commit. So records go on.
  const committed = async () => {
    const [topic] = await admin.fetchOffsets({ groupId: 'readers', topics: ['orders'] });
    return new Map(topic!.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
  };
  const sum = (offsets: Map<number, number>) => [...offsets.values()].reduce((total, offset) => total + offset, 0);
  for (const end = Date.now() + 60_000; sum(acknowledged) < sent.length; ) {
    if (Date.now() > end) throw new Error(`committed ${sum(acknowledged)} of ${sent.length}`);
    if (seen.size === sent.length) await send(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await consumer.disconnect();
  await producer.disconnect();
  expect(await committed()).toEqual(acknowledged);
  // What an idempotent producer sent again is there once.
  const ends = await admin.fetchTopicOffsets('orders');
  expect(ends.reduce((total, { high }) => total + Number(high), 0)).toBe(sent.length);
  await admin.disconnect();
}, 150_000);

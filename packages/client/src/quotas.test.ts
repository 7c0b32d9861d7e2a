// Clients that a broker's quota holds back: slower, and nothing else. Each in its own way of fetching: ours in sessions,
// KafkaJS without.
import { TestBroker } from '@moldau/broker/test/test-broker';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Admin, Consumer, Producer } from './index.ts';

const count = 24;
let broker: TestBroker;
let bootstrapServers: string;
let admin: Admin;
beforeAll(async () => {
  broker = await TestBroker.start({ 'quota.window.num': '2' });
  const { host, port } = broker.endpoint;
  bootstrapServers = `${host}:${port}`;
  admin = new Admin({ bootstrapServers });
  await admin.createTopics([{ name: 'orders', numPartitions: 2 }]);
  const entity = { user: null };
  await admin.alterClientQuotas([{ entity, changes: { producer_byte_rate: 120_000, consumer_byte_rate: 120_000 } }]);
});
afterAll(async () => {
  await admin.close();
  await broker.stop();
});

test('our producer and consumer, and KafkaJS, write and read everything once past a quota', async () => {
  const producer = new Producer({ bootstrapServers, clientId: 'ours' });
  for (let i = 0; i < count; i++) await producer.send({ topic: 'orders', value: Buffer.alloc(8_000, i) });
  await producer.close();

  const ours = new Set<number>();
  const consumer = new Consumer({ bootstrapServers, groupId: 'ours', autoOffsetReset: 'earliest' });
  await consumer.subscribe(['orders']);
  for await (const record of consumer) {
    expect(ours.has(record.value![0]!)).toBe(false);
    ours.add(record.value![0]!);
    if (ours.size === count) break;
  }
  await consumer.close();

  const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.NOTHING });
  const reader = kafka.consumer({ groupId: 'kafkajs' });
  const theirs = new Set<number>();
  await reader.connect();
  await reader.subscribe({ topic: 'orders', fromBeginning: true });
  const all = new Promise<void>((resolve) => {
    void reader.run({
      eachMessage: async ({ message }) => {
        theirs.add(message.value![0]!);
        if (theirs.size === count) resolve();
      },
    });
  });
  await all;
  await reader.disconnect();
  expect([...theirs].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  // They were held back, or this showed nothing.
  expect(broker.broker.metrics.throttled.with('Fetch').value).toBeGreaterThan(0);
  expect(broker.broker.metrics.throttled.with('Produce').value).toBeGreaterThan(0);
}, 90_000);

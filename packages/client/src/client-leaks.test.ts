// What is closed is gone: no connection, no timer, and no memory that grows with every client that came and went.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Admin, Consumer, Producer } from './index.ts';
import { ProxiedBroker } from './test/proxied-broker.ts';

let broker: ProxiedBroker;
beforeAll(async () => {
  broker = await ProxiedBroker.start();
});
afterAll(async () => {
  await broker.stop();
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Timers of this process that would keep it alive. */
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

async function liveAndDie(topic: string, round: number): Promise<void> {
  const common = { bootstrapServers: broker.address, requestTimeoutMs: 5_000 };
  const producer = new Producer(common);
  await producer.send({ topic, value: Buffer.from(String(round)) });
  const consumer = new Consumer({ ...common, groupId: `${topic}-group`, autoOffsetReset: 'earliest' });
  consumer.subscribe(topic);
  while ((await consumer.poll(1_000)).length === 0);
  await consumer.commitSync();
  const admin = new Admin(common);
  await admin.describeTopics([topic]);
  await Promise.all([producer.close(), consumer.close(), admin.close()]);
}

test('confluent#150, #263, #272: thirty clients that came and went leave no connection, no timer and no memory behind', async () => {
  const topic = await broker.newTopic();
  // The first ones compile code and fill caches, which stays.
  for (let round = 0; round < 5; round++) await liveAndDie(topic, round);
  await expect.poll(() => broker.proxy.open).toBeLessThanOrEqual(1);
  const [connections, standing] = [broker.proxy.open, timers()];
  collect();
  const before = process.memoryUsage();
  for (let round = 0; round < 30; round++) await liveAndDie(topic, round);
  await expect.poll(() => broker.proxy.open).toBeLessThanOrEqual(connections);
  await expect.poll(timers).toBeLessThanOrEqual(standing + 1);
  collect();
  const after = process.memoryUsage();
  // A client that stays is a connection's buffers, a metadata picture, an accumulator: a hundred KiB and more for each of ninety.
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(6 << 20);
});

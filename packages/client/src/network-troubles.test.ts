// What other clients were blamed for on bad networks, against real brokers behind proxies that delay, cut and go silent:
// authentications in the midst of traffic, bootstrap servers that die, leaders that move.
import { TestCluster } from '@moldau/broker/test/test-cluster';
import { afterEach, expect, test } from 'vitest';
import { Admin, Consumer, type ConsumerOptions, KafkaError, Producer } from './index.ts';
import { ProxiedBroker } from './test/proxied-broker.ts';
import { SaslGate } from './test/sasl-gate.ts';
import { TcpProxy } from './test/tcp-proxy.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
/** Impatient, so that what is dead without saying so is given up soon. */
const hasty = { requestTimeoutMs: 1000, retryBackoffMs: 20, retryBackoffMaxMs: 100, reconnectBackoffMs: 10 };

function writer(options: object): Producer {
  const producer = new Producer({ ...hasty, ...options });
  stops.push(() => producer.close({ timeoutMs: 0 }));
  return producer;
}

function reader(options: Partial<ConsumerOptions<string, string>>): Consumer<string, string> {
  const consumer = new Consumer<string, string>({
    ...hasty,
    fetchMaxWaitMs: 100,
    autoOffsetReset: 'earliest',
    valueDeserializer: String,
    ...options,
  });
  stops.push(() => consumer.close({ timeoutMs: 1000 }));
  return consumer;
}

/** What comes until `count` different values have come, in the order it came. */
async function numbers(consumer: Consumer<string, string>, count: number): Promise<number[]> {
  const seen: number[] = [];
  const different = new Set<number>();
  while (different.size < count) {
    for (const { value } of await consumer.poll(200)) {
      seen.push(Number(value));
      different.add(Number(value));
    }
  }
  return seen;
}

async function proxyTo(target: TcpProxy['target']): Promise<TcpProxy> {
  const proxy = await TcpProxy.start();
  proxy.target = target;
  stops.push(() => proxy.close());
  return proxy;
}

for (const [how, harm] of [
  ['slow', () => {}],
  ['cut', (proxy: TcpProxy) => proxy.cut()],
  ['half-open', (proxy: TcpProxy) => proxy.halfOpen()],
] as const) {
  test(`platformatic#226: sessions end in the midst of traffic on links that are ${how}: nothing waits for ever, nothing is lost`, async () => {
    const broker = await ProxiedBroker.start();
    stops.push(() => broker.stop());
    const topic = await broker.newTopic();
    const slow = await proxyTo(broker.proxy.target);
    slow.delayMs = 20;
    const gate = await SaslGate.start({ host: '127.0.0.1', port: slow.port }, 600);
    stops.push(() => gate.stop());
    broker.proxy.cut();
    broker.proxy.target = { host: '127.0.0.1', port: gate.port };
    broker.proxy.delayMs = 10;
    const common = {
      bootstrapServers: broker.address,
      sasl: { mechanism: 'plain', username: 'u', password: 'p' } as const,
    };
    const producer = writer(common);
    const consumer = reader(common);
    consumer.assign([{ topic, partition: 0 }]);
    const sent: Promise<unknown>[] = [];
    // Harmed in the middle of an authentication, whenever one has requests before it.
    for (let harmed = 0; harmed < 2; ) {
      const sending = producer.send({ topic, partition: 0, value: String(sent.length) });
      sending.catch(() => {});
      sent.push(sending);
      await pause(5);
      if (gate.againBehindOthers === harmed) continue;
      harmed = gate.againBehindOthers;
      harm(broker.proxy);
    }
    await Promise.all(sent);
    const seen = await numbers(consumer, sent.length);
    expect(seen).toEqual(upTo(sent.length));
    expect(gate.again).toBeGreaterThanOrEqual(2);
  }, 60_000);
}

test('platformatic#232: of two bootstrap servers one accepts and never answers: the other serves', async () => {
  const broker = await ProxiedBroker.start();
  stops.push(() => broker.stop());
  const topic = await broker.newTopic();
  const deaf = await proxyTo(broker.proxy.target);
  deaf.silent = true;
  const producer = writer({ bootstrapServers: `127.0.0.1:${deaf.port},${broker.address}` });
  await Promise.all(upTo(10).map((i) => producer.send({ topic, partition: 0, value: String(i) })));
  const consumer = reader({ bootstrapServers: `127.0.0.1:${deaf.port},${broker.address}`, groupId: 'g' });
  consumer.subscribe(topic);
  expect(await numbers(consumer, 10)).toEqual(upTo(10));
});

for (const [how, harm] of [
  ['is cut off', (proxy: TcpProxy) => proxy.cut()],
  ['goes silent', (proxy: TcpProxy) => proxy.halfOpen()],
] as const) {
  test(`platformatic#232: the bootstrap server ${how} for good, and metadata is still refreshed`, async () => {
    const broker = await ProxiedBroker.start();
    stops.push(() => broker.stop());
    const topic = await broker.newTopic();
    const bootstrap = await proxyTo(broker.proxy.target);
    const bootstrapServers = `127.0.0.1:${bootstrap.port}`;
    const producer = writer({ bootstrapServers, metadataMaxAgeMs: 200 });
    const consumer = reader({ bootstrapServers, groupId: 'g', metadataMaxAgeMs: 200 });
    consumer.subscribe(/^topic-/);
    await producer.send({ topic, partition: 0, value: '0' });
    expect(await numbers(consumer, 1)).toEqual([0]);
    harm(bootstrap);
    bootstrap.refusing = true;
    // Only metadata tells of it.
    const later = await broker.newTopic();
    await producer.send({ topic: later, partition: 0, value: '1' });
    expect(await numbers(consumer, 1)).toEqual([1]);
  });
}

test('platformatic#232: the broker moves while links are dead: its bootstrap server tells where to', async () => {
  const broker = await ProxiedBroker.start();
  stops.push(() => broker.stop());
  const topic = await broker.newTopic();
  const bootstrap = await proxyTo(broker.proxy.target);
  const bootstrapServers = `127.0.0.1:${bootstrap.port}`;
  const producer = writer({ bootstrapServers });
  const consumer = reader({ bootstrapServers, groupId: 'g', sessionTimeoutMs: 6000, heartbeatIntervalMs: 100 });
  consumer.subscribe(topic);
  await producer.send({ topic, partition: 0, value: '0' });
  expect(await numbers(consumer, 1)).toEqual([0]);
  broker.proxy.halfOpen();
  bootstrap.halfOpen();
  await broker.move();
  await Promise.all(upTo(10).map((i) => producer.send({ topic, partition: 0, value: String(i + 1) })));
  const seen = await numbers(consumer, 10);
  expect([...new Set(seen)].filter((value) => value > 0)).toEqual(upTo(10).map((i) => i + 1));
});

test('platformatic#248, #267: leaders move and come back over slow links that are cut: no position goes back, nothing is read twice or skipped', async () => {
  const proxies = await Promise.all([1, 2, 3].map(() => proxyTo(undefined)));
  const settings = { 'offsets.topic.num.partitions': '1', 'min.insync.replicas': '2' };
  const cluster = await TestCluster.start(3, settings, (id) => ({
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${proxies[id - 1]!.port}`,
  }));
  stops.push(() => cluster.stop());
  for (const [index, proxy] of proxies.entries()) {
    proxy.target = cluster.broker(index + 1).endpoint;
    proxy.delayMs = 10;
  }
  const bootstrapServers = proxies.map(({ port }) => `127.0.0.1:${port}`).join();
  const admin = new Admin({ ...hasty, requestTimeoutMs: 10_000, bootstrapServers });
  stops.push(() => admin.close());
  const created = (await admin.createTopics([{ name: 't', assignments: [[1, 2, 3]] }])).get('t');
  if (created instanceof KafkaError) throw created;
  const producer = writer({ bootstrapServers, requestTimeoutMs: 5000 });
  const consumer = reader({ bootstrapServers, requestTimeoutMs: 5000 });
  const told: unknown[] = [];
  consumer.on('truncated', (event) => told.push(event));
  consumer.assign([{ topic: 't', partition: 0 }]);
  let sent = 0;
  const seen: number[] = [];
  const leaders: number[] = [];
  for (let round = 0; round < 4; round++) {
    const { leader } = cluster.image.partition('t', 0)!;
    leaders.push(leader);
    const sends = upTo(50).map(() => producer.send({ topic: 't', partition: 0, value: String(sent++) }));
    await pause(20);
    // In the midst of it: the store takes the leader for dead, though it lives and answers; it comes back by itself.
    await cluster.expire(leader);
    proxies[leader - 1]!.cut();
    await Promise.all(sends);
    seen.push(...(await numbers(consumer, 50)));
    await expect.poll(() => cluster.image.partition('t', 0)!.isr.length, { timeout: 30_000 }).toBe(3);
  }
  expect(seen).toEqual(upTo(200));
  expect(new Set(leaders).size).toBeGreaterThan(1);
  expect(told).toEqual([]);
}, 60_000);

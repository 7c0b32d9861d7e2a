// Producer, Consumer and Admin together, against a broker in this process. What concerns a real Apache Kafka as well is
// in packages/conformance.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@moldau/broker';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Admin, Consumer, type ConsumerOptions, KafkaError, Producer, type TopicPartition } from './index.ts';

let broker: Broker;
let directory: string;
let bootstrapServers: string;
let admin: Admin;
let topics = 0;

async function startBroker(port: number): Promise<void> {
  const { config } = readBrokerConfig({
    overrides: [
      `listeners=PLAINTEXT://127.0.0.1:${port}`,
      `log.dirs=${directory}`,
      'group.initial.rebalance.delay.ms=0',
      'offsets.topic.num.partitions=1',
    ],
  });
  broker = await Broker.start({ ports: nodePorts, config, hostName: 'localhost' });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-client-'));
  await startBroker(0);
  bootstrapServers = `127.0.0.1:${broker.endpoints[0]!.port}`;
  admin = new Admin({ bootstrapServers });
});

afterAll(async () => {
  await admin.close();
  await broker.stop('the tests are over');
  rmSync(directory, { recursive: true, force: true });
});

async function newTopic(numPartitions = 1): Promise<string> {
  const name = `topic-${++topics}`;
  const outcome = (await admin.createTopics([{ name, numPartitions }])).get(name);
  if (outcome instanceof KafkaError) throw outcome;
  return name;
}

const text = { keyDeserializer: String, valueDeserializer: String };
const reader = (options: Partial<ConsumerOptions<string, string>> = {}) =>
  new Consumer<string, string>({ bootstrapServers, autoOffsetReset: 'earliest', ...text, ...options });

async function pollUntil(consumer: Consumer<string, string>, count: number) {
  const records = [];
  while (records.length < count) records.push(...(await consumer.poll(5000)));
  return records;
}

for (const compressionType of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  test(`${compressionType}: keys, values, nulls, headers and times come back as they went`, async () => {
    const topic = await newTopic();
    const producer = new Producer({ bootstrapServers, compressionType });
    const sent = Array.from({ length: 200 }, (_, i) => ({
      topic,
      key: i % 3 === 0 ? null : `key-${i}`,
      value: i % 7 === 0 ? null : `value ${i} `.repeat(i % 20),
      timestamp: 1_700_000_000_000 + i,
      headers: [
        { key: 'n', value: String(i) },
        { key: 'none', value: null },
      ],
    }));
    const metadata = await Promise.all(sent.map((record) => producer.send(record)));
    expect(metadata.map(({ offset }) => offset)).toEqual(sent.map((_, i) => i));
    await producer.close();

    const consumer = reader();
    consumer.assign([{ topic, partition: 0 }]);
    consumer.seekToBeginning();
    const records = await pollUntil(consumer, 200);
    await consumer.close();
    expect(
      records.map(({ key, value, timestamp, headers }) => ({
        key,
        value,
        timestamp,
        headers: headers.map((header) => [header.key, header.value?.toString() ?? null]),
      })),
    ).toEqual(
      sent.map(({ key, value, timestamp }, i) => ({
        key,
        value,
        timestamp,
        headers: [
          ['n', String(i)],
          ['none', null],
        ],
      })),
    );
  });
}

test('order within a partition is the order of calls, and keys keep their partition', async () => {
  const topic = await newTopic(4);
  const producer = new Producer({ bootstrapServers, batchSize: 500, lingerMs: 0 });
  const partitions = new Map<string, number>();
  await Promise.all(
    Array.from({ length: 2000 }, async (_, i) => {
      const key = `key-${i % 13}`;
      const { partition } = await producer.send({ topic, key, value: String(i) });
      expect(partitions.get(key) ?? partition).toBe(partition);
      partitions.set(key, partition);
    }),
  );
  await producer.close();
  const consumer = reader({ groupId: `${topic}-group` });
  consumer.subscribe(topic);
  const last = new Map<string, number>();
  for (const { key, value } of await pollUntil(consumer, 2000)) {
    expect(Number(value)).toBeGreaterThan(last.get(key!) ?? -1);
    last.set(key!, Number(value));
  }
  await consumer.close();
});

test('pushing without promises: the buffer tells when to wait, flush and close lose nothing', async () => {
  const topic = await newTopic(2);
  const producer = new Producer({ bootstrapServers, bufferMemory: 50_000, acks: 1 });
  let delivered = 0;
  let waits = 0;
  for (let i = 0; i < 3000; i++) {
    const room = producer.push({ topic, value: Buffer.alloc(100) }, (error) => {
      expect(error).toBeUndefined();
      delivered++;
    });
    if (!room) {
      waits++;
      await producer.whenWritable();
    }
  }
  expect(waits).toBeGreaterThan(0);
  await producer.flush();
  expect(delivered).toBe(3000);
  producer.push({ topic, value: 'last' }, () => delivered++);
  await producer.close();
  expect(delivered).toBe(3001);
  expect(() => producer.push({ topic, value: 'late' })).toThrow(KafkaError);
});

test('bad records are refused one by one, and others go on', async () => {
  const topic = await newTopic();
  const producer = new Producer({ bootstrapServers, maxBlockMs: 300 });
  const error = (promise: Promise<unknown>) => promise.catch((thrown: KafkaError) => thrown.error);
  expect(await error(producer.send({ topic, value: 'x'.repeat(2_000_000) }))).toBe('MESSAGE_TOO_LARGE');
  expect(await error(producer.send({ topic: 'not a name!', value: 'x' }))).toBe('INVALID_TOPIC_EXCEPTION');
  expect(await error(producer.send({ topic, value: 'x', partition: 9 }))).toBe('UNKNOWN_TOPIC_OR_PARTITION');
  expect(await error(producer.send({ topic, value: 5 as never }))).toBe('SERIALIZATION');
  expect((await producer.send({ topic, value: 'fine' })).offset).toBe(0);
  await producer.close();
});

test('a batch that the broker finds too large is sent in parts', async () => {
  const topic = await newTopic();
  await admin.incrementalAlterConfigs([
    { type: 'topic', name: topic, changes: [{ name: 'max.message.bytes', operation: 'SET', value: '2000' }] },
  ]);
  const producer = new Producer({ bootstrapServers, batchSize: 16_000, lingerMs: 20 });
  const offsets = await Promise.all(
    Array.from({ length: 100 }, (_, i) => producer.send({ topic, value: `${i}`.padEnd(100) })),
  );
  expect(offsets.map(({ offset }) => offset)).toEqual(offsets.map((_, i) => i));
  await producer.close();
});

test('a group shares partitions, gives them back when a member leaves, and goes on from its commits', async () => {
  const topic = await newTopic(3);
  const groupId = `${topic}-group`;
  const producer = new Producer({ bootstrapServers });
  const fill = (from: number) =>
    Promise.all(
      Array.from({ length: 30 }, (_, i) => producer.send({ topic, partition: i % 3, value: String(from + i) })),
    );
  await fill(0);
  const owned: { one: readonly TopicPartition[]; two: readonly TopicPartition[] } = { one: [], two: [] };
  const one = reader({ groupId, heartbeatIntervalMs: 50 });
  one.subscribe(topic, {
    onPartitionsAssigned: (partitions) => {
      owned.one = partitions;
    },
  });
  expect((await pollUntil(one, 30)).length).toBe(30);
  await one.commitSync();

  const two = reader({ groupId, heartbeatIntervalMs: 50 });
  two.subscribe(topic, {
    onPartitionsAssigned: (partitions) => {
      owned.two = partitions;
    },
  });
  while (owned.two.length === 0 || owned.one.length === 3) await Promise.all([one.poll(100), two.poll(100)]);
  expect(owned.one.length + owned.two.length).toBe(3);
  await fill(100);
  const seen = new Set<string>();
  while (seen.size < 30) {
    for (const records of await Promise.all([one.poll(100), two.poll(100)])) {
      for (const { value } of records) {
        expect(seen.has(value!)).toBe(false);
        seen.add(value!);
      }
    }
  }
  await two.close();
  while (owned.one.length < 3) await one.poll(100);
  await fill(200);
  expect((await pollUntil(one, 30)).map(({ value }) => Number(value)).every((value) => value >= 200)).toBe(true);
  await one.close();
  const [described] = [...(await admin.describeConsumerGroups([groupId])).values()];
  expect(described).toMatchObject({ state: 'Empty' });
  const committed = await admin.listConsumerGroupOffsets(groupId);
  expect(committed.reduce((sum, { offset }) => sum + offset, 0)).toBe(90);
  await producer.close();
});

test('for await: what the loop has not come back from is not committed, what it left is read again', async () => {
  const topic = await newTopic();
  const groupId = `${topic}-group`;
  const producer = new Producer({ bootstrapServers });
  await Promise.all(Array.from({ length: 20 }, (_, i) => producer.send({ topic, value: String(i) })));
  await producer.close();
  const consumer = reader({ groupId, enableAutoCommit: false });
  consumer.subscribe(topic);
  const seen: string[] = [];
  for await (const { value } of consumer) {
    seen.push(value!);
    if (seen.length === 5) {
      await consumer.commitSync();
      break;
    }
  }
  expect(await consumer.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 5 }]);
  for await (const { value } of consumer) {
    seen.push(value!);
    if (seen.length === 20) break;
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  await consumer.close();
});

test('seek, pause, resume, position, lag, ends and times', async () => {
  const topic = await newTopic();
  const where = { topic, partition: 0 };
  const producer = new Producer({ bootstrapServers });
  for (let i = 0; i < 10; i++) producer.push({ topic, value: String(i), timestamp: 1000 + i * 10 });
  await producer.close();
  const consumer = reader();
  consumer.assign([where]);
  consumer.seek(where, 7);
  expect((await pollUntil(consumer, 3)).map(({ offset }) => offset)).toEqual([7, 8, 9]);
  expect(await consumer.position(where)).toBe(10);
  expect(consumer.currentLag(where)).toBe(0);
  consumer.pause([where]);
  consumer.seekToBeginning();
  expect(await consumer.poll(100)).toEqual([]);
  expect(consumer.paused()).toEqual([where]);
  consumer.resume([where]);
  expect((await pollUntil(consumer, 10)).length).toBe(10);
  expect(await consumer.beginningOffsets([where])).toEqual([{ ...where, offset: 0 }]);
  expect(await consumer.endOffsets([where])).toEqual([{ ...where, offset: 10 }]);
  expect(await consumer.offsetsForTimes([{ ...where, timestamp: 1035 }])).toMatchObject([
    { offset: 4, timestamp: 1040 },
  ]);
  expect(await consumer.offsetsForTimes([{ ...where, timestamp: 9999 }])).toEqual([undefined]);
  await consumer.close();
});

test('out of range: reset by policy, or an error that says where', async () => {
  const topic = await newTopic();
  const where = { topic, partition: 0 };
  const producer = new Producer({ bootstrapServers });
  await producer.send({ topic, value: 'only' });
  await producer.close();
  const strict = reader({ autoOffsetReset: 'none' });
  strict.assign([where]);
  strict.seek(where, 500);
  await expect(strict.poll(5000)).rejects.toMatchObject({ error: 'OFFSET_OUT_OF_RANGE', offset: 500 });
  await strict.close();
  const lenient = reader({ autoOffsetReset: 'earliest' });
  lenient.assign([where]);
  lenient.seek(where, 500);
  expect((await pollUntil(lenient, 1))[0]?.value).toBe('only');
  await lenient.close();
});

test('reset by duration: from that long ago, or from the end where nothing is that young', async () => {
  const topic = await newTopic(2);
  const producer = new Producer({ bootstrapServers });
  const now = Date.now();
  for (const [partition, agesMs] of [
    [0, [7_200_000, 7_100_000, 60_000]],
    [1, [7_200_000]],
  ] as const) {
    for (const ageMs of agesMs) await producer.send({ topic, partition, value: 'x', timestamp: now - ageMs });
  }
  await producer.close();
  const consumer = reader({ autoOffsetReset: 'by_duration:PT1H' });
  const [zero, one] = [0, 1].map((partition) => ({ topic, partition }));
  consumer.assign([zero!, one!]);
  expect(await consumer.position(zero!)).toBe(2);
  expect(await consumer.position(one!)).toBe(1);
  await consumer.close();
});

test('a record that cannot be deserialized is told with its place; past it reading goes on', async () => {
  const topic = await newTopic();
  const where = { topic, partition: 0 };
  const producer = new Producer({ bootstrapServers });
  await Promise.all(['{"a":1}', 'poison', '{"a":2}'].map((value) => producer.send({ topic, value })));
  await producer.close();
  const consumer = new Consumer({
    bootstrapServers,
    autoOffsetReset: 'earliest',
    valueDeserializer: (bytes) => JSON.parse(bytes.toString()) as { a: number },
  });
  consumer.assign([where]);
  consumer.seekToBeginning();
  expect((await consumer.poll(5000)).map(({ value }) => value?.a)).toEqual([1]);
  for (let i = 0; i < 2; i++) {
    await expect(consumer.poll(5000)).rejects.toMatchObject({ error: 'SERIALIZATION', offset: 1, topic });
  }
  consumer.seek(where, 2);
  expect((await consumer.poll(5000)).map(({ value }) => value?.a)).toEqual([2]);
  await consumer.close();
});

test('a pattern takes in topics that come later', async () => {
  const first = await newTopic();
  const consumer = reader({ groupId: `${first}-pattern`, metadataMaxAgeMs: 50, heartbeatIntervalMs: 50 });
  consumer.subscribe(new RegExp(`^${first}(-late)?$`));
  while (consumer.assignment().length < 1) await consumer.poll(100);
  await admin.createTopics([{ name: `${first}-late`, numPartitions: 1 }]);
  while (consumer.assignment().length < 2) await consumer.poll(100);
  expect(consumer.subscription()).toEqual([first, `${first}-late`]);
  await consumer.close();
});

test('wakeup ends a poll; misuse is told', async () => {
  const topic = await newTopic();
  const consumer = reader();
  await expect(consumer.poll(10)).rejects.toMatchObject({ error: 'ILLEGAL_STATE' });
  expect(() => consumer.subscribe(topic)).toThrow('needs a group');
  consumer.assign([{ topic, partition: 0 }]);
  const polling = consumer.poll(60_000);
  await expect(consumer.poll(10)).rejects.toThrow('one reader');
  consumer.wakeup();
  await expect(polling).rejects.toMatchObject({ error: 'WAKEUP' });
  await consumer.close();
  await expect(consumer.poll(10)).rejects.toMatchObject({ error: 'CLIENT_CLOSED' });
});

test('a broker that restarts in the middle: nothing lost, nothing twice, nothing out of order, no call fails', async () => {
  const topic = await newTopic(2);
  const producer = new Producer({ bootstrapServers, lingerMs: 1, batchSize: 2000 });
  const consumer = reader({ groupId: `${topic}-group`, heartbeatIntervalMs: 50 });
  consumer.subscribe(topic);
  const count = 6000;
  const port = broker.endpoints[0]!.port;
  const sending = (async () => {
    const acks = [];
    for (let i = 0; i < count; i++) {
      acks.push(producer.send({ topic, partition: i % 2, value: String(i) }));
      if (i === 2000 || i === 4000) {
        await broker.stop('to be started again');
        await startBroker(port);
      }
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(acks);
  })();
  const seen: [number[], number[]] = [[], []];
  while (seen[0].length + seen[1].length < count) {
    for (const { partition, value } of await consumer.poll(500)) seen[partition as 0 | 1].push(Number(value));
  }
  await sending;
  const all = Array.from({ length: count }, (_, i) => i);
  expect(seen[0]).toEqual(all.filter((i) => i % 2 === 0));
  expect(seen[1]).toEqual(all.filter((i) => i % 2 === 1));
  await producer.close();
  await consumer.close();
});

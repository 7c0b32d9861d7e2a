// eachMessage, eachBatch and batches against a broker in this process.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Consumer, type ConsumerOptions, Producer, serdes } from '../index.ts';
import { ProxiedBroker } from '../test/proxied-broker.ts';

let broker: ProxiedBroker;

beforeAll(async () => {
  broker = await ProxiedBroker.start();
});

afterAll(async () => {
  await broker.stop();
});

const typed = { keySerializer: serdes.string.serializer, valueSerializer: serdes.int32.serializer };
const reader = (options: Partial<ConsumerOptions<string, number>> = {}) =>
  new Consumer<string, number>({
    bootstrapServers: broker.address,
    autoOffsetReset: 'earliest',
    enableAutoCommit: false,
    heartbeatIntervalMs: 50,
    keyDeserializer: serdes.string.deserializer,
    valueDeserializer: serdes.int32.deserializer,
    ...options,
  });

async function fill(topic: string, count: number, partitions: number, keys = 5): Promise<void> {
  const producer = new Producer<string, number>({ bootstrapServers: broker.address, ...typed });
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      producer.send({ topic, partition: i % partitions, key: `k${Math.floor(i / partitions) % keys}`, value: i }),
    ),
  );
  await producer.close();
}

const inOrder = (seen: readonly number[]) => [...seen].sort((a, b) => a - b);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('one at a time by default; what is committed is what came back', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 50, 1);
  const consumer = reader({ groupId: `${topic}-group` });
  consumer.subscribe(topic);
  const seen: number[] = [];
  const stop = new AbortController();
  let atWork = 0;
  await consumer.eachMessage(
    async ({ value }) => {
      expect(++atWork).toBe(1);
      await Promise.resolve();
      atWork--;
      seen.push(value!);
      if (value === 19) stop.abort();
    },
    { signal: stop.signal },
  );
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  await consumer.commitSync();
  expect(await consumer.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 20 }]);
  // What the loop did not come to is read by the next one.
  expect((await consumer.poll(5000))[0]?.value).toBe(20);
  await consumer.close();
});

test('by key: calls overlap, each key keeps its order, a commit never passes what is still at work', async () => {
  const topic = await broker.newTopic(2);
  await fill(topic, 60, 2);
  const consumer = reader({ groupId: `${topic}-group` });
  consumer.subscribe(topic);
  const byKey = new Map<string, number[]>();
  let atWork = 0;
  let most = 0;
  let done = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const stop = new AbortController();
  const running = consumer.eachMessage(
    async ({ partition, offset, key, value }) => {
      most = Math.max(most, ++atWork);
      if (partition === 0 && offset === 2) await held;
      else await pause(value! % 4);
      atWork--;
      const order = byKey.get(`${partition} ${key}`) ?? [];
      byKey.set(`${partition} ${key}`, order);
      order.push(offset);
      done++;
    },
    { concurrency: 8, orderedBy: 'key', signal: stop.signal },
  );
  // All but the held record and the five behind it under the same key.
  while (done < 54) await pause(10);
  await consumer.commitSync();
  expect(await consumer.committed([0, 1].map((partition) => ({ topic, partition })))).toMatchObject([
    { offset: 2 },
    { offset: 30 },
  ]);
  release();
  while (done < 60) await pause(10);
  await consumer.commitSync();
  expect(await consumer.committed([{ topic, partition: 0 }])).toMatchObject([{ offset: 30 }]);
  stop.abort();
  await running;
  await consumer.close();
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(8);
  for (const order of byKey.values()) expect(order).toEqual([...order].sort((a, b) => a - b));
});

test('a handler that fails ends the loop with its error; its record is read again', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 10, 1);
  const consumer = reader();
  consumer.assign([{ topic, partition: 0 }]);
  consumer.seekToBeginning();
  const failing = consumer.eachMessage(({ value }) => {
    if (value === 4) throw new Error('no good');
  });
  await expect(failing).rejects.toThrow('no good');
  expect((await consumer.poll(5000)).map(({ value }) => value)).toEqual([4, 5, 6, 7, 8, 9]);
  await consumer.close();
});

for (const orderedBy of ['partition', 'key'] as const)
  test(`a record that cannot be read ends the loop only after the calls for what came before it (by ${orderedBy})`, async () => {
    const topic = await broker.newTopic();
    await fill(topic, 20, 1);
    const consumer = reader({
      valueDeserializer: (bytes, about) => {
        const value = serdes.int32.deserializer(bytes, about);
        if (value === 10) throw new Error('poison');
        return value;
      },
    });
    consumer.assign([{ topic, partition: 0 }]);
    consumer.seekToBeginning();
    const seen: number[] = [];
    const stop = new AbortController();
    const each = () =>
      consumer.eachMessage(
        async ({ value }) => {
          // Long enough that the loop has met the unreadable record while calls for earlier ones still wait.
          await pause(5);
          seen.push(value!);
          if (seen.length === 19) stop.abort();
        },
        { signal: stop.signal, orderedBy },
      );
    await expect(each()).rejects.toMatchObject({ error: 'SERIALIZATION', topic, partition: 0, offset: 10 });
    expect(inOrder(seen)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(await consumer.position({ topic, partition: 0 })).toBe(10);
    // What the docs advise: step over it. Nothing else may be lost by that.
    consumer.seek({ topic, partition: 0 }, 11);
    await each();
    expect(inOrder(seen)).toEqual(Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 10));
    await consumer.close();
  });

for (const how of ['fails', 'aborts'] as const)
  test(`a handler that ${how} before an unreadable record is what the loop tells; the record is met again`, async () => {
    const topic = await broker.newTopic();
    await fill(topic, 10, 1);
    const consumer = reader({
      valueDeserializer: (bytes, about) => {
        const value = serdes.int32.deserializer(bytes, about);
        if (value === 5) throw new Error('poison');
        return value;
      },
    });
    consumer.assign([{ topic, partition: 0 }]);
    consumer.seekToBeginning();
    const stop = new AbortController();
    const reading = consumer.eachMessage(
      async ({ value }) => {
        await pause(5);
        if (value !== 3) return;
        if (how === 'fails') throw new Error('no');
        stop.abort();
      },
      { signal: stop.signal },
    );
    if (how === 'fails') await expect(reading).rejects.toThrow('no');
    else await reading;
    const at = how === 'fails' ? 3 : 4;
    expect(await consumer.position({ topic, partition: 0 })).toBe(at);
    const again: number[] = [];
    const rest = consumer.eachMessage(({ value }) => void again.push(value!));
    await expect(rest).rejects.toMatchObject({ error: 'SERIALIZATION', offset: 5 });
    expect(again).toEqual(how === 'fails' ? [3, 4] : [4]);
    await consumer.close();
  });

test('partitions leave only when the calls for them are done, and nothing is handled twice', async () => {
  const topic = await broker.newTopic(4);
  await fill(topic, 80, 4);
  const seen: number[] = [];
  const join = () => {
    const consumer = reader({
      groupId: `${topic}-group`,
      enableAutoCommit: true,
      partitionAssignmentStrategy: 'cooperative-sticky',
    });
    consumer.subscribe(topic);
    const running = consumer.eachMessage(
      async ({ value }) => {
        await pause(20);
        seen.push(value!);
      },
      { concurrency: 4 },
    );
    return async () => {
      await consumer.close();
      await running;
    };
  };
  const one = join();
  while (seen.length < 10) await pause(5);
  const two = join();
  while (seen.length < 50) await pause(5);
  await two();
  while (seen.length < 80) await pause(5);
  await one();
  expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
});

test('batches: by for await and by eachBatch, each of one partition, in order', async () => {
  const topic = await broker.newTopic(2);
  await fill(topic, 40, 2);
  const consumer = reader({ groupId: `${topic}-group` });
  consumer.subscribe(topic);
  const seen: number[][] = [[], []];
  for await (const { partition, records, highWatermark } of consumer.batches()) {
    expect(records.every((record) => record.partition === partition)).toBe(true);
    expect(highWatermark).toBe(20);
    seen[partition]!.push(...records.map(({ offset }) => offset));
    await consumer.commitSync();
    if (seen[0]!.length === 20 && seen[1]!.length === 20) break;
  }
  expect(seen).toEqual([0, 1].map(() => Array.from({ length: 20 }, (_, i) => i)));
  expect(await consumer.committed([0, 1].map((partition) => ({ topic, partition })))).toMatchObject([
    { offset: 20 },
    { offset: 20 },
  ]);
  consumer.seekToBeginning();
  const stop = new AbortController();
  let count = 0;
  await consumer.eachBatch(
    async ({ records }) => {
      await pause(1);
      count += records.length;
      if (count === 40) stop.abort();
    },
    { concurrency: 2, signal: stop.signal },
  );
  expect(count).toBe(40);
  await consumer.close();
});

test('interceptors see what goes and comes, a failing one harms nobody; metrics count', async () => {
  const topic = await broker.newTopic();
  const acknowledged: (string | number)[] = [];
  const producer = new Producer<string, number>({
    bootstrapServers: broker.address,
    ...typed,
    interceptors: [
      { onSend: (record) => ({ ...record, value: record.value! + 1 }) },
      {
        onSend: () => {
          throw new Error('not today');
        },
        onAcknowledgement: (error, metadata) => acknowledged.push(error?.error ?? metadata!.offset),
      },
    ],
  });
  await producer.send({ topic, value: 1 });
  await producer.send({ topic, value: 2 });
  await producer.send({ topic, value: 0.5 }).catch(() => {});
  expect(acknowledged).toEqual([0, 1, 'SERIALIZATION']);
  expect(producer.metrics()).toMatchObject({ 'record-send-total': 2, 'record-error-total': 0, 'buffer-used-bytes': 0 });
  await producer.close();
  const commits: number[] = [];
  const consumer = reader({
    groupId: `${topic}-group`,
    interceptors: [
      {
        onConsume: (records) => records.filter(({ value }) => value !== 2),
        onCommit: (offsets) => commits.push(...offsets.map(({ offset }) => offset)),
      },
    ],
  });
  consumer.assign([{ topic, partition: 0 }]);
  const seen: (number | null)[] = [];
  while (seen.length < 1) seen.push(...(await consumer.poll(1000)).map(({ value }) => value));
  await consumer.commitSync();
  expect(seen).toEqual([3]);
  expect(commits).toEqual([2]);
  expect(consumer.metrics()).toMatchObject({
    'records-consumed-total': 2,
    'bytes-consumed-total': 8,
    'commit-total': 1,
    'records-lag-max': 0,
    'assigned-partitions': 1,
  });
  await consumer.close();
});

test('one reader at a time', async () => {
  const topic = await broker.newTopic();
  const consumer = reader();
  consumer.assign([{ topic, partition: 0 }]);
  const running = consumer.eachMessage(() => {});
  await expect(consumer.poll(10)).rejects.toMatchObject({ error: 'ILLEGAL_STATE' });
  await expect(consumer.eachBatch(() => {}, { concurrency: 0 })).rejects.toMatchObject({ error: 'ILLEGAL_STATE' });
  await consumer.close();
  await running;
});

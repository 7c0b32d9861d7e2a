// Our consumer against any broker: groups of both protocols that change under load, slow handlers, poison records, paused
// partitions, thousands of partitions.
import { Admin, KafkaError, SubscriptionPattern } from '@moldau/client';
import { afterAll, describe, expect, test } from 'vitest';
import { offersConsumerProtocol } from '../../contract/consumer-protocol.ts';
import { eventually, sleep } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { fill, newConsumer, newTopic, reading } from './readers.ts';

const admin = new Admin({ bootstrapServers: bootstrap });
const offered = await offersConsumerProtocol(admin);
afterAll(() => admin.close());

const kinds = [
  { name: 'range', options: { partitionAssignmentStrategy: 'range' } },
  { name: 'cooperative-sticky', options: { partitionAssignmentStrategy: 'cooperative-sticky' } },
  ...(offered ? [{ name: 'group.protocol=consumer', options: { groupProtocol: 'consumer' as const } }] : []),
];

describe.each(kinds)('a group of $name', ({ options }) => {
  test('members come and go under load: all is read, and what was committed is not read again', async () => {
    const topic = await newTopic(6);
    const seen = new Map<number, number>();
    const groupId = fresh('group');
    const member = () => reading(topic, seen, { groupId, ...options });
    const members = [member()];
    for (let round = 0; round < 4; round++) {
      await fill(topic, 120, 6, round * 120);
      members.push(member());
      await eventually('the newcomer has a share', () => members.at(-1)!.consumer.assignment().length > 0);
      if (round % 2 === 1) await members.shift()!.stop();
    }
    await eventually('all is read', () => seen.size === 480, 60_000);
    for (const { stop } of members) await stop();
    expect([...seen.values()].filter((times) => times > 1)).toEqual([]);
  });

  test('a slow handler keeps its place, and a poison record is told with its offset and can be passed', async () => {
    const topic = await newTopic(1);
    await fill(topic, 5, 1);
    const consumer = newConsumer({
      groupId: fresh('group'),
      ...options,
      valueDeserializer: (bytes) => {
        if (String(bytes) === '2') throw new Error('poison');
        return String(bytes);
      },
    });
    const left: unknown[] = [];
    consumer.on('left', (event) => left.push(event));
    consumer.subscribe(topic);
    const handled: (string | null)[] = [];
    const poison: (number | undefined)[] = [];
    while (handled.length < 4) {
      try {
        for (const { value } of await consumer.poll(500)) {
          await sleep(100);
          handled.push(value);
        }
      } catch (error) {
        expect(error).toMatchObject({ error: 'SERIALIZATION', topic, partition: 0 });
        const { offset } = error as KafkaError;
        poison.push(offset);
        consumer.seek({ topic, partition: 0 }, offset! + 1);
      }
    }
    await consumer.close();
    expect(handled).toEqual(['0', '1', '3', '4']);
    expect(poison).toEqual([2]);
    expect(left).toEqual([]);
  });

  test('a topic that is deleted and made again is read from its beginning, and said to be another one', async () => {
    const topic = await newTopic(1);
    await fill(topic, 3, 1);
    const consumer = newConsumer({ groupId: fresh('group'), allowAutoCreateTopics: false, ...options });
    const told: unknown[] = [];
    consumer.on('recreated', (event) => told.push(event));
    consumer.subscribe(topic);
    const read = async (count: number) => {
      const seen: (string | null)[] = [];
      while (seen.length < count) seen.push(...(await consumer.poll(200)).map(({ value }) => value));
      return seen;
    };
    expect(await read(3)).toEqual(['0', '1', '2']);
    await consumer.commitSync();
    await admin.deleteTopics([topic]);
    await eventually('the name is free again', async () => {
      const outcome = (await admin.createTopics([{ name: topic, numPartitions: 1 }])).get(topic);
      return !(outcome instanceof KafkaError);
    });
    // Longer than what was read of the old one: its position is one of the new one as well.
    await fill(topic, 5, 1, 100);
    expect(await read(5)).toEqual(['100', '101', '102', '103', '104']);
    expect(told).toMatchObject([{ topic, partitions: [{ topic, partition: 0 }] }]);
    await consumer.commitSync();
    expect((await consumer.committed([{ topic, partition: 0 }]))[0]?.offset).toBe(5);
    await consumer.close();
  });

  test('paused partitions stay silent and starve nobody', async () => {
    const topic = await newTopic(2);
    await fill(topic, 40, 2);
    const consumer = newConsumer({ groupId: fresh('group'), ...options });
    consumer.subscribe(topic, {
      onPartitionsAssigned: () => consumer.pause([{ topic, partition: 0 }]),
    });
    const from = [0, 0];
    const poll = async () => {
      for (const { partition } of await consumer.poll(200)) from[partition]!++;
    };
    while (from[1]! < 20) await poll();
    await poll();
    expect(from).toEqual([0, 20]);
    consumer.resume([{ topic, partition: 0 }]);
    while (from[0]! < 20) await poll();
    await consumer.close();
  });
});

if (offered)
  test('KIP-848: a pattern that the coordinator applies', async () => {
    const prefix = fresh('pattern');
    await admin.createTopics([{ name: `${prefix}-a`, numPartitions: 2 }]);
    const consumer = newConsumer({ groupId: fresh('group'), groupProtocol: 'consumer', metadataMaxAgeMs: 1000 });
    consumer.subscribe(new SubscriptionPattern(`${prefix}-.*`));
    while (consumer.assignment().length < 2) await consumer.poll(200);
    await consumer.close();
  });

if (!offered)
  test('KIP-848: a broker that does not offer it is a clear error', async () => {
    const consumer = newConsumer({ groupId: fresh('group'), groupProtocol: 'consumer' });
    consumer.subscribe('any');
    const polling = (async () => {
      for (;;) await consumer.poll(500);
    })();
    await expect(polling).rejects.toMatchObject({ error: 'UNSUPPORTED_VERSION' });
    await consumer.close();
  });

test('thousands of partitions in one consumer: each is read', async () => {
  const count = 2000;
  const topic = await newTopic(count);
  await eventually('all partitions are led', async () => {
    const described = (await admin.describeTopics([topic])).get(topic);
    return !(described instanceof KafkaError) && described?.partitions.every(({ leader }) => leader !== undefined);
  });
  await fill(topic, count, count);
  const seen = new Map<number, number>();
  const reader = reading(topic, seen, { groupId: fresh('group') });
  await eventually('each has been read', () => seen.size === count, 80_000);
  await reader.stop();
  // A broker takes as many seconds longer to start and to stop for as long as they are there.
  const outcome = (await admin.deleteTopics([topic])).get(topic);
  expect(outcome).not.toBeInstanceOf(KafkaError);
});

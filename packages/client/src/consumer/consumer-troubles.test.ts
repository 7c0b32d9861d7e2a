// What other clients were blamed for, one test each, named by the complaint. The consumer reaches its broker through a
// proxy that delays, cuts and goes silent.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Consumer, type ConsumerEvents, type ConsumerOptions, Producer } from '../index.ts';
import { ProxiedBroker } from '../test/proxied-broker.ts';

let broker: ProxiedBroker;

beforeAll(async () => {
  broker = await ProxiedBroker.start();
});

afterAll(async () => {
  await broker.stop();
});

const hasty = {
  requestTimeoutMs: 400,
  fetchMaxWaitMs: 100,
  heartbeatIntervalMs: 50,
  sessionTimeoutMs: 1000,
  stallTimeoutMs: 5000,
};
const reader = (options: Partial<ConsumerOptions<string, string>> = {}) =>
  new Consumer<string, string>({
    bootstrapServers: broker.address,
    autoOffsetReset: 'earliest',
    valueDeserializer: String,
    ...hasty,
    ...options,
  });

async function fill(topic: string, count: number, partitions = 1, from = 0): Promise<void> {
  const producer = new Producer({ bootstrapServers: broker.address });
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      producer.send({ topic, partition: i % partitions, value: String(from + i) }),
    ),
  );
  await producer.close();
}

async function values(consumer: Consumer<string, string>, count: number): Promise<number[]> {
  const seen: number[] = [];
  while (seen.length < count) seen.push(...(await consumer.poll(1000)).map(({ value }) => Number(value)));
  return seen;
}

const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const [how, harm] of [
  ['cut', () => broker.proxy.cut()],
  ['half-open', () => broker.proxy.halfOpen()],
] as const) {
  test(`kafkajs#659, #1720, platformatic#206: connections that are ${how} do not silence a consumer`, async () => {
    const topic = await broker.newTopic();
    await fill(topic, 10);
    const consumer = reader({ groupId: `${topic}-group` });
    consumer.subscribe(topic);
    expect(await values(consumer, 10)).toEqual(upTo(10));
    for (let round = 1; round <= 3; round++) {
      harm();
      await fill(topic, 10, 1, round * 10);
      expect(await values(consumer, 10)).toEqual(upTo(10, round * 10));
    }
    await consumer.close();
  });
}

test('a coordinator that goes silent while a member joins is asked again on a new connection', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 5);
  const consumer = reader({ groupId: `${topic}-group` });
  consumer.subscribe(topic);
  const first = consumer.poll(20);
  broker.proxy.delayMs = 30;
  await first;
  broker.proxy.halfOpen();
  broker.proxy.delayMs = 0;
  expect(await values(consumer, 5)).toEqual(upTo(5));
  await consumer.close();
});

test('need 1: when nothing can come, "stalled" says why within the bound, and "recovered" when it is over', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 1);
  const consumer = reader({ stallTimeoutMs: 300 });
  consumer.assign([{ topic, partition: 0 }]);
  expect(await values(consumer, 1)).toEqual([0]);
  const stalled: ConsumerEvents['stalled'][] = [];
  const recovered: ConsumerEvents['recovered'][] = [];
  consumer.on('stalled', (event) => stalled.push(event));
  consumer.on('recovered', (event) => recovered.push(event));
  broker.proxy.refusing = true;
  broker.proxy.cut();
  while (stalled.length < 2) await consumer.poll(50);
  expect(stalled[0]!.partitions).toEqual([{ topic, partition: 0 }]);
  expect(stalled[0]!.sinceMs).toBeGreaterThanOrEqual(300);
  expect(stalled[0]!.error).toMatchObject({ error: 'STALLED', retriable: true, topic, partition: 0 });
  expect(stalled[0]!.error.message).toContain(`Nothing heard of ${topic}-0`);
  broker.proxy.refusing = false;
  while (recovered.length === 0) await consumer.poll(50);
  expect(recovered).toEqual([{ partitions: [{ topic, partition: 0 }] }]);
  await consumer.close();
});

test('need 1: a group that does not let the member in is told as well', async () => {
  const topic = await broker.newTopic();
  broker.proxy.refusing = true;
  broker.proxy.cut();
  const consumer = reader({ groupId: `${topic}-group`, stallTimeoutMs: 200 });
  const stalled: ConsumerEvents['stalled'][] = [];
  consumer.on('stalled', (event) => stalled.push(event));
  consumer.subscribe(topic);
  while (stalled.length === 0) await consumer.poll(50);
  broker.proxy.refusing = false;
  expect(stalled[0]!.error.message).toMatch(/Not at work in the group .* coordinator has not been found/);
  await consumer.close();
});

test('kafkajs#1720, #1527: a handler that takes longer than the session keeps its place in the group', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 2);
  const consumer = reader({ groupId: `${topic}-group`, enableAutoCommit: false });
  const left: unknown[] = [];
  consumer.on('left', (event) => left.push(event));
  consumer.subscribe(topic);
  const generations = new Set<number>();
  for await (const { value } of consumer) {
    await pause(1500);
    await consumer.commitSync();
    generations.add(consumer.groupMetadata()!.generationId);
    if (value === '1') break;
  }
  expect(left).toEqual([]);
  expect(generations.size).toBe(1);
  await consumer.close();
});

test('a handler that does not come back is named, then the member leaves once, and polls again as one who lost', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 3);
  const events: string[] = [];
  const consumer = reader({ groupId: `${topic}-group`, maxPollIntervalMs: 1000, sessionTimeoutMs: 1000 });
  consumer.on('blocked', ({ what, handler, record }) => {
    if (what === 'handler') events.push(`${what}: ${handler} ${record?.offset}`);
  });
  consumer.on('left', ({ reason }) => events.push(reason));
  let assigned = 0;
  consumer.subscribe(topic, {
    onPartitionsAssigned: () => {
      assigned++;
    },
    onPartitionsLost: () => {
      events.push('lost');
    },
  });
  expect(await values(consumer, 3)).toEqual([0, 1, 2]);
  await pause(1800);
  await consumer.commitSync().then(
    () => events.push('committed'),
    ({ error }) => events.push(error),
  );
  expect(await values(consumer, 3)).toEqual([0, 1, 2]);
  expect(events).toEqual([
    'handler: the code after poll() 2',
    'the application did not poll for 1000 ms (max.poll.interval.ms)',
    'REBALANCE_IN_PROGRESS',
    'lost',
  ]);
  // One rebalance for the leaving, not two.
  expect(assigned).toBe(2);
  await consumer.close();
});

for (const partitionAssignmentStrategy of ['range', 'cooperative-sticky'] as const) {
  test(`a stuck handler of eachMessage (${partitionAssignmentStrategy}): one leave, and others have it all until the handler is back`, async () => {
    const topic = await broker.newTopic(2);
    await fill(topic, 4, 2);
    const calm = { sessionTimeoutMs: 6000, requestTimeoutMs: 5000 };
    const options = { groupId: `${topic}-group`, partitionAssignmentStrategy, maxPollIntervalMs: 1000, ...calm };
    const stuck = reader(options);
    const left: string[] = [];
    stuck.on('left', ({ reason }) => left.push(reason));
    stuck.on('blocked', () => {});
    let lost = 0;
    stuck.subscribe(topic, {
      onPartitionsLost: (partitions) => {
        lost += partitions.length;
      },
    });
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const handled: string[] = [];
    const loop = stuck.eachMessage(async ({ value }) => {
      if (handled.length === 0) {
        handled.push('begun');
        await gate;
      }
      handled.push(value!);
    });
    while (left.length === 0) await pause(20);
    const other = reader(options);
    const shares: number[] = [];
    other.subscribe(topic, {
      onPartitionsAssigned: () => void shares.push(other.assignment().length),
    });
    const seen = new Set<number>();
    const read = async () => {
      for (const { value } of await other.poll(50)) seen.add(Number(value));
    };
    while (shares.length === 0) await read();
    // Twice max.poll.interval.ms: whoever joined with the handler still at work would leave again, and again.
    const until = performance.now() + 2000;
    while (performance.now() < until) await read();
    expect(left).toEqual(['the application did not poll for 1000 ms (max.poll.interval.ms)']);
    expect(lost).toBe(2);
    expect(shares.at(-1)).toBe(2);
    letGo();
    while (stuck.assignment().length === 0) await read();
    while (other.assignment().length !== 1) await read();
    await Promise.all([stuck.close(), other.close()]);
    await loop;
  });
}

for (const partitionAssignmentStrategy of ['range', 'cooperative-sticky'] as const) {
  test(`partitions that go to others while handlers hold them are lost, not revoked (${partitionAssignmentStrategy})`, async () => {
    const topic = await broker.newTopic(2);
    await fill(topic, 2, 2);
    const calm = { sessionTimeoutMs: 6000, requestTimeoutMs: 5000 };
    const options = { groupId: `${topic}-group`, partitionAssignmentStrategy, ...calm };
    const stuck = reader({ ...options, maxPollIntervalMs: 1000 });
    const told: string[] = [];
    const note = (what: string) => (partitions: readonly { partition: number }[]) => {
      for (const { partition } of partitions) told.push(`${what} ${partition}`);
    };
    stuck.on('left', () => told.push('left'));
    stuck.on('blocked', () => {});
    stuck.subscribe(topic, { onPartitionsRevoked: note('revoked'), onPartitionsLost: note('lost') });
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let begun = 0;
    const handler = async () => {
      begun++;
      await gate;
    };
    const loop = stuck.eachMessage(handler, { concurrency: 2 });
    while (begun < 2) await pause(20);
    // The rebalance begins while they are at work, and waits for them until the member has to leave.
    const other = reader(options);
    other.subscribe(topic);
    while (other.assignment().length < 2) await other.poll(50);
    letGo();
    while (!told.includes('lost 1')) await other.poll(50);
    expect(told).toEqual(['left', 'lost 0', 'lost 1']);
    await Promise.all([stuck.close(), other.close()]);
    await loop;
  });
}

test('an event loop that is blocked is told, with the record at work', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 2);
  const consumer = reader({ groupId: `${topic}-group` });
  const blocked: ConsumerEvents['blocked'][] = [];
  consumer.on('blocked', (event) => blocked.push(event));
  consumer.subscribe(topic);
  for await (const { offset } of consumer) {
    if (offset === 1) break;
    const until = performance.now() + 1500;
    while (performance.now() < until);
    await pause(20);
  }
  expect(blocked.find(({ blockedMs }) => blockedMs > 400)).toMatchObject({
    what: 'event-loop',
    handler: 'the body of the for await loop',
    record: { topic, partition: 0, offset: 0 },
  });
  await consumer.close();
});

test('kafkajs#1593: nothing is handed out after close', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 100);
  const consumer = reader({ groupId: `${topic}-group`, maxPollRecords: 1 });
  consumer.subscribe(topic);
  await values(consumer, 1);
  await consumer.close();
  await expect(consumer.poll(10)).rejects.toMatchObject({ error: 'CLIENT_CLOSED' });
  const opened = broker.proxy.accepted;
  await pause(200);
  expect(broker.proxy.accepted).toBe(opened);
});

for (const strategy of ['range', 'cooperative-sticky'])
  test(`kafkajs#1122, confluent#476, platformatic#223, UNKNOWN_MEMBER_ID in chains: ${strategy} members come and go, connections are cut, no partition has two owners, no offset goes back, all is read`, async () => {
    const topic = await broker.newTopic(4);
    const groupId = `${topic}-group`;
    const owners = new Map<number, string>();
    const reached = new Map<number, number>();
    const backwards: string[] = [];
    const left: string[] = [];
    const join = (name: string) => {
      const consumer = reader({
        groupId,
        enableAutoCommit: false,
        maxPollRecords: 7,
        partitionAssignmentStrategy: strategy,
        // Nobody is to be thrown out by a machine that is slow: what a lost member has read is read again, rightly so.
        sessionTimeoutMs: 20_000,
      });
      consumer.on('left', ({ reason }) => left.push(`${name}: ${reason}`));
      consumer.on('truncated', (event) => left.push(`${name}: ${JSON.stringify(event)}`));
      consumer.subscribe(topic, {
        onPartitionsAssigned: (partitions) => {
          for (const { partition } of partitions) {
            expect(owners.get(partition) ?? name).toBe(name);
            owners.set(partition, name);
          }
        },
        onPartitionsRevoked: async (partitions) => {
          await consumer.commitSync().catch((error: Error) => left.push(`${name}: ${error.message}`));
          for (const { partition } of partitions) owners.delete(partition);
        },
      });
      let stopped = false;
      const done = (async () => {
        while (!stopped) {
          for (const { partition, offset } of await consumer.poll(50)) {
            const before = reached.get(partition) ?? 0;
            if (offset < before) backwards.push(`${name}: ${partition} from ${before} to ${offset}`);
            reached.set(partition, offset + 1);
          }
        }
        await consumer.close();
      })();
      return async () => {
        stopped = true;
        await done;
      };
    };
    const leaves = [join('one')];
    for (let round = 0; round < 4; round++) {
      leaves.push(join(`member-${round}`));
      await fill(topic, 40, 4, round * 40);
      broker.proxy.cut();
      if (round % 2 === 1) await leaves.shift()!();
    }
    while ([...reached.values()].reduce((sum, offset) => sum + offset, 0) < 160) await pause(20);
    for (const leave of leaves) await leave();
    expect({ backwards, left }).toEqual({ backwards: [], left: [] });
  }, 60_000);

test('a member that closes while its coordinator cannot be reached for a moment leaves its group all the same', async () => {
  const topic = await broker.newTopic();
  const groupId = `${topic}-group`;
  // Long enough for a time-out not to do what a goodbye should.
  const consumer = reader({ groupId, sessionTimeoutMs: 60_000, enableAutoCommit: false });
  consumer.subscribe(topic);
  while (consumer.assignment().length === 0) await consumer.poll(50);
  broker.proxy.refusing = true;
  broker.proxy.cut();
  const closed = consumer.close();
  await pause(200);
  broker.proxy.refusing = false;
  await closed;
  const described = (await broker.admin.describeConsumerGroups([groupId])).get(groupId);
  expect(described).toMatchObject({ state: 'Empty', members: [] });
});

test('kafkajs#1613: two hundred topics, one record each, all arrive', async () => {
  const names = upTo(200).map((i) => `many-${i}`);
  await broker.admin.createTopics(names.map((name) => ({ name, numPartitions: 1 })));
  const producer = new Producer({ bootstrapServers: broker.address });
  await Promise.all(names.map((topic) => producer.send({ topic, value: topic })));
  await producer.close();
  const consumer = reader({ groupId: 'many', requestTimeoutMs: 5000, sessionTimeoutMs: 10_000 });
  consumer.subscribe(/^many-/);
  const seen = new Set<string>();
  while (seen.size < 200) for (const { value } of await consumer.poll(1000)) seen.add(value!);
  await consumer.close();
});

test('platformatic#260, librdkafka#2076: what waits is bounded in bytes over all partitions', async () => {
  const topic = await broker.newTopic(50);
  const producer = new Producer({ bootstrapServers: broker.address });
  const value = Buffer.alloc(10_000);
  await Promise.all(upTo(500).map((i) => producer.send({ topic, partition: i % 50, value })));
  await producer.close();
  const fetchMaxBytes = 200_000;
  const consumer = new Consumer({
    ...hasty,
    requestTimeoutMs: 5000,
    bootstrapServers: broker.address,
    fetchMaxBytes,
    maxPartitionFetchBytes: 50_000,
    maxPollRecords: 10,
  });
  consumer.assign(upTo(50).map((partition) => ({ topic, partition })));
  consumer.seekToBeginning();
  let seen = 0;
  const partitions = new Set<number>();
  while (seen < 500) {
    const records = await consumer.poll(1000);
    seen += records.length;
    for (const { partition } of records) partitions.add(partition);
    // One answer may exceed the room by its first batch, no more.
    expect(consumer.bufferedBytes).toBeLessThanOrEqual(fetchMaxBytes + 51_000);
    await pause(1);
  }
  expect(partitions.size).toBe(50);
  await consumer.close();
});

test('platformatic#128: a hot partition does not starve a quiet one', async () => {
  const topic = await broker.newTopic(2);
  const producer = new Producer({ bootstrapServers: broker.address });
  const value = Buffer.alloc(1000);
  for (let i = 0; i < 2000; i++) producer.push({ topic, partition: 0, value });
  await producer.send({ topic, partition: 1, value: 'quiet' });
  await producer.close();
  const consumer = reader({ fetchMaxBytes: 50_000, maxPartitionFetchBytes: 50_000, maxPollRecords: 20 });
  consumer.assign([
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]);
  consumer.seekToBeginning();
  let hot = 0;
  for (let quiet = false; !quiet; ) {
    for (const { partition } of await consumer.poll(1000)) {
      if (partition === 1) quiet = true;
      else hot++;
    }
  }
  expect(hot).toBeLessThan(1000);
  await consumer.close();
});

test('platformatic#99: fetch.min.bytes that never comes together does not hold records back for longer than fetch.max.wait.ms', async () => {
  const topic = await broker.newTopic();
  const consumer = reader({ fetchMinBytes: 10_000_000, fetchMaxWaitMs: 200 });
  consumer.assign([{ topic, partition: 0 }]);
  consumer.seekToBeginning();
  expect(await consumer.poll(50)).toEqual([]);
  await fill(topic, 3);
  expect(await values(consumer, 3)).toEqual([0, 1, 2]);
  await consumer.close();
});

test('platformatic#227, #228: records that cannot be read do not keep others back, and nothing is skipped unasked', async () => {
  const topic = await broker.newTopic(2);
  await fill(topic, 200, 2);
  const consumer = reader({
    valueDeserializer: (bytes) => {
      if (bytes.toString() === '100') throw new Error('poison');
      return bytes.toString();
    },
  });
  consumer.assign([
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]);
  consumer.seekToBeginning();
  const seen: number[] = [];
  const poisoned: unknown[] = [];
  while (seen.length < 199) {
    try {
      seen.push(...(await consumer.poll(1000)).map(({ value }) => Number(value)));
    } catch (error) {
      poisoned.push(error);
      consumer.seek({ topic, partition: 0 }, 51);
    }
  }
  expect(poisoned).toMatchObject([{ error: 'SERIALIZATION', topic, partition: 0, offset: 50 }]);
  expect(seen.sort((a, b) => a - b)).toEqual(upTo(200).filter((i) => i !== 100));
  await consumer.close();
});

test('reading from inside a batch starts at the offset asked for; metadata of commits comes back', async () => {
  const topic = await broker.newTopic();
  const producer = new Producer({ bootstrapServers: broker.address, lingerMs: 20 });
  await Promise.all(upTo(10).map((i) => producer.send({ topic, value: String(i) })));
  await producer.close();
  const consumer = reader({ groupId: `${topic}-group` });
  const where = { topic, partition: 0 };
  consumer.assign([where]);
  consumer.seek(where, 4);
  expect(await values(consumer, 6)).toEqual(upTo(6, 4));
  await consumer.commitSync([{ ...where, offset: 7, metadata: 'a note' }]);
  expect(await consumer.committed([where])).toMatchObject([{ offset: 7, metadata: 'a note' }]);
  await consumer.close();
});

test('slow links: everything arrives, in order, though each chunk takes its time', async () => {
  const topic = await broker.newTopic();
  await fill(topic, 200);
  broker.proxy.delayMs = 20;
  const consumer = reader({ groupId: `${topic}-group`, requestTimeoutMs: 5000 });
  consumer.subscribe(topic);
  expect(await values(consumer, 200)).toEqual(upTo(200));
  await consumer.close();
  broker.proxy.delayMs = 0;
});

test('KIP-429: what stays with a member is neither revoked nor interrupted while another joins and leaves', async () => {
  const topic = await broker.newTopic(4);
  const told: Record<string, string[]> = { one: [], two: [] };
  const member = (name: 'one' | 'two') => {
    const consumer = reader({ groupId: `${topic}-group`, partitionAssignmentStrategy: 'cooperative-sticky' });
    const note = (what: string) => (partitions: readonly { partition: number }[]) => {
      if (partitions.length > 0) told[name]!.push(`${what}${partitions.map(({ partition }) => partition)}`);
    };
    consumer.subscribe(topic, {
      onPartitionsAssigned: note('+'),
      onPartitionsRevoked: note('-'),
      onPartitionsLost: note('lost '),
    });
    return consumer;
  };
  const one = member('one');
  while (one.assignment().length < 4) await one.poll(50);
  await fill(topic, 8, 4);
  expect((await values(one, 8)).length).toBe(8);
  const two = member('two');
  while (two.assignment().length < 2) await Promise.all([one.poll(20), two.poll(20)]);
  expect(told).toEqual({ one: ['+0,1,2,3', '-2,3'], two: ['+2,3'] });
  // Nothing of what stayed is read again.
  await fill(topic, 8, 4, 100);
  const seen: number[] = [];
  while (seen.length < 8) {
    const polled = await Promise.all([one.poll(20), two.poll(20)]);
    seen.push(...polled.flat().map(({ value }) => Number(value)));
  }
  expect(seen.sort()).toEqual(upTo(8, 100));
  await two.close();
  while (one.assignment().length < 4) await one.poll(50);
  expect(told).toEqual({ one: ['+0,1,2,3', '-2,3', '+2,3'], two: ['+2,3', '-2,3'] });
  await one.close();
});

test('KIP-429: a member that was thrown out hands everything back as lost, and gets on', async () => {
  const topic = await broker.newTopic(2);
  const told: string[] = [];
  const consumer = reader({
    groupId: `${topic}-group`,
    partitionAssignmentStrategy: 'cooperative-sticky',
    maxPollIntervalMs: 500,
    sessionTimeoutMs: 500,
  });
  consumer.on('left', () => told.push('left'));
  consumer.subscribe(topic, {
    onPartitionsAssigned: (partitions) => void told.push(`+${partitions.length}`),
    onPartitionsLost: (partitions) => void told.push(`lost ${partitions.length}`),
  });
  while (consumer.assignment().length < 2) await consumer.poll(50);
  await pause(900);
  await fill(topic, 4, 2);
  expect((await values(consumer, 4)).length).toBe(4);
  expect(told).toEqual(['+2', 'left', 'lost 2', '+2']);
  await consumer.close();
});

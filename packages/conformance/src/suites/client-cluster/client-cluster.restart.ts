// Our client on a real cluster: leaders and coordinators move under it, brokers are killed and restarted, and the nearest
// replica is read from. Nothing acknowledged is lost, doubled or reordered, commits do not go back, and nobody stalls.
import { Admin, Consumer, type ConsumerOptions, KafkaError, Producer } from '@moldau/client';
import { afterAll, expect, test } from 'vitest';
import { offersConsumerProtocol } from '../../contract/consumer-protocol.ts';
import { eventually, sleep } from '../../suite/eventually.ts';
import { fresh } from '../../suite/target.ts';
import { java } from '../java/adapter.ts';
import { countingPorts, createTopic, inSync, leaders, startCluster } from './cluster.ts';
import { consumerGroupTests } from './consumer-groups.ts';

const cluster = await startCluster();
const { bootstrap } = cluster;
const admin = new Admin({ bootstrapServers: bootstrap });
const { apis } = await admin.apiVersions();
const END_TXN = 26;
const hasTransactions = apis.some(({ apiKey }) => apiKey === END_TXN);
const protocols = (await offersConsumerProtocol(admin)) ? (['classic', 'consumer'] as const) : (['classic'] as const);

afterAll(async () => {
  await admin.close();
  await cluster.close();
});

const PARTITIONS = 6;

async function newTopic(partitions = PARTITIONS): Promise<string> {
  const topic = fresh('cluster');
  await createTopic(admin, topic, partitions);
  await inSync(admin, topic);
  return topic;
}

/** Writes a number after the other to each partition, until it is stopped. `acked` is what was acknowledged, by partition. */
function writing(topic: string) {
  const producer = new Producer({ bootstrapServers: bootstrap, lingerMs: 2, requestTimeoutMs: 5_000 });
  const acked = Array.from({ length: PARTITIONS }, () => 0);
  const failures: unknown[] = [];
  let stopped = false;
  const lines = acked.map(async (_, partition) => {
    for (let n = 0; !stopped; n++) {
      await producer.send({ topic, partition, value: String(n) }).then(
        () => {
          acked[partition] = n + 1;
        },
        (error: unknown) => failures.push(error),
      );
      await sleep(5);
    }
  });
  return {
    acked,
    failures,
    stop: async () => {
      stopped = true;
      await Promise.all(lines);
      await producer.close();
    },
  };
}

/** A member that polls and commits. `seen`: by partition, the values in order of their first arrival. */
function member(topic: string, seen: number[][], options: Partial<ConsumerOptions<Buffer, string>>) {
  const consumer = new Consumer<Buffer, string>({
    bootstrapServers: bootstrap,
    autoOffsetReset: 'earliest',
    valueDeserializer: String,
    requestTimeoutMs: 5_000,
    enableAutoCommit: false,
    ...options,
  });
  consumer.subscribe(topic);
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      const records = await consumer.poll(200);
      for (const { partition, value } of records) {
        const line = seen[partition]!;
        const n = Number(value);
        // What was not committed when a partition changed hands is read again; a gap would be a loss.
        if (n >= line.length) line.push(n);
      }
      if (records.length > 0) {
        await consumer.commitSync().catch((error: unknown) => {
          if (!(error instanceof KafkaError)) throw error;
        });
      }
    }
  })();
  done.catch(() => {});
  return {
    stop: async () => {
      stopped = true;
      await done;
      await consumer.close();
    },
  };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

async function coordinatorOf(group: string): Promise<number> {
  const described = (await admin.describeConsumerGroups([group])).get(group);
  if (!described || described instanceof KafkaError) throw described ?? new Error(`no group ${group}`);
  return described.coordinator.id;
}

/** Runs writers and two members through the misfortune, and judges what they were told. */
async function through(
  groupProtocol: 'classic' | 'consumer',
  misfortune: (topic: string, group: string) => Promise<void>,
): Promise<void> {
  const topic = await newTopic();
  const groupId = fresh('group');
  const seen: number[][] = Array.from({ length: PARTITIONS }, () => []);
  const writer = writing(topic);
  const members = [member(topic, seen, { groupId, groupProtocol }), member(topic, seen, { groupId, groupProtocol })];
  await eventually('something of each partition is read', () => seen.every((line) => line.length > 20), 60_000);
  await misfortune(topic, groupId);
  const before = [...writer.acked];
  await eventually('every partition is written on', () => writer.acked.every((n, i) => n > before[i]! + 20), 60_000);
  await writer.stop();
  expect(writer.failures).toEqual([]);
  await eventually('all is read', () => seen.every((line, i) => line.length >= writer.acked[i]!), 60_000);
  await Promise.all(members.map((one) => one.stop()));
  // First arrivals in order, without a gap: nothing lost, nothing out of order.
  expect(seen).toEqual(writer.acked.map((count) => upTo(count)));
  // And once each in the log: idempotence held through every retry.
  const reader = new Consumer<Buffer, string>({ bootstrapServers: bootstrap, valueDeserializer: String });
  const all = upTo(PARTITIONS).map((partition) => ({ topic, partition }));
  reader.assign(all);
  reader.seekToBeginning();
  const logs: number[][] = Array.from({ length: PARTITIONS }, () => []);
  await eventually(
    'the log',
    async () => {
      for (const { partition, value } of await reader.poll(500)) logs[partition]!.push(Number(value));
      return logs.every((line, i) => line.length >= writer.acked[i]!);
    },
    60_000,
  );
  await reader.close();
  expect(logs).toEqual(seen);
  const committed = await admin.listConsumerGroupOffsets(groupId);
  const offsetOf = (partition: number) =>
    committed.find((one) => one.topic === topic && one.partition === partition)?.offset;
  expect(upTo(PARTITIONS).map(offsetOf)).toEqual(writer.acked);
}

for (const protocol of protocols) {
  test(`${protocol}: leaders move to another replica and back, twice`, { timeout: 180_000 }, () =>
    through(protocol, async (topic) => {
      for (const turn of [1, 2, 3, 0]) {
        const replicas = upTo(PARTITIONS).map((i) => [0, 1, 2].map((step) => ((i + turn + step) % 3) + 1));
        const moves = replicas.map((target, partition) => ({ topic, partition, replicas: target }));
        for (const { error } of await admin.alterPartitionReassignments(moves)) expect(error).toBeUndefined();
        await eventually('the moves are over', async () => (await admin.listPartitionReassignments()).length === 0);
        await admin.electLeaders('preferred', moves);
        const wanted = replicas.map(([first]) => first);
        await eventually(
          'the leaders',
          async () => JSON.stringify(await leaders(admin, topic)) === JSON.stringify(wanted),
        );
        await sleep(500);
      }
    }),
  );

  test(
    `${protocol}: kill -9 of the group's coordinator, and an ordered stop of the next one`,
    { timeout: 240_000 },
    () =>
      through(protocol, async (topic, group) => {
        for (const how of ['kill', 'stop'] as const) {
          const first = await coordinatorOf(group);
          await cluster.broker(first)[how]();
          await eventually('another coordinator', async () => (await coordinatorOf(group)) !== first, 60_000);
          await cluster.broker(first).start();
          await inSync(admin, topic);
        }
      }),
  );
}

test('KIP-392: a consumer reads from the replica in its rack, and from the leader when that one goes', {
  timeout: 180_000,
}, async () => {
  const topic = await newTopic(1);
  const leader = (await leaders(admin, topic))[0]!;
  const near = cluster.broker(leader === 3 ? 1 : leader + 1);
  const nearId = leader === 3 ? 1 : leader + 1;
  const { ports, received } = countingPorts();
  const consumer = new Consumer<Buffer, Buffer>({
    ...{ bootstrapServers: bootstrap, clientRack: `rack-${nearId}`, autoOffsetReset: 'earliest', fetchMaxWaitMs: 100 },
    ...{ requestTimeoutMs: 5_000, ports },
  });
  consumer.assign([{ topic, partition: 0 }]);
  consumer.seekToBeginning();
  const producer = new Producer({ bootstrapServers: bootstrap });
  const value = Buffer.alloc(10_000, 'x');
  const readOn = async (count: number) => {
    await Promise.all(upTo(count).map(() => producer.send({ topic, partition: 0, value })));
    let seen = 0;
    await eventually('all of it', async () => {
      seen += (await consumer.poll(500)).length;
      return seen >= count;
    });
    expect(seen).toBe(count);
  };
  // The leader names the replica in its first answer.
  await readOn(10);
  const from = (id: number) => received.get(cluster.broker(id).port) ?? 0;
  const before = [from(leader), from(nearId)];
  await readOn(100);
  expect(from(nearId) - before[1]!).toBeGreaterThan(100 * value.length);
  expect(from(leader) - before[0]!).toBeLessThan(10 * value.length);
  await near.kill();
  await readOn(20);
  await near.start();
  await inSync(admin, topic);
  await producer.close();
  await consumer.close();
});

if (hasTransactions) {
  const transactional = (id: string, o = {}) =>
    new Producer({ bootstrapServers: bootstrap, transactionalId: id, requestTimeoutMs: 5_000, ...o });
  const committedValues = async (topic: string, count: number): Promise<number[]> => {
    const reader = new Consumer<Buffer, string>({
      ...{ bootstrapServers: bootstrap, isolationLevel: 'read_committed', valueDeserializer: String },
    });
    reader.assign([{ topic, partition: 0 }]);
    reader.seekToBeginning();
    const seen: number[] = [];
    await eventually(
      'what was committed',
      async () => {
        seen.push(...(await reader.poll(500)).map(({ value }) => Number(value)));
        return seen.length >= count;
      },
      60_000,
    );
    await reader.close();
    return seen;
  };

  test('transactions go on through kill -9 of their coordinator', { timeout: 180_000 }, async () => {
    const topic = await newTopic(1);
    const id = fresh('tx');
    const producer = transactional(id);
    await producer.initTransactions();
    const kept: number[] = [];
    let killed: number | undefined;
    for (let n = 0; n < 20; n++) {
      producer.beginTransaction();
      await producer.send({ topic, partition: 0, value: String(n) });
      if (n === 8) {
        const described = (await admin.describeTransactions([id])).get(id);
        if (!described || described instanceof KafkaError) throw described ?? new Error('no transaction');
        killed = described.coordinator;
        await cluster.broker(killed).kill();
      }
      if (n % 4 === 3) await producer.abortTransaction();
      else {
        await producer.commitTransaction();
        kept.push(n);
      }
    }
    await producer.close();
    expect(await committedValues(topic, kept.length)).toEqual(kept);
    await cluster.broker(killed!).start();
    await inSync(admin, topic);
  });

  test('a transaction past transaction.timeout.ms is aborted by the broker; its producer is told, and the next goes on', {
    timeout: 120_000,
  }, async () => {
    const topic = await newTopic(1);
    const id = fresh('tx');
    const slow = transactional(id, { transactionTimeoutMs: 2_000 });
    await slow.initTransactions();
    slow.beginTransaction();
    await slow.send({ topic, partition: 0, value: '1' });
    await eventually('the broker aborts it', async () => {
      const described = (await admin.describeTransactions([id])).get(id);
      return !!described && !(described instanceof KafkaError) && /Abort/.test(described.state);
    });
    const error = await slow.commitTransaction().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(KafkaError);
    await slow.close({ timeoutMs: 5_000 }).catch(() => {});
    const next = transactional(id);
    await next.initTransactions();
    next.beginTransaction();
    await next.send({ topic, partition: 0, value: '2' });
    await next.commitTransaction();
    await next.close();
    expect(await committedValues(topic, 1)).toEqual([2]);
  });
}

if (protocols.length > 1) consumerGroupTests({ bootstrap, admin, newTopic });
else {
  test('KIP-848: brokers that do not offer it (no group.version 1) are told apart by a clear error', async () => {
    const consumer = new Consumer({ bootstrapServers: bootstrap, groupId: fresh('group'), groupProtocol: 'consumer' });
    consumer.subscribe(await newTopic(1));
    await expect(consumer.poll(30_000)).rejects.toMatchObject({ error: 'UNSUPPORTED_VERSION' });
    await consumer.close();
  });
}

test('our consumer beside Java’s in one group', { timeout: 120_000 }, async () => {
  const topic = await newTopic(4);
  const group = fresh('group');
  const client = await java.connect(bootstrap);
  const theirs = await client.join({ group, topic, assignor: 'range' });
  const ours = new Consumer<Buffer, string>({
    ...{ bootstrapServers: bootstrap, groupId: group, valueDeserializer: String, autoOffsetReset: 'earliest' },
    partitionAssignmentStrategy: ['range'],
  });
  ours.subscribe(topic);
  const seen: number[] = [];
  let stopped = false;
  const reading = (async () => {
    while (!stopped) for (const { value } of await ours.poll(200)) seen.push(Number(value));
  })();
  await eventually(
    'two partitions each',
    () => ours.assignment().length === 2 && theirs.assignment().length === 2,
    60_000,
  );
  const producer = new Producer({ bootstrapServers: bootstrap });
  await Promise.all(upTo(80).map((n) => producer.send({ topic, partition: n % 4, value: String(n) })));
  await producer.close();
  const all = () => [...new Set([...seen, ...theirs.records.map(({ value }) => Number(value?.toString()))])];
  await eventually('all is read', () => all().length === 80);
  stopped = true;
  await reading;
  await ours.close();
  await theirs.leave();
  await client.close();
});

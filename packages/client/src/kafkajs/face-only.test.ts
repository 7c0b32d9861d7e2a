// What only the KafkaJS face does: where it is better than the original, and what it says where it has less.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '@moldau/broker';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import * as kafkajs from '../kafkajs.ts';

let broker: Broker;
let directory: string;
let kafka: kafkajs.Kafka;
let admin: kafkajs.Admin;
const open: { disconnect(): Promise<void> }[] = [];
let names = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-kafkajs-'));
  const { config } = readBrokerConfig({
    overrides: [
      'listeners=PLAINTEXT://127.0.0.1:0',
      `log.dirs=${directory}`,
      'group.initial.rebalance.delay.ms=0',
      'offsets.topic.num.partitions=1',
    ],
  });
  broker = await Broker.start({ ports: nodePorts, config, hostName: 'localhost' });
  kafka = new kafkajs.Kafka({
    brokers: [`127.0.0.1:${broker.endpoints[0]!.port}`],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 3 },
  });
  admin = kafka.admin();
  await admin.connect();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.disconnect()));
});

afterAll(async () => {
  await admin.disconnect();
  await broker.stop('the tests are over');
  rmSync(directory, { recursive: true, force: true });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 15));
}

async function topicOf(count: number, numPartitions = 1): Promise<string> {
  const topic = `topic-${++names}`;
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  const producer = kafka.producer();
  await producer.connect();
  for (let partition = 0; partition < numPartitions; partition++) {
    const messages = Array.from({ length: count }, (_, index) => ({ value: `${partition} ${index}`, partition }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
  return topic;
}

async function consumer(groupId: string, config: Partial<kafkajs.ConsumerConfig> = {}) {
  const made = kafka.consumer({ groupId, maxWaitTimeInMs: 50, heartbeatInterval: 50, ...config });
  open.push(made);
  await made.connect();
  return made;
}

async function committed(groupId: string, topic: string): Promise<string[]> {
  const [entry] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return entry!.partitions.map(({ offset }) => offset);
}

for (const codec of ['Snappy', 'LZ4', 'ZSTD'] as const) {
  test(`${codec} needs no plug-in`, async () => {
    const topic = await topicOf(0);
    const producer = kafka.producer();
    open.push(producer);
    await producer.connect();
    await producer.send({
      topic,
      compression: kafkajs.CompressionTypes[codec],
      messages: [{ value: 'x'.repeat(999) }],
    });
    const reader = await consumer(`group-${++names}`);
    let length = 0;
    await reader.subscribe({ topic, fromBeginning: true });
    await reader.run({
      eachMessage: async ({ message }) => {
        length = message.value!.length;
      },
    });
    await until(() => length === 999);
  });
}

test('a handler that takes its time is waited for in a rebalance, and no message is handled twice', async () => {
  const topic = await topicOf(6, 2);
  const groupId = `group-${++names}`;
  const handled: string[] = [];
  const member = async () => {
    const reader = await consumer(groupId, { sessionTimeout: 6000 });
    await reader.subscribe({ topic, fromBeginning: true });
    await reader.run({
      partitionsConsumedConcurrently: 2,
      eachMessage: async ({ message }) => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        handled.push(String(message.value));
      },
    });
  };
  await member();
  await until(() => handled.length >= 2);
  await member();
  await until(() => handled.length >= 12);
  expect(handled.toSorted()).toEqual(['0', '1'].flatMap((p) => [0, 1, 2, 3, 4, 5].map((index) => `${p} ${index}`)));
});

test('eachBatch under a rebalance: heartbeat ends the handler, what it has resolved is committed', async () => {
  const topic = await topicOf(40, 2);
  const groupId = `group-${++names}`;
  const handled: string[] = [];
  const member = async () => {
    const reader = await consumer(groupId);
    await reader.subscribe({ topic, fromBeginning: true });
    await reader.run({
      eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
        for (const message of batch.messages) {
          handled.push(String(message.value));
          resolveOffset(message.offset);
          await new Promise((resolve) => setTimeout(resolve, 5));
          await heartbeat();
        }
      },
    });
  };
  await member();
  await until(() => handled.length >= 5);
  await member();
  await until(() => new Set(handled).size === 80);
  expect(handled).toHaveLength(80);
});

test('kafkajs#1593: stop waits for the message at hand and commits it; nothing is handed out after it, until run', async () => {
  const topic = await topicOf(5);
  const groupId = `group-${++names}`;
  const reader = await consumer(groupId);
  await reader.subscribe({ topic, fromBeginning: true });
  const handled: string[] = [];
  const eachMessage = async ({ message }: kafkajs.EachMessagePayload) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    handled.push(message.offset);
  };
  await reader.run({ eachMessage });
  await until(() => handled.length === 2);
  await reader.stop();
  const before = handled.length;
  expect(await committed(groupId, topic)).toEqual([String(before)]);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(handled).toHaveLength(before);
  await reader.run({ eachMessage });
  await until(() => handled.length === 5);
  expect(handled).toEqual(['0', '1', '2', '3', '4']);
});

test('a crash that may pass restarts the consumer, where it was', async () => {
  const topic = await topicOf(3);
  const reader = await consumer(`group-${++names}`, { retry: { retries: 0, initialRetryTime: 10 } });
  const handled: string[] = [];
  let crashes = 0;
  reader.on(reader.events.CRASH, ({ payload }) => {
    crashes += payload.restart ? 1 : 0;
  });
  await reader.subscribe({ topic, fromBeginning: true });
  await reader.run({
    eachMessage: async ({ message }) => {
      if (message.offset === '1' && crashes === 0) throw new Error('once');
      handled.push(message.offset);
    },
  });
  await until(() => handled.length === 3);
  expect([crashes, handled]).toEqual([1, ['0', '1', '2']]);
});

test('autoCommitThreshold commits in the middle of a batch', async () => {
  const topic = await topicOf(10);
  const groupId = `group-${++names}`;
  const reader = await consumer(groupId);
  const commits: string[] = [];
  reader.on(reader.events.COMMIT_OFFSETS, ({ payload }) => {
    commits.push(payload.topics[0].partitions[0].offset);
  });
  await reader.subscribe({ topic, fromBeginning: true });
  await reader.run({ autoCommitThreshold: 4, eachMessage: async () => {} });
  await until(async () => (await committed(groupId, topic))[0] === '10');
  expect(commits).toEqual(['4', '8', '10']);
});

test('fromBeginning is kept topic by topic', async () => {
  const [all, news] = [await topicOf(2), await topicOf(2)];
  const reader = await consumer(`group-${++names}`);
  await reader.subscribe({ topic: all, fromBeginning: true });
  await reader.subscribe({ topic: news });
  const got: string[] = [];
  await reader.run({
    eachMessage: async ({ topic, message }) => {
      got.push(`${topic} ${message.offset}`);
    },
  });
  await until(() => got.length === 2);
  expect(got).toEqual([`${all} 0`, `${all} 1`]);
  expect(got.some((one) => one.startsWith(news))).toBe(false);
});

test('a seek from inside the handler takes effect after its message', async () => {
  const topic = await topicOf(4);
  const reader = await consumer(`group-${++names}`);
  await reader.subscribe({ topic, fromBeginning: true });
  const got: string[] = [];
  await reader.run({
    eachMessage: async ({ message }) => {
      got.push(message.offset);
      if (got.length === 1) reader.seek({ topic, partition: 0, offset: '3' });
    },
  });
  await until(() => got.length === 2);
  expect(got).toEqual(['0', '3']);
});

test('a topic that is deleted and made again is read from its beginning; what was in hand of the old one counts for nothing', async () => {
  const topic = await topicOf(4);
  const groupId = `group-${++names}`;
  const said: string[] = [];
  const own = new kafkajs.Kafka({
    brokers: [`127.0.0.1:${broker.endpoints[0]!.port}`],
    logCreator:
      () =>
      ({ log }) =>
        void said.push(log.message),
  });
  const reader = own.consumer({ groupId, maxWaitTimeInMs: 50, allowAutoTopicCreation: false });
  const writer = own.producer();
  open.push(reader, writer);
  await Promise.all([reader.connect(), writer.connect()]);
  const got: string[] = [];
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await reader.subscribe({ topic, fromBeginning: true });
  await reader.run({
    eachMessage: async ({ message }) => {
      got.push(String(message.value));
      if (got.length === 2) await released;
    },
  });
  await until(() => got.length === 2);
  const before = [...got];
  await admin.deleteTopics({ topics: [topic] });
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  const fresh = Array.from({ length: 6 }, (_, i) => `new-${i}`);
  await writer.send({ topic, messages: fresh.map((value) => ({ value })) });
  await until(() => said.some((message) => message.includes('deleted and created again')));
  release();
  await until(() => got.at(-1) === 'new-5');
  expect(got).toEqual([...before, ...fresh]);
  await reader.disconnect();
  expect(await committed(groupId, topic)).toEqual(['6']);
});

test('offsets of a group are set and reset without joining it', async () => {
  const topic = await topicOf(6);
  const groupId = `group-${++names}`;
  const reader = await consumer(groupId);
  await reader.subscribe({ topic });
  await reader.run({ eachMessage: async () => {} });
  const two = { groupId, topic, partitions: [{ partition: 0, offset: '2' }] };
  await expect(admin.setOffsets(two)).rejects.toBeInstanceOf(kafkajs.KafkaJSNonRetriableError);
  await reader.disconnect();
  await admin.setOffsets(two);
  expect(await committed(groupId, topic)).toEqual(['2']);
  await admin.resetOffsets({ groupId, topic, earliest: false });
  expect(await committed(groupId, topic)).toEqual(['6']);
  await admin.resetOffsets({ groupId, topic, earliest: true });
  expect(await committed(groupId, topic)).toEqual(['0']);
  const other = `group-${++names}`;
  expect(await committed(other, topic)).toEqual(['-1']);
  await admin.fetchOffsets({ groupId: other, topics: [topic], resolveOffsets: true });
  expect(await committed(other, topic)).toEqual(['6']);
});

test('what is not there says so, and is refused where it would be ignored', async () => {
  const brokers = ['127.0.0.1:1'];
  const gssapi = { mechanism: 'gssapi' } as never;
  expect(() => new kafkajs.Kafka({ brokers, sasl: gssapi })).toThrow(kafkajs.KafkaJSNotImplemented);
  const noFactory = 'net' as never;
  expect(() => new kafkajs.Kafka({ brokers, socketFactory: noFactory })).toThrow(kafkajs.KafkaJSNonRetriableError);
  expect(() => new kafkajs.Kafka({ brokers: [] })).toThrow(kafkajs.KafkaJSNonRetriableError);
  await expect(kafka.producer().transaction()).rejects.toMatchObject({
    name: 'KafkaJSNonRetriableError',
    retriable: false,
  });
  await expect(admin.createAcls({ acl: [] })).rejects.toBeInstanceOf(kafkajs.KafkaJSNonRetriableError);
  const wrong = ['range'] as unknown as kafkajs.PartitionAssigner[];
  expect(() => kafka.consumer({ groupId: 'g', partitionAssigners: wrong })).toThrow(kafkajs.KafkaJSNonRetriableError);
});

test('an assigner of the application’s own: sees subscriptions with their user data, and its word holds', async () => {
  const topic = await topicOf(2, 4);
  const asked: { members: string[]; topics: string[]; counts: number[] }[] = [];
  const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
  /** Gives everything to whoever said so in its user data. */
  const assigner =
    (wish: string): kafkajs.OwnPartitionAssigner =>
    ({ cluster }) => ({
      name: 'by wish',
      version: 1,
      protocol: ({ topics }) => ({
        name: 'by wish',
        metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.from(wish) }),
      }),
      async assign({ members, topics }) {
        const wishes = members.map(({ memberMetadata }) => String(MemberMetadata.decode(memberMetadata)!.userData));
        const counts = topics.map((name) => cluster.findTopicPartitionMetadata(name).length);
        asked.push({ members: wishes.toSorted(), topics, counts });
        const all = Array.from({ length: counts[0]! }, (_, partition) => partition);
        return members.map(({ memberId }, index) => {
          const mine = wishes[index] === 'all' ? all : [];
          return { memberId, memberAssignment: MemberAssignment.encode({ version: 1, assignment: { [topic]: mine } }) };
        });
      },
    });
  const groupId = `group-${++names}`;
  const assigned = new Map<string, number[]>();
  for (const wish of ['nothing', 'all']) {
    const consumer = kafka.consumer({ groupId, partitionAssigners: [assigner(wish)], heartbeatInterval: 50 });
    open.push(consumer);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned.set(wish, payload.memberAssignment[topic] ?? []);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await consumer.run({ eachMessage: async () => {} });
  }
  await until(() => assigned.get('all')?.length === 4 && assigned.get('nothing')?.length === 0);
  expect(asked.at(-1)).toEqual({ members: ['all', 'nothing'], topics: [topic], counts: [4] });
});

test('a client that was disconnected leaves no timer behind: the process may end', async () => {
  const topic = await topicOf(1);
  const running = new Map<object, number>();
  const { timers } = nodePorts;
  const counted = {
    ...timers,
    set(delayMs: number, run: () => void) {
      const handle = timers.set(delayMs, () => {
        running.delete(handle as object);
        run();
      });
      running.set(handle as object, delayMs);
      return handle;
    },
    clear(handle: Parameters<typeof timers.clear>[0]) {
      running.delete(handle as object);
      timers.clear(handle);
    },
  };
  const brokers = [`127.0.0.1:${broker.endpoints[0]!.port}`];
  const own = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }, { ...nodePorts, timers: counted });
  const clients = [
    own.producer(),
    own.admin(),
    ...[1, 2].map(() => own.consumer({ groupId: topic, heartbeatInterval: 50 })),
  ];
  let handled = 0;
  for (const client of clients) {
    await client.connect();
    if (!('run' in client)) continue;
    await client.subscribe({ topics: [topic], fromBeginning: true });
    await client.run({ eachMessage: async () => void handled++ });
  }
  await until(() => handled > 0);
  for (const client of clients) await client.disconnect();
  expect([...running.values()]).toEqual([]);
});

test('a consumer that subscribes to nothing may run: frameworks do that for clients that only send', async () => {
  const consumer = kafka.consumer({ groupId: `group-${++names}` });
  open.push(consumer);
  await consumer.connect();
  await consumer.run({ eachMessage: async () => {} });
});

test('reassignments: taken on, listed, and what is refused told all at once', async () => {
  const topic = await topicOf(1, 2);
  const moves = (replicas: number[]) => ({
    topics: [{ topic, partitionAssignment: [0, 1].map((partition) => ({ partition, replicas })) }],
  });
  const own = (await admin.describeCluster()).brokers[0]!.nodeId;
  await admin.alterPartitionReassignments(moves([own]));
  expect(await admin.listPartitionReassignments({ topics: [{ topic, partitions: [0, 1] }] })).toEqual({ topics: [] });
  const refused = await admin.alterPartitionReassignments(moves([own + 40])).catch((error: Error) => error);
  expect(refused).toMatchObject({ name: 'KafkaJSAggregateError' });
  expect((refused as kafkajs.KafkaJSAggregateError).errors).toMatchObject(
    [0, 1].map((partition) => ({ name: 'KafkaJSAlterPartitionReassignmentsError', topic, partition })),
  );
  await expect(admin.alterPartitionReassignments({ topics: [] })).rejects.toMatchObject({
    name: 'KafkaJSNonRetriableError',
  });
});

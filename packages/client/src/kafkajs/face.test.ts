// KafkaJS's ways of use, in a table that runs twice: against the face, and against KafkaJS itself. What both pass is the
// same for an application. What only the face does is in face-only.test.ts.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { Broker } from '@moldau/broker';
import { readBrokerConfig } from '@moldau/broker/config/read-config';
import { nodePorts } from '@moldau/kernel/node/ports';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as face from '../kafkajs.ts';
import { CertificateAuthority } from '../test/certificates.ts';
import { SaslGate } from '../test/sasl-gate.ts';
import { TcpProxy } from '../test/tcp-proxy.ts';
import { TlsProxy } from '../test/tls-proxy.ts';

// The face under its own types: applications swap the module, so the original is used through the same ones.
const original = createRequire(import.meta.url)('kafkajs') as typeof face;

let broker: Broker;
let directory: string;
let port: number;

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
  port = broker.endpoints[0]!.port;
});

afterAll(async () => {
  await broker.stop('the tests are over');
  rmSync(directory, { recursive: true, force: true });
});

let names = 0;
const fresh = (kind: string) => `${kind}-${++names}`;

/** Answers when it holds; the test's own time-out is the bound. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 15));
}

describe.each([
  ['the face', face],
  ['KafkaJS', original],
] as const)('%s', (_name, kafkajs) => {
  const { Kafka, logLevel, CompressionTypes } = kafkajs;
  const open: { disconnect(): Promise<void> }[] = [];
  const kafka = () =>
    new Kafka({
      clientId: 'app',
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 30, retries: 4 },
    });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.disconnect()));
  });

  async function producer(config: face.ProducerConfig = {}) {
    const made = kafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, ...config });
    open.push(made);
    await made.connect();
    return made;
  }
  async function consumer(groupId: string, config: Partial<face.ConsumerConfig> = {}) {
    const made = kafka().consumer({ groupId, maxWaitTimeInMs: 50, heartbeatInterval: 100, ...config });
    open.push(made);
    await made.connect();
    return made;
  }
  async function admin() {
    const made = kafka().admin();
    open.push(made);
    await made.connect();
    return made;
  }
  async function topicOf(numPartitions = 1): Promise<string> {
    const topic = fresh('topic');
    const client = await admin();
    expect(await client.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions }] })).toBe(true);
    return topic;
  }
  async function produce(topic: string, values: readonly string[], partition = 0): Promise<void> {
    const client = await producer();
    await client.send({ topic, messages: values.map((value) => ({ value, partition })) });
  }
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => `value ${index}`);
  async function committed(groupId: string, topic: string): Promise<string[]> {
    const client = await admin();
    const [entry] = await client.fetchOffsets({ groupId, topics: [topic] });
    return entry!.partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
  }

  for (const codec of ['None', 'GZIP'] as const) {
    test(`what is sent with ${codec} is read as it was`, async () => {
      const topic = await topicOf();
      const writer = await producer();
      const sent = await writer.send({
        topic,
        compression: CompressionTypes[codec],
        messages: [
          { key: 'k', value: 'one', timestamp: '1700000000000', headers: { a: 'x', b: Buffer.from('y') } },
          { key: null, value: null },
          { value: 'three', headers: { many: ['1', '2'] } },
        ],
      });
      expect(sent).toMatchObject([{ topicName: topic, partition: 0, errorCode: 0, baseOffset: '0' }]);
      const reader = await consumer(fresh('group'));
      const got: face.EachMessagePayload[] = [];
      await reader.subscribe({ topic, fromBeginning: true });
      await reader.run({
        eachMessage: async (payload) => {
          got.push(payload);
        },
      });
      await until(() => got.length === 3);
      expect(got[0]).toMatchObject({ topic, partition: 0, message: { offset: '0', timestamp: '1700000000000' } });
      expect(got[0]!.message.key).toEqual(Buffer.from('k'));
      expect(got[0]!.message.value).toEqual(Buffer.from('one'));
      expect(got[0]!.message.headers).toEqual({ a: Buffer.from('x'), b: Buffer.from('y') });
      expect(got[1]!.message).toMatchObject({ key: null, value: null, offset: '1' });
      expect(got[2]!.message.headers).toEqual({ many: [Buffer.from('1'), Buffer.from('2')] });
    });
  }

  test('sendBatch answers for each partition; keys go where Java puts them', async () => {
    const [a, b] = [await topicOf(3), await topicOf(1)];
    const writer = await producer({ idempotent: true });
    expect(writer.isIdempotent()).toBe(true);
    const sent = await writer.sendBatch({
      topicMessages: [
        { topic: a, messages: [0, 1, 2].map((partition) => ({ partition, value: 'x' })) },
        { topic: b, messages: [{ value: 'y' }] },
      ],
    });
    const places = sent.map(({ topicName, partition }) => `${topicName} ${partition}`).sort();
    expect(places).toEqual([`${a} 0`, `${a} 1`, `${a} 2`, `${b} 0`].sort());
    const [keyed] = await writer.send({ topic: a, messages: [{ key: 'some key', value: 'z' }] });
    const place = original.Partitioners.DefaultPartitioner();
    const partitionMetadata = [0, 1, 2].map((partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 0,
      replicas: [],
      isr: [],
    }));
    expect(keyed!.partition).toBe(place({ topic: a, partitionMetadata, message: { key: 'some key', value: 'z' } }));
  });

  test('a partitioner of the application chooses', async () => {
    const topic = await topicOf(4);
    const writer = await producer({
      createPartitioner:
        () =>
        ({ partitionMetadata, message }) =>
          Number(message.key) % partitionMetadata.length,
    });
    const sent = await writer.send({ topic, messages: [{ key: '7', value: 'x' }] });
    expect(sent[0]!.partition).toBe(3);
  });

  test('fromBeginning false reads what comes after, and a group goes on where it was', async () => {
    const topic = await topicOf();
    const groupId = fresh('group');
    await produce(topic, ['before']);
    const got: string[] = [];
    const read = async () => {
      const reader = await consumer(groupId);
      await reader.subscribe({ topics: [topic] });
      await reader.run({
        eachMessage: async ({ message }) => {
          got.push(String(message.value));
        },
      });
      return reader;
    };
    const first = await read();
    await until(async () => {
      await produce(topic, ['after']);
      return got.length > 0;
    });
    expect(got).not.toContain('before');
    await first.disconnect();
    const seen = got.length;
    await produce(topic, ['later']);
    await read();
    await until(() => got.includes('later'));
    expect(got.slice(seen).filter((value) => value === 'later')).toEqual(['later']);
  });

  test('eachBatch: its batch, resolveOffset, heartbeat, uncommittedOffsets and commits', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(20));
    const groupId = fresh('group');
    const reader = await consumer(groupId);
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    const seen: string[] = [];
    let about: unknown;
    await reader.run({
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale, uncommittedOffsets, ...rest }) => {
        expect([isRunning(), isStale(), batch.isEmpty()]).toEqual([true, false, false]);
        for (const message of batch.messages) {
          seen.push(message.offset);
          resolveOffset(message.offset);
          await heartbeat();
        }
        about = [batch.topic, batch.partition, batch.highWatermark, batch.lastOffset(), batch.offsetLag()];
        const pending = uncommittedOffsets();
        expect(pending).toEqual({ topics: [{ topic, partitions: [{ partition: 0, offset: '20' }] }] });
        await rest.commitOffsetsIfNecessary(pending);
      },
    });
    await until(() => about !== undefined);
    expect(seen).toEqual(numbers(20).map((_, index) => String(index)));
    expect(about).toEqual([topic, 0, '20', '19', '0']);
    await until(async () => (await committed(groupId, topic))[0] === '20');
  });

  test('without eachBatchAutoResolve what is not resolved comes again', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(4));
    const reader = await consumer(fresh('group'));
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    const starts: string[] = [];
    await reader.run({
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset }) => {
        starts.push(batch.firstOffset()!);
        resolveOffset(batch.firstOffset()!);
      },
    });
    await until(() => starts.length === 4);
    expect(starts).toEqual(['0', '1', '2', '3']);
  });

  test('commits by hand are what counts when autoCommit is off', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(5));
    const groupId = fresh('group');
    const reader = await consumer(groupId);
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    let count = 0;
    await reader.run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        count++;
        if (message.offset === '2') {
          await reader.commitOffsets([{ topic, partition: 0, offset: '3', metadata: 'by hand' }]);
        }
      },
    });
    await until(() => count === 5);
    await reader.disconnect();
    expect(await committed(groupId, topic)).toEqual(['3']);
    const [entry] = await (await admin()).fetchOffsets({ groupId, topics: [topic] });
    expect(entry!.partitions[0]!.metadata).toBe('by hand');
  });

  test('seek: back to an offset, and to the beginning by -2', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(4));
    const reader = await consumer(fresh('group'));
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    const got: string[] = [];
    await reader.run({
      eachMessage: async ({ message }) => {
        got.push(message.offset);
      },
    });
    await until(() => got.length === 4);
    reader.seek({ topic, partition: 0, offset: '2' });
    await until(() => got.length === 6);
    reader.seek({ topic, partition: 0, offset: '-2' });
    await until(() => got.length === 10);
    expect(got.join('')).toBe('0123230123');
  });

  test('pause and resume: of a topic, and by the payload in the middle of a batch', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(4));
    const reader = await consumer(fresh('group'));
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    const got: string[] = [];
    let resume = () => {};
    await reader.run({
      eachMessage: async ({ message, pause }) => {
        got.push(message.offset);
        if (message.offset === '1') resume = pause();
      },
    });
    await until(() => got.length === 2);
    await until(() => reader.paused().length === 1);
    expect(reader.paused()).toEqual([{ topic, partitions: [0] }]);
    await new Promise((done) => setTimeout(done, 200));
    expect(got).toEqual(['0', '1']);
    resume();
    await until(() => got.length === 4);
    expect(reader.paused()).toEqual([]);
    reader.pause([{ topic }]);
    await new Promise((done) => setTimeout(done, 120));
    await produce(topic, ['more']);
    await new Promise((done) => setTimeout(done, 200));
    expect(got).toHaveLength(4);
    reader.resume([{ topic }]);
    await until(() => got.length === 5);
    expect(got).toEqual(['0', '1', '2', '3', '4']);
  });

  test('a pattern subscribes to the topics that match', async () => {
    const prefix = fresh('matched');
    const client = await admin();
    await client.createTopics({
      topics: [{ topic: `${prefix}.a` }, { topic: `${prefix}.b` }, { topic: `not-${prefix}` }],
    });
    for (const topic of [`${prefix}.a`, `${prefix}.b`, `not-${prefix}`]) await produce(topic, [topic]);
    const reader = await consumer(fresh('group'));
    await reader.subscribe({ topics: [new RegExp(`^${prefix}`)], fromBeginning: true });
    const got: string[] = [];
    await reader.run({
      eachMessage: async ({ topic }) => {
        got.push(topic);
      },
    });
    await until(() => got.length === 2);
    expect(got.toSorted()).toEqual([`${prefix}.a`, `${prefix}.b`]);
  });

  test('two members share the partitions; when one leaves the other has all, and nothing is left out', async () => {
    const topic = await topicOf(4);
    const groupId = fresh('group');
    const got = new Set<string>();
    const assigned = new Map<string, number>();
    const member = async (name: string) => {
      const reader = await consumer(groupId, { rebalanceTimeout: 5000 });
      reader.on(reader.events.GROUP_JOIN, ({ payload }) => {
        assigned.set(name, (payload.memberAssignment[topic] ?? []).length);
      });
      await reader.subscribe({ topics: [topic], fromBeginning: true });
      await reader.run({
        eachMessage: async ({ message }) => {
          got.add(String(message.value));
        },
      });
      return reader;
    };
    await member('one');
    const two = await member('two');
    await until(() => assigned.get('one') === 2 && assigned.get('two') === 2);
    for (let partition = 0; partition < 4; partition++) await produce(topic, [`first ${partition}`], partition);
    await until(() => got.size === 4);
    const description = await two.describeGroup();
    expect(description).toMatchObject({ groupId, state: 'Stable', protocol: 'RoundRobinAssigner' });
    expect(description.members).toHaveLength(2);
    const decoded = description.members.map(({ memberAssignment }) =>
      kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment),
    );
    expect(decoded.flatMap((entry) => entry!.assignment[topic] ?? []).toSorted()).toEqual([0, 1, 2, 3]);
    await two.disconnect();
    await until(() => assigned.get('one') === 4);
    for (let partition = 0; partition < 4; partition++) await produce(topic, [`second ${partition}`], partition);
    await until(() => got.size === 8);
  });

  test('partitionsConsumedConcurrently: so many at once, each partition in order', async () => {
    const topic = await topicOf(3);
    for (const partition of [0, 1, 2]) await produce(topic, numbers(3), partition);
    const reader = await consumer(fresh('group'));
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    const got: Record<number, string[]> = { 0: [], 1: [], 2: [] };
    let active = 0;
    let most = 0;
    await reader.run({
      partitionsConsumedConcurrently: 3,
      eachMessage: async ({ partition, message }) => {
        most = Math.max(most, ++active);
        await new Promise((resolve) => setTimeout(resolve, 40));
        got[partition]!.push(message.offset);
        active--;
      },
    });
    await until(() => Object.values(got).every((offsets) => offsets.length === 3));
    expect(got).toEqual({ 0: ['0', '1', '2'], 1: ['0', '1', '2'], 2: ['0', '1', '2'] });
    expect(most).toBeGreaterThan(1);
  });

  test('a handler that fails is called again with the same message', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(3));
    const reader = await consumer(fresh('group'));
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    const got: string[] = [];
    await reader.run({
      eachMessage: async ({ message }) => {
        got.push(message.offset);
        if (got.length === 2) throw new Error('not this time');
      },
    });
    await until(() => got.length === 4);
    expect(got).toEqual(['0', '1', '1', '2']);
  });

  test('a handler that goes on failing crashes the consumer, which asks whether to restart', async () => {
    const topic = await topicOf();
    await produce(topic, ['x']);
    const asked: string[] = [];
    const reader = await consumer(fresh('group'), {
      retry: {
        retries: 2,
        initialRetryTime: 10,
        restartOnFailure: async (error) => {
          asked.push(error.name);
          return false;
        },
      },
    });
    const crashes: { error: Error; restart: boolean; groupId: string }[] = [];
    reader.on('consumer.crash', ({ payload }) => {
      crashes.push(payload);
    });
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    let calls = 0;
    await reader.run({
      eachMessage: async () => {
        calls++;
        throw new Error('never');
      },
    });
    await until(() => crashes.length === 1);
    expect(calls).toBe(3);
    expect(asked).toEqual(['KafkaJSNumberOfRetriesExceeded']);
    expect(crashes[0]).toMatchObject({ restart: false, error: { message: 'never', retriable: false, retryCount: 2 } });
    expect(crashes[0]!.error).toBeInstanceOf(kafkajs.KafkaJSNumberOfRetriesExceeded);
  });

  test('events of a consumer from connect to disconnect', async () => {
    const topic = await topicOf();
    await produce(topic, numbers(3));
    const reader = kafka().consumer({ groupId: fresh('group'), maxWaitTimeInMs: 50, heartbeatInterval: 50 });
    const types: string[] = [];
    const { CONNECT, GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, STOP, DISCONNECT, HEARTBEAT } =
      reader.events;
    for (const name of [
      CONNECT,
      GROUP_JOIN,
      START_BATCH_PROCESS,
      END_BATCH_PROCESS,
      COMMIT_OFFSETS,
      STOP,
      DISCONNECT,
    ]) {
      reader.on(name, ({ type, id, timestamp }) => {
        expect([typeof id, typeof timestamp]).toEqual(['number', 'number']);
        if (!types.includes(type)) types.push(type);
      });
    }
    let beats = 0;
    const remove = reader.on(HEARTBEAT, () => {
      beats++;
    });
    await reader.connect();
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    await reader.run({ eachMessage: async () => {} });
    await until(() => beats > 0 && types.includes(COMMIT_OFFSETS));
    remove();
    await reader.disconnect();
    expect(types.toSorted()).toEqual(
      [CONNECT, GROUP_JOIN, START_BATCH_PROCESS, END_BATCH_PROCESS, COMMIT_OFFSETS, STOP, DISCONNECT].toSorted(),
    );
    expect(() => reader.on('consumer.nothing', () => {})).toThrow(kafkajs.KafkaJSNonRetriableError);
  });

  test('admin: topics, partitions, offsets, records', async () => {
    const client = await admin();
    const topic = await topicOf(2);
    expect(await client.createTopics({ topics: [{ topic }] })).toBe(false);
    expect(await client.listTopics()).toContain(topic);
    await client.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    const { topics } = await client.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]!.name).toBe(topic);
    expect(topics[0]!.partitions).toHaveLength(3);
    expect(topics[0]!.partitions[0]).toMatchObject({ partitionErrorCode: 0, leader: expect.any(Number) });
    await produce(topic, numbers(10), 1);
    const byPartition = (a: { partition: number }, b: { partition: number }) => a.partition - b.partition;
    await client.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '4' }] });
    expect((await client.fetchTopicOffsets(topic)).toSorted(byPartition)[1]).toEqual({
      partition: 1,
      offset: '10',
      high: '10',
      low: '4',
    });
    expect((await client.fetchTopicOffsetsByTimestamp(topic, 1)).toSorted(byPartition)[1]).toEqual({
      partition: 1,
      offset: '4',
    });
    await client.deleteTopics({ topics: [topic] });
    expect(await client.listTopics()).not.toContain(topic);
  });

  test('admin: groups and their offsets', async () => {
    const client = await admin();
    const topic = await topicOf();
    await produce(topic, numbers(6));
    const groupId = fresh('group');
    const reader = await consumer(groupId);
    await reader.subscribe({ topics: [topic], fromBeginning: true });
    let count = 0;
    await reader.run({
      eachMessage: async () => {
        count++;
      },
    });
    await until(() => count === 6);
    await expect(client.deleteGroups([groupId])).rejects.toMatchObject({
      name: 'KafkaJSDeleteGroupsError',
      groups: [{ groupId, error: { type: 'NON_EMPTY_GROUP', code: 68 } }],
    });
    await reader.disconnect();
    expect(await committed(groupId, topic)).toEqual(['6']);
    expect((await client.listGroups()).groups).toContainEqual({ groupId, protocolType: 'consumer' });
    expect((await client.describeGroups([groupId])).groups).toMatchObject([{ groupId, state: 'Empty', members: [] }]);
    expect(await client.deleteGroups([groupId])).toMatchObject([{ groupId, errorCode: 0 }]);
    expect((await client.describeGroups([groupId])).groups).toMatchObject([{ groupId, state: 'Dead' }]);
  });

  test('admin: settings and the cluster', async () => {
    const client = await admin();
    const topic = await topicOf();
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    await client.alterConfigs({
      validateOnly: false,
      resources: [{ type, name: topic, configEntries: [{ name: 'retention.ms', value: '12345' }] }],
    });
    const { resources } = await client.describeConfigs({
      includeSynonyms: false,
      resources: [{ type, name: topic, configNames: ['retention.ms'] }],
    });
    expect(resources).toMatchObject([
      {
        errorCode: 0,
        resourceType: 2,
        resourceName: topic,
        configEntries: [{ configName: 'retention.ms', configValue: '12345', isDefault: false, readOnly: false }],
      },
    ]);
    const cluster = await client.describeCluster();
    expect(cluster.brokers).toEqual([{ nodeId: expect.any(Number), host: '127.0.0.1', port }]);
    expect(cluster.clusterId).toEqual(expect.any(String));
  });

  test('errors have their names, whether they may pass, and what the broker said', async () => {
    const client = await admin();
    const gone = fresh('gone');
    await expect(client.deleteTopics({ topics: [gone] })).rejects.toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      retryCount: 4,
      retriable: false,
      cause: { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION', code: 3, retriable: true },
    });
    await expect(client.createTopics({ topics: [{ topic: 'not/valid' }] })).rejects.toMatchObject({
      name: 'KafkaJSAggregateError',
      errors: [{ name: 'KafkaJSCreateTopicError', type: 'INVALID_TOPIC_EXCEPTION', topic: 'not/valid' }],
    });
    const writer = await producer();
    const wrong = { name: 'KafkaJSNonRetriableError', retriable: false };
    await expect(writer.send({ topic: '', messages: [] })).rejects.toMatchObject(wrong);
    await expect(writer.send({ topic: gone, messages: [{} as face.Message] })).rejects.toMatchObject(wrong);
    const idempotent = await producer({ idempotent: true });
    await expect(idempotent.send({ topic: gone, acks: 1, messages: [{ value: '' }] })).rejects.toMatchObject(wrong);
    await expect(
      kafka()
        .producer()
        .send({ topic: gone, messages: [{ value: '' }] }),
    ).rejects.toMatchObject({
      name: 'KafkaJSError',
      retriable: true,
    });
    expect(() => kafka().consumer({ groupId: '' })).toThrow(kafkajs.KafkaJSNonRetriableError);
    const reader = await consumer(fresh('group'));
    expect(() => reader.seek({ topic: gone, partition: 0, offset: '1' })).toThrow(kafkajs.KafkaJSNonRetriableError);
    expect(() => reader.pause([{ topic: gone }])).toThrow(kafkajs.KafkaJSNonRetriableError);
    expect(reader.paused()).toEqual([]);
    await expect(reader.subscribe({ topic: 5 as unknown as string })).rejects.toMatchObject(wrong);
    await expect(reader.commitOffsets([{ topic: gone, partition: 0, offset: '-3' }])).rejects.toMatchObject(wrong);
  });

  test('a server that is not there: connect says so when its retries are used up', async () => {
    const client = new Kafka({
      brokers: async () => ['127.0.0.1:1'],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 10, retries: 1 },
    }).producer({ createPartitioner: kafkajs.Partitioners.LegacyPartitioner });
    await expect(client.connect()).rejects.toMatchObject({
      name: 'KafkaJSNumberOfRetriesExceeded',
      retryCount: 1,
      cause: { name: 'KafkaJSConnectionError' },
    });
  });

  test('KAFKAJS_LOG_LEVEL is stronger than the level of the program', () => {
    const labels: string[] = [];
    const logCreator = () => (entry: face.LogEntry) => void labels.push(entry.label);
    process.env.KAFKAJS_LOG_LEVEL = 'debug';
    try {
      new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.ERROR, logCreator }).logger().debug('said');
      process.env.KAFKAJS_LOG_LEVEL = 'no such level';
      new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.ERROR, logCreator }).logger().warn('not said');
    } finally {
      delete process.env.KAFKAJS_LOG_LEVEL;
    }
    expect(labels).toEqual(['DEBUG']);
  });

  test.each(['own', 'aws'] as const)('SASL by the mechanism %s', async (mechanism) => {
    const gate = await SaslGate.start({ host: '127.0.0.1', port }, 60_000);
    const heard: unknown[] = [];
    const sized = (text: string) => {
      const token = Buffer.alloc(4 + text.length, text);
      token.writeInt32BE(text.length);
      token.write(text, 4);
      return token;
    };
    const own: face.Mechanism = {
      mechanism: 'own',
      authenticationProvider: ({ host, port, saslAuthenticate }) => ({
        authenticate: async () => {
          heard.push(
            await saslAuthenticate({
              request: { encode: async () => sized(`hello ${host}:${port}`) },
              response: { decode: (raw: Buffer) => raw.subarray(4), parse: String },
            }),
          );
        },
      }),
    };
    const aws = {
      mechanism: 'aws',
      ...{ authorizationIdentity: 'id', accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: 'session' },
    } as const;
    const client = new Kafka({
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.NOTHING,
      sasl: mechanism === 'own' ? own : aws,
      // The broker has no SASL of its own: everything goes by the gate before it.
      socketFactory: ({ onConnect }) => net.connect({ host: '127.0.0.1', port: gate.port }, onConnect),
    }).admin();
    await client.connect();
    expect(await client.listTopics()).toEqual(expect.any(Array));
    await client.disconnect();
    await gate.stop();
    const said = mechanism === 'own' ? `OWN hello 127.0.0.1:${port}` : 'AWS id\0key\0secret\0session';
    expect(new Set(gate.tokens)).toEqual(new Set([said]));
    expect(new Set(heard)).toEqual(new Set(mechanism === 'own' ? [`heard hello 127.0.0.1:${port}`] : []));
  });

  test('a mechanism of the application’s own that gives up', async () => {
    const authenticate = async () => {
      throw new Error('no token today');
    };
    const gate = await SaslGate.start({ host: '127.0.0.1', port }, 60_000);
    const client = new Kafka({
      brokers: [`127.0.0.1:${gate.port}`],
      logLevel: logLevel.NOTHING,
      sasl: { mechanism: 'own', authenticationProvider: () => ({ authenticate }) },
      retry: { initialRetryTime: 10, retries: 0 },
    }).admin();
    await expect(client.connect()).rejects.toThrow('no token today');
    await client.disconnect();
    await gate.stop();
  });

  test('requests are events: which, of what size, how long', async () => {
    const writer = kafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    open.push(writer);
    const requests: face.RequestEvent['payload'][] = [];
    writer.on(writer.events.REQUEST, ({ payload }) => void requests.push(payload));
    await writer.connect();
    await writer.send({ topic: fresh('topic'), messages: [{ value: 'v' }] });
    await until(() => requests.some(({ apiName }) => apiName === 'Produce'));
    const produced = requests.find(({ apiName }) => apiName === 'Produce')!;
    expect(produced).toMatchObject({ apiKey: 0, clientId: 'app' });
    expect(produced.broker).toMatch(new RegExp(`:${port}$`));
    expect(produced.size).toBeGreaterThan(10);
    expect(produced.duration).toBeGreaterThanOrEqual(0);
    expect(produced.sentAt - produced.createdAt).toBe(produced.pendingDuration);
    for (const name of ['ApiVersions', 'Metadata']) expect(requests.map(({ apiName }) => apiName)).toContain(name);
  });

  test('a request that is not answered in time is an event', async () => {
    const proxy = await TcpProxy.start();
    proxy.target = { host: '127.0.0.1', port };
    const client = new Kafka({
      ...{ brokers: [`127.0.0.1:${proxy.port}`], clientId: 'app', logLevel: logLevel.NOTHING },
      ...{ requestTimeout: 400, enforceRequestTimeout: true, retry: { initialRetryTime: 10, retries: 0 } },
    }).admin();
    const late: face.RequestTimeoutEvent['payload'][] = [];
    client.on(client.events.REQUEST_TIMEOUT, ({ payload }) => void late.push(payload));
    proxy.silent = true;
    await client.connect().catch(() => {});
    await until(() => late.length > 0);
    expect(late[0]).toMatchObject({ apiName: 'ApiVersions', broker: `127.0.0.1:${proxy.port}`, clientId: 'app' });
    await client.disconnect();
    await proxy.close();
  });

  test.each([false, true])('sockets of the application’s own making, encrypted: %s', async (encrypted) => {
    const authority = await CertificateAuthority.create();
    const identity = await authority.issue({ name: 'broker', names: ['localhost'], addresses: ['127.0.0.1'] });
    const proxy = await TlsProxy.start(port, identity);
    const opened: string[] = [];
    // As KafkaJS's documentation has it, but for the door that everything goes through.
    const socketFactory: face.ISocketFactory = ({ host, port, ssl, onConnect }) => {
      opened.push(`${host}:${port}`);
      const door = { host, port: ssl ? proxy.port : port };
      const socket = ssl ? tls.connect({ ...door, ...ssl }, onConnect) : net.connect(door, onConnect);
      socket.setKeepAlive(true, 30_000);
      return socket;
    };
    const kafka = new Kafka({
      brokers: [`localhost:${port}`],
      logLevel: logLevel.NOTHING,
      socketFactory,
      ...(encrypted ? { ssl: { ca: [authority.cert] } } : {}),
    });
    const writer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    const reader = kafka.consumer({ groupId: fresh('group'), maxWaitTimeInMs: 50 });
    open.push(writer, reader);
    await Promise.all([writer.connect(), reader.connect()]);
    const topic = fresh('topic');
    await writer.send({ topic, messages: [{ value: 'by my own socket' }] });
    await reader.subscribe({ topic, fromBeginning: true });
    const seen: string[] = [];
    await reader.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    await until(() => seen.length > 0);
    expect(seen).toEqual(['by my own socket']);
    // By name, as it was configured.
    expect(opened[0]).toBe(`localhost:${port}`);
    await Promise.all([writer.disconnect(), reader.disconnect()]);
    await proxy.stop();
  });

  test('a socketFactory whose sockets do not connect, or that throws, is a failed connection', async () => {
    const refused: face.ISocketFactory = () => net.connect({ host: '127.0.0.1', port: 1 });
    const broken: face.ISocketFactory = () => {
      throw new Error('no proxy today');
    };
    for (const [socketFactory, says] of [
      [refused, /ECONNREFUSED/],
      [broken, /no proxy today/],
    ] as const) {
      const retry = { initialRetryTime: 10, retries: 1 };
      const client = new Kafka({ brokers: ['localhost:9092'], logLevel: logLevel.NOTHING, socketFactory, retry });
      await expect(client.admin().connect()).rejects.toThrow(says);
    }
  });

  test('the logger of the application gets the entries', async () => {
    const entries: face.LogEntry[] = [];
    const client = new Kafka({
      brokers: [`127.0.0.1:${port}`],
      logLevel: logLevel.INFO,
      logCreator: () => (entry) => {
        entries.push(entry);
      },
    });
    client.logger().namespace('Mine').warn('look', { at: 'this' });
    client.logger().debug('not this');
    expect(entries).toMatchObject([
      { namespace: 'Mine', level: logLevel.WARN, label: 'WARN', log: { message: 'look', at: 'this' } },
    ]);
  });
});

test('the face is one object too, as programs in ES modules import KafkaJS', () => {
  const { default: whole, ...named } = face;
  expect({ ...whole }).toEqual(named);
  // Errors of KafkaJS's inside, which its types do not name either.
  expect(Object.keys(original).filter((name) => !(name in whole))).toEqual([
    'KafkaJSMemberIdRequired',
    'KafkaJSInvariantViolation',
    'KafkaJSInvalidVarIntError',
    'KafkaJSInvalidLongError',
    'KafkaJSFetcherRebalanceError',
    'KafkaJSNoBrokerAvailableError',
  ]);
});

test('members of both clients share a group', async () => {
  const topic = fresh('topic');
  const groupId = fresh('group');
  const clients = [face, original].map((kafkajs) => {
    const kafka = new kafkajs.Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: kafkajs.logLevel.NOTHING });
    return { kafka, reader: kafka.consumer({ groupId, heartbeatInterval: 100, maxWaitTimeInMs: 50 }) };
  });
  const admin = clients[0]!.kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
  const assigned = new Map<number, number[]>();
  for (const [index, { reader }] of clients.entries()) {
    reader.on('consumer.group_join', ({ payload }) => {
      assigned.set(index, payload.memberAssignment[topic] ?? []);
    });
    await reader.connect();
    await reader.subscribe({ topics: [topic] });
    await reader.run({ eachMessage: async () => {} });
  }
  await until(() => assigned.get(0)?.length === 2 && assigned.get(1)?.length === 2);
  expect([...assigned.get(0)!, ...assigned.get(1)!].toSorted()).toEqual([0, 1, 2, 3]);
  await Promise.all(clients.map(({ reader }) => reader.disconnect()));
  await admin.disconnect();
});

test('the legacy and the default partitioner place every key as KafkaJS does', () => {
  const partitionMetadata = Array.from({ length: 17 }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  for (const kind of ['DefaultPartitioner', 'LegacyPartitioner', 'JavaCompatiblePartitioner'] as const) {
    const [mine, theirs] = [face.Partitioners[kind](), original.Partitioners[kind]()];
    for (let index = 0; index < 500; index++) {
      const message = { key: `${'k'.repeat(index % 9)}${index}é`, value: '' };
      const args = { topic: 't', partitionMetadata, message };
      expect([message.key, mine(args)]).toEqual([message.key, theirs(args)]);
    }
  }
});

test('what KafkaJS exports is here, with the same values', () => {
  // Exported there and in no types of it: what its insides say to each other.
  const inner = /MemberIdRequired|InvariantViolation|InvalidVarInt|InvalidLong|FetcherRebalance|NoBrokerAvailable/;
  for (const [name, value] of Object.entries(original)) {
    if (inner.test(name)) continue;
    expect(Object.keys(face), name).toContain(name);
    if (typeof value === 'object' && value !== null && !/Codecs|Assigners|Protocol|Partitioners/.test(name)) {
      expect((face as Record<string, unknown>)[name], name).toEqual(value);
    }
  }
});

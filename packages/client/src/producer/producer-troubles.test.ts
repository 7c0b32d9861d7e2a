// What other clients were blamed for, one test each, named by the complaint. The producer reaches its broker through a
// proxy that delays, cuts and goes silent, or a broker that does what it is told.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ScriptedBroker } from '../../test/scripted-broker.ts';
import { Consumer, KafkaError, Producer, type ProducerSettingOptions, type RecordMetadata } from '../index.ts';
import { ProxiedBroker } from '../test/proxied-broker.ts';

let broker: ProxiedBroker;

beforeAll(async () => {
  broker = await ProxiedBroker.start();
});

afterAll(async () => {
  await broker.stop();
});

const hasty: ProducerSettingOptions = { requestTimeoutMs: 300, retryBackoffMs: 20, retryBackoffMaxMs: 100 };
const writer = (options: ProducerSettingOptions = {}) =>
  new Producer({ bootstrapServers: broker.address, ...hasty, ...options });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Everything that partition 0 of the topic holds. */
async function stored(topic: string): Promise<{ value: number; offset: number }[]> {
  const consumer = new Consumer({ bootstrapServers: broker.address, autoOffsetReset: 'earliest' });
  const partition = { topic, partition: 0 };
  consumer.assign([partition]);
  const [{ offset: end } = { offset: 0 }] = await consumer.endOffsets([partition]);
  const found: { value: number; offset: number }[] = [];
  while (found.length < end) {
    for (const { value, offset } of await consumer.poll(500)) found.push({ value: Number(value), offset });
  }
  await consumer.close();
  return found;
}

function nameOf(error: unknown): string {
  return error instanceof KafkaError ? error.error : String(error);
}

for (const [how, harm] of [
  ['cut', () => broker.proxy.cut()],
  ['half-open', () => broker.proxy.halfOpen()],
] as const) {
  test(`ordering under retries: connections that are ${how} again and again with five requests in flight`, async () => {
    const topic = await broker.newTopic();
    const producer = writer({ batchSize: 200, lingerMs: 0 });
    const sent: Promise<RecordMetadata>[] = [];
    let harmed = 0;
    for (const i of upTo(600)) {
      sent.push(producer.send({ topic, partition: 0, value: String(i) }));
      if (i % 10 === 9) await pause(1);
      if (i % 150 === 75) {
        harm();
        harmed++;
      }
    }
    const answered = await Promise.all(sent);
    await producer.close();
    const log = await stored(topic);
    expect(harmed).toBe(4);
    expect(log.map(({ value }) => value)).toEqual(upTo(600));
    // What was answered is where the record is; -1 for one that an earlier attempt had written.
    for (const { value, offset } of log) expect([offset, -1]).toContain(answered[value]!.offset);
  });
}

test('a promise lost with its connection: answers that never come back are asked for again, and every call settles', async () => {
  const topic = await broker.newTopic();
  const producer = writer();
  await producer.send({ topic, partition: 0, value: '0' });
  const sent = upTo(50).map((i) => producer.send({ topic, partition: 0, value: String(i + 1) }));
  await pause(5);
  broker.proxy.halfOpen();
  const outcomes = await Promise.allSettled(sent);
  expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBe(50);
  await producer.close();
  expect((await stored(topic)).map(({ value }) => value)).toEqual(upTo(51));
});

test('a spurious offset for a failed send (Jepsen): what was not acknowledged in time is an error, never offset 0', async () => {
  const topic = await broker.newTopic();
  // The last send has this long for the new connection, and the machine may be busy.
  const producer = writer({ deliveryTimeoutMs: 2_500 });
  await producer.send({ topic, partition: 0, value: '0' });
  broker.proxy.refusing = true;
  broker.proxy.cut();
  try {
    const outcomes = await Promise.allSettled(
      upTo(20).map((i) => producer.send({ topic, partition: 0, value: String(i) })),
    );
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected');
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toMatchObject({ error: 'REQUEST_TIMED_OUT', topic, partition: 0, offset: undefined });
      expect(reason.message).toMatch(/delivery\.timeout\.ms/);
    }
  } finally {
    broker.proxy.refusing = false;
  }
  // And the producer is as good as new.
  const { offset } = await producer.send({ topic, partition: 0, value: '1' });
  expect(offset).toBe(1);
  await producer.close();
});

test('buffer.memory that is used up wakes those who wait, when the broker comes back and when it does not', async () => {
  const topic = await broker.newTopic();
  const producer = writer({ bufferMemory: 20_000, batchSize: 1000, deliveryTimeoutMs: 1500, maxBlockMs: 1500 });
  await producer.send({ topic, partition: 0, value: 'x' });
  for (const comesBack of [true, false]) {
    broker.proxy.refusing = true;
    broker.proxy.cut();
    const value = 'x'.repeat(900);
    const outcomes: string[] = [];
    let pushed = 0;
    while (producer.push({ topic, partition: 0, value }, (error) => outcomes.push(error?.error ?? 'ok'))) pushed++;
    expect(pushed).toBeGreaterThan(10);
    // Beyond the buffer and as much again a record fails at once, and nothing before it does.
    for (let i = 0; i < 100; i++) {
      producer.push({ topic, partition: 0, value }, (error) => outcomes.push(error?.error ?? 'ok'));
    }
    expect(outcomes.length).toBeGreaterThan(60);
    expect(new Set(outcomes)).toEqual(new Set(['BUFFER_EXHAUSTED']));
    const refused = outcomes.length;
    if (comesBack) setTimeout(() => Object.assign(broker.proxy, { refusing: false }), 200);
    await producer.whenWritable();
    await producer.flush();
    broker.proxy.refusing = false;
    expect(outcomes.length).toBe(pushed + 101);
    const late = new Set(outcomes.slice(refused));
    if (comesBack) expect(late).toEqual(new Set(['ok']));
    else expect(late.has('ok')).toBe(false);
  }
  await producer.close();
});

describe('close() during an outage', () => {
  test('that ends: waits, and loses nothing', async () => {
    const topic = await broker.newTopic();
    const producer = writer();
    await producer.partitionsFor(topic);
    broker.proxy.refusing = true;
    broker.proxy.cut();
    const sent = upTo(30).map((i) => producer.send({ topic, partition: 0, value: String(i) }));
    const closed = producer.close();
    await pause(300);
    broker.proxy.refusing = false;
    await closed;
    await Promise.all(sent);
    expect((await stored(topic)).map(({ value }) => value)).toEqual(upTo(30));
  });

  test('that does not end: gives up after its time-out, and every call is told', async () => {
    const topic = await broker.newTopic();
    const producer = writer();
    await producer.partitionsFor(topic);
    broker.proxy.refusing = true;
    broker.proxy.cut();
    try {
      const sent = upTo(10).map((i) => producer.send({ topic, partition: 0, value: String(i) }).catch(nameOf));
      const unknownTopic = producer.send({ topic: `${topic}-unknown`, value: 'held' }).catch(nameOf);
      await producer.close({ timeoutMs: 100 });
      expect(new Set(await Promise.all([...sent, unknownTopic]))).toEqual(new Set(['CLIENT_CLOSED']));
      await expect(producer.send({ topic, value: 'late' })).rejects.toMatchObject({ error: 'CLIENT_CLOSED' });
    } finally {
      broker.proxy.refusing = false;
    }
  });

  test('of a cluster that was never reached', async () => {
    const producer = new Producer({ bootstrapServers: '127.0.0.1:1', ...hasty });
    const sent = producer.send({ topic: 't', value: 'v' }).catch(nameOf);
    await producer.close({ timeoutMs: 50 });
    expect(await sent).toBe('CLIENT_CLOSED');
  });
});

test('a leader that moves: what the old one refuses goes to the new one, in order, at its first word (KIP-951)', async () => {
  const versions = [
    { apiKey: 0, minVersion: 3, maxVersion: 12 },
    { apiKey: 3, minVersion: 0, maxVersion: 12 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
    { apiKey: 22, minVersion: 0, maxVersion: 4 },
  ];
  let leader = 1;
  const asked: string[] = [];
  const brokers: ScriptedBroker[] = [];
  const serve = (id: number) =>
    ScriptedBroker.start(({ api, body }) => {
      const nodes = brokers.map(({ port }, i) => ({ nodeId: i + 1, host: '127.0.0.1', port, rack: null }));
      switch (api) {
        case 'ApiVersions':
          return { errorCode: 0, apiKeys: versions };
        case 'InitProducerId':
          return { errorCode: 0, producerId: 5, producerEpoch: 0 };
        case 'Metadata': {
          const partitions = [
            { errorCode: 0, partitionIndex: 0, leaderId: leader, leaderEpoch: leader, replicaNodes: [], isrNodes: [] },
          ].map((entry) => ({ ...entry, offlineReplicas: [] }));
          const topics = [
            { errorCode: 0, name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', isInternal: false, partitions },
          ];
          asked.push(`${id}: Metadata`);
          return { brokers: nodes, clusterId: 'c', controllerId: 1, topics };
        }
        default: {
          const isLeader = id === leader;
          asked.push(`${id}: ${api} ${isLeader ? 'taken' : 'refused'}`);
          const { topicData } = body as { topicData: { name: string }[] };
          return {
            responses: topicData.map(({ name }) => ({
              name,
              partitionResponses: [
                {
                  index: 0,
                  errorCode: isLeader ? 0 : 6,
                  baseOffset: isLeader ? 40 : -1,
                  logAppendTimeMs: -1,
                  logStartOffset: 0,
                  recordErrors: [],
                  errorMessage: null,
                  currentLeader: isLeader
                    ? { leaderId: -1, leaderEpoch: -1 }
                    : { leaderId: leader, leaderEpoch: leader },
                },
              ],
            })),
          };
        }
      }
    });
  brokers.push(await serve(1), await serve(2));
  const producer = new Producer({ bootstrapServers: `127.0.0.1:${brokers[0]!.port}`, ...hasty });
  try {
    await producer.partitionsFor('t');
    leader = 2;
    asked.length = 0;
    expect((await producer.send({ topic: 't', partition: 0, value: 'v' })).offset).toBe(40);
    expect(asked).toEqual(['1: Produce refused', '2: Produce taken']);
  } finally {
    await producer.close();
    for (const one of brokers) await one.stop();
  }
});

test('transactions on a broker without them: said at once, and by name', async () => {
  const producer = writer({ transactionalId: 'tx' });
  await expect(producer.initTransactions()).rejects.toMatchObject({ error: 'UNSUPPORTED_VERSION' });
  await producer.close();
  const plain = writer();
  await expect(plain.initTransactions()).rejects.toMatchObject({ error: 'ILLEGAL_STATE' });
  await plain.close();
  for (const options of [{ acks: 1 }, { enableIdempotence: false }, { retries: 0 }] as const) {
    expect(() => writer({ transactionalId: 'tx', ...options })).toThrow(/transactionalId is set/);
  }
});

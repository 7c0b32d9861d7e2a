// A topic that is deleted and made again under the same name is another topic. A consumer that carried its old position over
// would skip the new records before it and never say so. First on a Moldau broker, as applications meet it (classic groups,
// and partitions assigned by hand); then the consumer protocol (KIP-848), as its coordinator tells of it.
import { WIRE_ERRORS } from '@moldau/protocol';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Reply, ScriptedBroker } from '../../test/scripted-broker.ts';
import { Consumer, type ConsumerEvents, type ConsumerOptions, KafkaError, Producer } from '../index.ts';
import { ProxiedBroker } from '../test/proxied-broker.ts';

let broker: ProxiedBroker;
beforeAll(async () => {
  broker = await ProxiedBroker.start();
});
afterAll(async () => {
  await broker.stop();
});

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function reader(options: Partial<ConsumerOptions<string, string>> = {}) {
  const consumer = new Consumer<string, string>({
    bootstrapServers: broker.address,
    autoOffsetReset: 'earliest',
    // A consumer that asks for a topic which is gone would make it anew itself.
    allowAutoCreateTopics: false,
    valueDeserializer: String,
    fetchMaxWaitMs: 100,
    heartbeatIntervalMs: 50,
    retryBackoffMs: 20,
    retryBackoffMaxMs: 50,
    ...options,
  });
  stops.push(() => consumer.close());
  const told: ConsumerEvents['recreated'][] = [];
  consumer.on('recreated', (event) => told.push(event));
  return { consumer, told };
}

async function fill(topic: string, values: readonly string[]): Promise<void> {
  const producer = new Producer({ bootstrapServers: broker.address });
  await Promise.all(values.map((value) => producer.send({ topic, partition: 0, value })));
  await producer.close();
}

async function values(consumer: Consumer<string, string>, count: number): Promise<(string | null)[]> {
  const seen: (string | null)[] = [];
  while (seen.length < count) seen.push(...(await consumer.poll(100)).map(({ value }) => value));
  return seen;
}

async function deleted(topic: string): Promise<void> {
  const outcome = (await broker.admin.deleteTopics([topic])).get(topic);
  if (outcome instanceof KafkaError) throw outcome;
}

async function created(topic: string): Promise<void> {
  await expect
    .poll(async () => (await broker.admin.createTopics([{ name: topic, numPartitions: 1 }])).get(topic), {
      timeout: 20_000,
    })
    .not.toBeInstanceOf(KafkaError);
}

const OLD = ['a', 'b', 'c'];
// Longer than what was read: the old position would be one of the new topic as well.
const NEW = ['v', 'w', 'x', 'y', 'z'];

for (const meanwhile of ['at once', 'while the consumer polls'] as const) {
  for (const how of ['a group', 'assigned'] as const) {
    test(`${how}: a topic made again ${meanwhile} is read from its beginning, and said to be another one`, async () => {
      const topic = await broker.newTopic();
      await fill(topic, OLD);
      const { consumer, told } = reader({ groupId: `${topic}-group` });
      if (how === 'assigned') consumer.assign([{ topic, partition: 0 }]);
      else consumer.subscribe(topic);
      expect(await values(consumer, 3)).toEqual(OLD);
      await consumer.commitSync();
      await deleted(topic);
      if (meanwhile !== 'at once') for (let i = 0; i < 5; i++) expect(await consumer.poll(50)).toEqual([]);
      await created(topic);
      await fill(topic, NEW);
      expect(await values(consumer, 5)).toEqual(NEW);
      expect(told).toMatchObject([{ topic, partitions: [{ topic, partition: 0 }] }]);
      if (how === 'assigned') expect(told[0]!.startsOver).toBe(true);
      const [description] = (await broker.admin.describeTopics([topic])).values();
      expect(told[0]!.topicId).toBe((description as { topicId: string }).topicId);
      await fill(topic, ['more']);
      expect(await values(consumer, 1)).toEqual(['more']);
      await consumer.commitSync();
      expect((await consumer.committed([{ topic, partition: 0 }]))[0]?.offset).toBe(6);
      expect(told.length).toBe(1);
    });
  }
}

test('an offset of the old topic is not committed for the new one', async () => {
  const topic = await broker.newTopic();
  await fill(topic, OLD);
  const { consumer } = reader({ groupId: `${topic}-group`, enableAutoCommit: false });
  consumer.subscribe(topic);
  expect(await values(consumer, 3)).toEqual(OLD);
  await deleted(topic);
  await created(topic);
  await expect(consumer.commitSync()).rejects.toMatchObject({ error: 'UNKNOWN_TOPIC_ID', topic });
  expect(await consumer.committed([{ topic, partition: 0 }])).toEqual([undefined]);
});

test('auto.offset.reset=none: each poll says so until the application seeks', async () => {
  const topic = await broker.newTopic();
  const where = { topic, partition: 0 };
  await fill(topic, OLD);
  const { consumer, told } = reader({ autoOffsetReset: 'none' });
  consumer.assign([where]);
  consumer.seek(where, 0);
  expect(await values(consumer, 3)).toEqual(OLD);
  await deleted(topic);
  await created(topic);
  await fill(topic, NEW);
  for (let time = 1; time <= 2; time++) {
    await expect(values(consumer, 1)).rejects.toMatchObject({
      error: 'NO_OFFSET_FOR_PARTITION',
      message: expect.stringContaining('was deleted and created again'),
      ...where,
    });
  }
  await expect(consumer.position(where)).rejects.toMatchObject({ error: 'NO_OFFSET_FOR_PARTITION' });
  consumer.seek(where, 1);
  expect(await values(consumer, 4)).toEqual(NEW.slice(1));
  expect(told.length).toBe(1);
});

const [A, B] = ['AAAAAAAAAAAAAAAAAAAAAQ', 'BBBBBBBBBBBBBBBBBBBBBQ'];
const KIP_848 = {
  errorCode: 0,
  apiKeys: [
    { apiKey: 1, minVersion: 4, maxVersion: 13 },
    { apiKey: 2, minVersion: 1, maxVersion: 7 },
    { apiKey: 3, minVersion: 0, maxVersion: 12 },
    { apiKey: 8, minVersion: 2, maxVersion: 10 },
    { apiKey: 9, minVersion: 1, maxVersion: 9 },
    { apiKey: 10, minVersion: 0, maxVersion: 4 },
    { apiKey: 18, minVersion: 0, maxVersion: 4 },
    { apiKey: 68, minVersion: 0, maxVersion: 1 },
  ],
};

interface Heartbeat {
  readonly memberEpoch: number;
  readonly topicPartitions: readonly { topicId: string; partitions: readonly number[] }[] | null;
}

/** A broker that coordinates and leads one topic `t`, which is `id` at the moment; null: there is none. */
class Kip848Broker {
  id: string | null = A!;
  logs: Record<string, readonly string[]> = { [A!]: OLD, [B!]: NEW };
  /** What members say they have, each time they say it: '-' nothing, 'A0' partition 0 of A. */
  readonly said: string[] = [];
  readonly committed: string[] = [];
  #told: string | null | undefined;
  #epoch = 0;
  #broker!: ScriptedBroker;

  static async start(): Promise<Kip848Broker> {
    const made = new Kip848Broker();
    made.#broker = await ScriptedBroker.start(({ api, body }) => made.#reply(api, body));
    return made;
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.#broker.port}`;
  }

  stop(): Promise<void> {
    return this.#broker.stop();
  }

  #reply(api: string, body: Record<string, unknown>): Reply {
    switch (api) {
      case 'ApiVersions':
        return KIP_848;
      case 'FindCoordinator':
        return {
          coordinators: [{ key: 'g', nodeId: 1, host: '127.0.0.1', port: this.#broker.port, errorCode: 0 }],
        };
      case 'ConsumerGroupHeartbeat':
        return this.#heartbeat(body as unknown as Heartbeat);
      case 'Metadata':
        return this.#metadata();
      case 'OffsetFetch':
        return { groups: [{ groupId: 'g', topics: [] }] };
      case 'OffsetCommit':
        return this.#commit(body);
      case 'ListOffsets':
        return {
          topics: [
            { name: 't', partitions: [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 0, leaderEpoch: 0 }] },
          ],
        };
      default:
        return this.#fetch(body);
    }
  }

  #heartbeat({ memberEpoch, topicPartitions }: Heartbeat): object {
    if (memberEpoch < 0) return { errorCode: 0, memberId: 'm', memberEpoch, heartbeatIntervalMs: 0, assignment: null };
    if (topicPartitions) {
      const text = topicPartitions.map(({ topicId, partitions }) => `${topicId[0]}${partitions}`).join() || '-';
      if (this.said.at(-1) !== text) this.said.push(text);
    }
    const news = memberEpoch === 0 || this.#told !== this.id;
    if (news) this.#epoch++;
    this.#told = this.id;
    const topics = this.id === null ? [] : [{ topicId: this.id, partitions: [0] }];
    return {
      errorCode: 0,
      memberId: 'm',
      memberEpoch: this.#epoch,
      heartbeatIntervalMs: 20,
      assignment: news ? { topicPartitions: topics } : null,
    };
  }

  #metadata(): object {
    const partition = {
      ...{ errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 0 },
      ...{ replicaNodes: [1], isrNodes: [1], offlineReplicas: [] },
    };
    return {
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: this.#broker.port, rack: null }],
      clusterId: 'c',
      controllerId: 1,
      topics: [
        this.id === null
          ? { errorCode: 3, name: 't', topicId: A, isInternal: false, partitions: [] }
          : { errorCode: 0, name: 't', topicId: this.id, isInternal: false, partitions: [partition] },
      ],
    };
  }

  #commit(body: Record<string, unknown>): object {
    const [{ topicId, partitions }] = body.topics as [{ topicId: string; partitions: { committedOffset: number }[] }];
    this.committed.push(`${topicId[0]}:${partitions[0]!.committedOffset}`);
    const errorCode = topicId === this.id ? 0 : WIRE_ERRORS.UNKNOWN_TOPIC_ID.code;
    return { topics: [{ topicId, partitions: [{ partitionIndex: 0, errorCode }] }] };
  }

  #fetch(body: Record<string, unknown>): object {
    const [asked] = body.topics as [{ topicId: string; partitions: { fetchOffset: number }[] } | undefined];
    if (!asked) return { errorCode: 0, sessionId: 0, responses: [] };
    const { topicId } = asked;
    const log = this.logs[topicId] ?? [];
    const baseOffset = asked.partitions[0]!.fetchOffset;
    const records = log.slice(baseOffset).map((value) => ({ key: null, value: Buffer.from(value), timestamp: 1 }));
    const partition = {
      partitionIndex: 0,
      errorCode: topicId === this.id ? 0 : WIRE_ERRORS.UNKNOWN_TOPIC_ID.code,
      highWatermark: log.length,
      lastStableOffset: log.length,
      logStartOffset: 0,
      abortedTransactions: null,
      records: topicId === this.id && records.length > 0 ? writeBatch({ baseOffset, leaderEpoch: 0, records }) : null,
    };
    return { errorCode: 0, sessionId: 0, responses: [{ topicId, partitions: [partition] }] };
  }
}

for (const [how, between] of [
  ['in one step', false],
  ['with nothing in between', true],
] as const) {
  test(`KIP-848: a coordinator that gives the new topic ${how}`, async () => {
    const coordinator = await Kip848Broker.start();
    stops.push(() => coordinator.stop());
    const { consumer, told } = reader({
      bootstrapServers: coordinator.bootstrap,
      groupId: 'g',
      groupProtocol: 'consumer',
      heartbeatIntervalMs: undefined,
    });
    consumer.subscribe('t');
    expect(await values(consumer, 3)).toEqual(OLD);
    if (between) {
      coordinator.id = null;
      while (consumer.assignment().length > 0) expect(await consumer.poll(10)).toEqual([]);
    }
    coordinator.id = B!;
    expect(await values(consumer, 5)).toEqual(NEW);
    expect(told).toMatchObject([{ topic: 't', topicId: B, partitions: [{ topic: 't', partition: 0 }] }]);
    if (between) expect(told[0]!.startsOver).toBe(false);
    await consumer.commitSync();
    expect(coordinator.committed.at(-1)).toBe('B:5');
    while (coordinator.said.at(-1) !== 'B0') await consumer.poll(10);
    // In one step too it may have nothing for a moment: until metadata tells the new topic's name.
    expect(coordinator.said.filter((text) => text !== '-')).toEqual(['A0', 'B0']);
  });
}

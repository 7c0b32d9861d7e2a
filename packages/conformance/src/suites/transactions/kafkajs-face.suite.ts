// `producer.transaction()`: one table of tests for KafkaJS and for our face with its API.
import * as face from '@moldau/client/kafkajs';
import * as original from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTopic } from '../../contract/leaders.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { moldauClient } from '../moldau-client/adapter.ts';
import { offered } from './offered.ts';
import { END, seen } from './reading.ts';

const { transactions } = await offered();

/** What the tests use of either module: the types of one serve for both. */
type Module = typeof original;

const modules: readonly (readonly [name: string, module: Module])[] = [
  ['KafkaJS', original],
  ['@moldau/client/kafkajs', face as unknown as Module],
];

for (const [name, { Kafka, logLevel, CompressionTypes }] of modules) {
  describe(`${name}: transactions`, () => {
    const kafka = new Kafka({
      brokers: [bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { retries: 10, initialRetryTime: 50, maxRetryTime: 500 },
    });
    const connected: original.Producer[] = [];

    async function producerOf(transactionalId: string): Promise<original.Producer> {
      const producer = kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true });
      connected.push(producer);
      await producer.connect();
      return producer;
    }

    afterEach(async () => {
      for (const producer of connected.splice(0)) await producer.disconnect();
    });

    if (!transactions) {
      test('a broker without transactions refuses them', async () => {
        const producer = await producerOf(fresh('tx')).catch((error: Error) => error);
        if (producer instanceof Error) return expect(producer.name).toMatch(/KafkaJS/);
        await expect(producer.transaction()).rejects.toMatchObject({ name: expect.stringContaining('KafkaJS') });
      });
      return;
    }

    let client: Awaited<ReturnType<typeof moldauClient.connect>>;
    beforeAll(async () => {
      client = await moldauClient.connect(bootstrap);
    });
    afterAll(() => client.close());

    async function newTopic(): Promise<string> {
      const topic = fresh('tx');
      await createTopic(client, topic, 1);
      return topic;
    }

    async function end(producer: original.Producer, topic: string): Promise<void> {
      const last = await producer.transaction();
      await last.send({ topic, messages: [{ value: END }] });
      await last.commit();
    }

    test('commit, abort, isActive', async () => {
      const topic = await newTopic();
      const producer = await producerOf(fresh('tx'));
      const first = await producer.transaction();
      expect(first.isActive()).toBe(true);
      const sent = await first.send({ topic, messages: [{ key: 'k', value: 'kept' }, { value: 'kept too' }] });
      expect(sent).toMatchObject([{ topicName: topic, partition: 0, errorCode: 0, baseOffset: '0' }]);
      await first.sendBatch({
        topicMessages: [{ topic, messages: [{ value: 'in a batch' }] }],
        compression: CompressionTypes.GZIP,
      });
      await first.commit();
      expect(first.isActive()).toBe(false);

      const second = await producer.transaction();
      await second.send({ topic, messages: [{ value: 'gone' }] });
      await second.abort();
      expect(second.isActive()).toBe(false);
      for (const call of [() => second.commit(), () => second.abort(), () => second.send({ topic, messages: [] })]) {
        await expect(call()).rejects.toMatchObject({ name: 'KafkaJSNonRetriableError' });
      }
      await end(producer, topic);
      expect(await seen(client, topic, 1, { isolation: 'read_committed' })).toEqual(['kept', 'kept too', 'in a batch']);
    });

    test('one at a time', async () => {
      const producer = await producerOf(fresh('tx'));
      const first = await producer.transaction();
      await expect(producer.transaction()).rejects.toMatchObject({ name: 'KafkaJSNonRetriableError' });
      await first.abort();
      const next = await producer.transaction();
      await next.commit();
    });

    test('sendOffsets: committed with the transaction', async () => {
      const topic = await newTopic();
      const groupId = fresh('g');
      const producer = await producerOf(fresh('tx'));
      const admin = kafka.admin();
      await admin.connect();
      const committed = async () => {
        const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
        return found?.partitions[0]?.offset;
      };
      const offsetsOf = (offset: string) => ({
        consumerGroupId: groupId,
        topics: [{ topic, partitions: [{ partition: 0, offset }] }],
      });
      const kept = await producer.transaction();
      await kept.sendOffsets(offsetsOf('3'));
      await kept.commit();
      await eventually('the offset to be there', async () => (await committed()) === '3');
      const gone = await producer.transaction();
      await gone.sendOffsets(offsetsOf('7'));
      await gone.abort();
      expect(await committed()).toBe('3');
      await admin.disconnect();
    });

    test('without a transactional id there are none', async () => {
      const producer = kafka.producer();
      connected.push(producer);
      await producer.connect();
      await expect(producer.transaction()).rejects.toMatchObject({ name: 'KafkaJSNonRetriableError' });
    });
  });
}

// Transactions of our producer, seen by other clients: what was committed is there, once and in order; what was aborted is
// not, for readers that ask for committed records only. The protocol is the broker's: transaction.version 2 (Apache Kafka
// 4.x) or the older one (3.9). A broker without transactions has to say so.
import {
  Admin,
  Consumer,
  type ConsumerSettingOptions,
  KafkaError,
  Producer,
  type ProducerSettingOptions,
  transactionErrorClass,
} from '@moldau/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectedClient } from '../../contract/client.ts';
import { newQuickGroup, offersConsumerProtocol } from '../../contract/consumer-protocol.ts';
import { createTopic } from '../../contract/leaders.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { java } from '../java/adapter.ts';
import { moldauClient } from '../moldau-client/adapter.ts';
import { confluentPython } from '../python/adapters.ts';
import { offered } from './offered.ts';
import { connectAll, END, seen } from './reading.ts';

const { transactions, transactionVersion } = await offered();

const admin = new Admin({ bootstrapServers: bootstrap });
const protocols = (await offersConsumerProtocol(admin)) ? (['classic', 'consumer'] as const) : (['classic'] as const);
afterAll(() => admin.close());

/** A member that is missed soon, by either protocol; the second has its times from the group. */
const membership = (groupProtocol: 'classic' | 'consumer'): ConsumerSettingOptions =>
  groupProtocol === 'classic' ? { heartbeatIntervalMs: 300, sessionTimeoutMs: 6_000 } : { groupProtocol };
const newGroup = (protocol: 'classic' | 'consumer') => (protocol === 'classic' ? fresh('g') : newQuickGroup(admin));

const open = new Set<Producer>();

function producerOf(transactionalId: string, o: ProducerSettingOptions = {}): Producer {
  const producer = new Producer({ bootstrapServers: bootstrap, transactionalId, ...o });
  open.add(producer);
  return producer;
}

async function ready(transactionalId = fresh('tx'), o: ProducerSettingOptions = {}): Promise<Producer> {
  const producer = producerOf(transactionalId, o);
  await producer.initTransactions();
  return producer;
}

/** Writes the marks that readers wait for. */
async function end(producer: Producer, topic: string, partitions: number): Promise<void> {
  producer.beginTransaction();
  for (let partition = 0; partition < partitions; partition++) void producer.send({ topic, partition, value: END });
  await producer.commitTransaction();
}

function nameOf(error: unknown): string {
  return error instanceof KafkaError ? error.error : String(error);
}

async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'no failure', nameOf);
}

afterEach(async () => {
  await Promise.all([...open].map((producer) => producer.close({ timeoutMs: 10_000 })));
  open.clear();
});

if (!transactions) {
  test('a broker without transactions: initTransactions says so', async () => {
    const producer = producerOf(fresh('tx'));
    expect(await failure(producer.initTransactions())).toBe('UNSUPPORTED_VERSION');
  });
}

if (transactions) {
  describe(`transactions by the protocol of transaction.version ${transactionVersion}`, () => {
    let clients: Map<string, ConnectedClient>;
    let operator: ConnectedClient;

    beforeAll(async () => {
      clients = await connectAll([moldauClient, java, confluentPython], bootstrap);
      operator = clients.get(moldauClient.name)!;
    });
    afterAll(async () => {
      for (const client of clients.values()) await client.close();
    });

    async function newTopic(partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<string> {
      const topic = fresh('tx');
      await createTopic(operator, topic, partitions, configs);
      return topic;
    }

    /** Offset that the group has committed for partition 0; -1: none. */
    async function committed(groupId: string, topic: string): Promise<number> {
      const consumer = new Consumer({ bootstrapServers: bootstrap, groupId });
      try {
        const [found] = await consumer.committed([{ topic, partition: 0 }]);
        return found?.offset ?? -1;
      } finally {
        await consumer.close();
      }
    }

    for (const reader of [java, confluentPython, moldauClient]) {
      test(`committed records are seen, aborted ones are not (read by ${reader.name})`, async () => {
        const topic = await newTopic(3);
        const producer = await ready();
        const kept: string[] = [];
        const all: string[] = [];
        for (let i = 0; i < 12; i++) {
          producer.beginTransaction();
          const sent: Promise<unknown>[] = [];
          for (let j = 0; j < 9; j++) {
            const value = `${i}.${j}`;
            sent.push(producer.send({ topic, partition: j % 3, value }));
            all.push(value);
            if (i % 3 !== 1) kept.push(value);
          }
          if (i % 3 === 1) {
            // Written for certain, so that there is something to be hidden.
            await Promise.all(sent);
            await producer.abortTransaction();
          } else {
            await producer.commitTransaction();
            await Promise.all(sent);
          }
        }
        await end(producer, topic, 3);
        const client = clients.get(reader.name)!;
        const inOrder = (values: readonly string[]) =>
          [0, 1, 2].flatMap((partition) => values.filter((value) => Number(value.split('.')[1]) % 3 === partition));
        expect(await seen(client, topic, 3, { isolation: 'read_committed' })).toEqual(inOrder(kept));
        expect(await seen(client, topic, 3)).toEqual(inOrder(all));
      });
    }

    for (const [writer, reader] of [
      [java, moldauClient],
      [moldauClient, java],
    ] as const) {
      test(`${writer.name} writes transactions: ${reader.name} reads the committed ones, and uncommitted all`, async () => {
        const topic = await newTopic(2);
        const sender = await clients.get(writer.name)!.sender({ transactionalId: fresh('tx'), codec: 'lz4' });
        const { begin, commit, abort } = sender.transactions!;
        const write = async (n: number, how: () => Promise<void>, texts = [`${n}.0`, `${n}.1`]) => {
          await begin();
          await sender.send(
            topic,
            texts.map((text, partition) => ({ key: null, value: Buffer.from(text), partition })),
          );
          await how();
          return texts;
        };
        const kept: string[] = [];
        const all: string[] = [];
        try {
          for (let n = 0; n < 9; n++) {
            const aborts = n % 3 === 1;
            const texts = await write(n, aborts ? abort : commit);
            all.push(...texts);
            if (!aborts) kept.push(...texts);
          }
          await write(9, commit, [END, END]);
        } finally {
          await sender.close();
        }
        const inOrder = (texts: readonly string[]) =>
          [0, 1].flatMap((p) => texts.filter((text) => text.endsWith(`.${p}`)));
        const client = clients.get(reader.name)!;
        expect(await seen(client, topic, 2, { isolation: 'read_committed' })).toEqual(inOrder(kept));
        expect(await seen(client, topic, 2)).toEqual(inOrder(all));
      });
    }

    test('batches of every size, with five requests under way', async () => {
      const topic = await newTopic(4);
      const producer = await ready(fresh('tx'), { batchSize: 500, lingerMs: 0, compressionType: 'lz4' });
      const expected: string[] = [];
      for (const count of [1, 1000, 3, 400]) {
        producer.beginTransaction();
        const sent = Array.from({ length: count }, (_, i) => {
          expected.push(`${count}-${i}`);
          return producer.send({ topic, key: `k${i % 50}`, value: `${count}-${i}` });
        });
        await producer.commitTransaction();
        await Promise.all(sent);
      }
      await end(producer, topic, 4);
      const got = await seen(clients.get(java.name)!, topic, 4, { isolation: 'read_committed' });
      expect(got.toSorted()).toEqual(expected.toSorted());
    });

    test('a transaction without records commits and aborts', async () => {
      const producer = await ready();
      producer.beginTransaction();
      await producer.commitTransaction();
      producer.beginTransaction();
      await producer.abortTransaction();
    });

    test('a producer that comes after another of the same id fences it, and ends what it left open', async () => {
      const topic = await newTopic(1);
      const id = fresh('tx');
      const zombie = await ready(id);
      zombie.beginTransaction();
      await zombie.send({ topic, partition: 0, value: 'left open' });
      const successor = await ready(id);
      const late = await failure(zombie.send({ topic, partition: 0, value: 'too late' }));
      expect(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED']).toContain(late);
      expect(await failure(zombie.commitTransaction())).toBe(late);
      expect(await failure(zombie.abortTransaction())).toBe('PRODUCER_FENCED');
      expect(transactionErrorClass(new KafkaError('PRODUCER_FENCED'))).toBe('applicationRecoverable');
      successor.beginTransaction();
      void successor.send({ topic, partition: 0, value: 'mine' });
      await successor.commitTransaction();
      await end(successor, topic, 1);
      expect(await seen(operator, topic, 1, { isolation: 'read_committed' })).toEqual(['mine']);
    });

    test('a zombie that has not noticed cannot commit', async () => {
      const topic = await newTopic(1);
      const id = fresh('tx');
      const zombie = await ready(id);
      zombie.beginTransaction();
      await zombie.send({ topic, partition: 0, value: 'left open' });
      const successor = await ready(id);
      expect(await failure(zombie.commitTransaction())).toBe('PRODUCER_FENCED');
      await end(successor, topic, 1);
      expect(await seen(operator, topic, 1, { isolation: 'read_committed' })).toEqual([]);
    });

    test('offsets are committed with the transaction, or not at all', async () => {
      const topic = await newTopic(1);
      const groupId = fresh('g');
      const producer = await ready();
      const offsetsOf = (offset: number) => [{ topic, partition: 0, offset, metadata: 'm' }];
      producer.beginTransaction();
      await producer.sendOffsetsToTransaction(offsetsOf(5), { groupId });
      await producer.commitTransaction();
      await eventually('the offset to be there', async () => (await committed(groupId, topic)) === 5);
      producer.beginTransaction();
      void producer.send({ topic, partition: 0, value: 'x' }).catch(() => {});
      await producer.sendOffsetsToTransaction(offsetsOf(9), { groupId });
      await producer.abortTransaction();
      expect(await committed(groupId, topic)).toBe(5);
    });

    test.each(protocols)('read, work, write (%s), one of two stopped: each input comes out once', async (protocol) => {
      const input = await newTopic(4);
      const output = await newTopic(1);
      const groupId = await newGroup(protocol);
      const feeder = await ready();
      feeder.beginTransaction();
      for (let i = 0; i < 200; i++) void feeder.send({ topic: input, key: `k${i}`, value: `${i}` });
      await feeder.commitTransaction();

      const worker = async (name: string, stopAfter: number): Promise<void> => {
        const producer = await ready(fresh('tx'));
        const consumer = new Consumer({
          bootstrapServers: bootstrap,
          groupId,
          autoOffsetReset: 'earliest',
          enableAutoCommit: false,
          isolationLevel: 'read_committed',
          maxPollRecords: 10,
          ...membership(protocol),
        });
        consumer.subscribe(input);
        let done = 0;
        let idle = 0;
        while (idle < 30 && done < stopAfter) {
          const records = await consumer.poll(100);
          idle = records.length === 0 ? idle + 1 : 0;
          if (records.length === 0) continue;
          producer.beginTransaction();
          try {
            const next = new Map<number, number>();
            for (const record of records) {
              void producer.send({ topic: output, partition: 0, value: `${record.value} by ${name}` }).catch(() => {});
              next.set(record.partition, record.offset + 1);
            }
            await producer.sendOffsetsToTransaction(
              [...next].map(([partition, offset]) => ({ topic: input, partition, offset })),
              consumer.groupMetadata()!,
            );
            await producer.commitTransaction();
            done += records.length;
          } catch (error) {
            // The group has moved on: what was read belongs to others now, or is read again from the last commit.
            await producer.abortTransaction();
            for (const { partition } of new Set(records)) {
              const topicPartition = { topic: input, partition };
              const [at] = await consumer.committed([topicPartition]);
              if (consumer.assignment().some((held) => held.partition === partition)) {
                consumer.seek(topicPartition, at?.offset ?? 0);
              }
            }
            expect(nameOf(error)).toBe('COMMIT_FAILED');
          }
        }
        await consumer.close();
        await producer.close();
      };
      await Promise.all([worker('a', 50), worker('b', Number.POSITIVE_INFINITY)]);
      await end(feeder, output, 1);
      const out = await seen(clients.get(java.name)!, output, 1, { isolation: 'read_committed' });
      const inputs = out.map((value) => Number(value.split(' ')[0])).toSorted((a, b) => a - b);
      expect(inputs).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });

    test.each(protocols)(
      'a member that is out of its group (%s) cannot commit its offsets (KIP-447)',
      async (protocol) => {
        const topic = await newTopic(1);
        const groupId = await newGroup(protocol);
        const settings = { bootstrapServers: bootstrap, groupId, enableAutoCommit: false };
        const consumer = new Consumer({ ...settings, ...membership(protocol) });
        consumer.subscribe(topic);
        await eventually('the member to be in', async () => {
          await consumer.poll(100);
          return consumer.assignment().length === 1;
        });
        const metadata = consumer.groupMetadata()!;
        const producer = await ready();
        const offsets = [{ topic, partition: 0, offset: 1 }];
        producer.beginTransaction();
        await producer.sendOffsetsToTransaction(offsets, metadata);
        await producer.commitTransaction();
        await consumer.close();
        producer.beginTransaction();
        expect(await failure(producer.sendOffsetsToTransaction([{ ...offsets[0]!, offset: 2 }], metadata))).toBe(
          'COMMIT_FAILED',
        );
        expect(await failure(producer.commitTransaction())).toBe('COMMIT_FAILED');
        await producer.abortTransaction();
        expect(await committed(groupId, topic)).toBe(1);
      },
    );

    test('a record that cannot be written: no commit; after the abort the next transaction is as any', async () => {
      const topic = await newTopic(1, { 'max.message.bytes': '2000' });
      const producer = await ready();
      producer.beginTransaction();
      void producer.send({ topic, partition: 0, value: 'goes' }).catch(() => {});
      const tooLarge = await failure(producer.send({ topic, partition: 0, value: 'x'.repeat(10_000) }));
      expect(tooLarge).toBe('MESSAGE_TOO_LARGE');
      expect(await failure(producer.commitTransaction())).toBe('MESSAGE_TOO_LARGE');
      await producer.abortTransaction();
      producer.beginTransaction();
      void producer.send({ topic, partition: 0, value: 'well' });
      await producer.commitTransaction();
      await end(producer, topic, 1);
      expect(await seen(operator, topic, 1, { isolation: 'read_committed' })).toEqual(['well']);
    });

    test('what was not sent when the transaction is aborted fails, and says why', async () => {
      const topic = await newTopic(1);
      const producer = await ready(fresh('tx'), { lingerMs: 60_000 });
      await producer.partitionsFor(topic);
      producer.beginTransaction();
      const waiting = failure(producer.send({ topic, partition: 0, value: 'waits' }));
      await producer.abortTransaction();
      expect(await waiting).toBe('TRANSACTION_ABORTED');
      await end(producer, topic, 1);
      expect(await seen(operator, topic, 1)).toEqual([]);
    });

    test('close() aborts what nobody committed', async () => {
      const topic = await newTopic(1);
      const producer = await ready();
      producer.beginTransaction();
      await producer.send({ topic, partition: 0, value: 'nobody' });
      await producer.close();
      const other = await ready();
      await end(other, topic, 1);
      expect(await seen(operator, topic, 1, { isolation: 'read_committed' })).toEqual([]);
    });

    test('a time-out that the broker does not allow is said by initTransactions', async () => {
      const producer = producerOf(fresh('tx'), { transactionTimeoutMs: 2_000_000_000 });
      expect(await failure(producer.initTransactions())).toBe('INVALID_TRANSACTION_TIMEOUT');
      expect(await failure(producer.abortTransaction())).toBe('INVALID_TRANSACTION_TIMEOUT');
    });

    test('calls out of order say what is missing', async () => {
      const topic = await newTopic(1);
      const producer = producerOf(fresh('tx'));
      expect(() => producer.beginTransaction()).toThrow(/initTransactions/);
      await producer.initTransactions();
      expect(await failure(producer.send({ topic, value: 'x' }))).toBe('ILLEGAL_STATE');
      expect(await failure(producer.commitTransaction())).toBe('ILLEGAL_STATE');
      expect(await failure(producer.initTransactions())).toBe('ILLEGAL_STATE');
      producer.beginTransaction();
      expect(() => producer.beginTransaction()).toThrow(/open already/);
    });
  });
}

// Contract: what goes in comes out. Every codec, awkward records, acknowledgements, timestamps, large records and one too
// large, keyed order, idempotent sending.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../suite/eventually.ts';
import { bootstrap, fresh } from '../suite/target.ts';
import {
  type ClientAdapter,
  type ConnectedClient,
  type ReceivedRecord,
  RefusedByBroker,
  type SentRecord,
} from './client.ts';
import { createTopic } from './leaders.ts';
import { type Operator, openOperator } from './operator.ts';
import { awkwardRecords, content, distinct, numbered, values } from './records.ts';

const MESSAGE_TOO_LARGE = 10;

export function roundTripContract(adapter: ClientAdapter): void {
  describe(`${adapter.name}: records`, () => {
    let client: ConnectedClient;
    let operator: Operator;

    beforeAll(async () => {
      client = await adapter.connect(bootstrap);
      operator = await openOperator();
    });
    afterAll(async () => {
      await client?.close();
      await operator?.close();
    });

    async function readAll(topic: string, count: number): Promise<readonly ReceivedRecord[]> {
      const member = await client.join({ group: fresh('reader'), topic });
      try {
        const received = () => (adapter.can.redelivers ? distinct(member.records) : member.records.slice());
        await eventually(
          `${count} records of ${topic}`,
          () => member.failure() !== undefined || received().length >= count,
        );
        if (member.failure()) throw member.failure();
        return received();
      } finally {
        await member.leave();
      }
    }

    async function sendAll(topic: string, records: readonly SentRecord[], o = {}): Promise<void> {
      const sender = await client.sender(o);
      try {
        await sender.send(topic, records);
      } finally {
        await sender.close();
      }
    }

    for (const codec of adapter.codecs) {
      test(`${codec}: keys, values, headers, nulls and empties come back as they were`, async () => {
        const topic = fresh(`codec-${codec}`);
        await createTopic(client, topic, 1);
        const sent = awkwardRecords(adapter.can);
        await sendAll(topic, sent, { codec });
        const received = await readAll(topic, sent.length);
        expect(received.map(content)).toEqual(sent.map(content));
        expect(received.map(({ offset }) => offset)).toEqual(sent.map((_, i) => i));
      });
    }

    test('one topic holds batches of every codec the client knows', async () => {
      const topic = fresh('codecs');
      await createTopic(client, topic, 1);
      for (const codec of adapter.codecs) {
        await sendAll(
          topic,
          numbered(codec, 20).map((record) => ({ ...record, partition: 0 })),
          { codec },
        );
      }
      const received = await readAll(topic, adapter.codecs.length * 20);
      expect(values(received)).toEqual(adapter.codecs.flatMap((codec) => values(numbered(codec, 20))));
    });

    for (const acks of adapter.can.acksZero ? ([0, 1, -1] as const) : ([1, -1] as const)) {
      test(`acks=${acks}`, async () => {
        const topic = fresh(`acks${acks}`);
        await createTopic(client, topic, 1);
        const sent = numbered('a', 100).map((record) => ({ ...record, partition: 0 }));
        await sendAll(topic, sent, { acks });
        expect(values(await readAll(topic, 100))).toEqual(values(sent));
      });
    }

    test('the timestamp of a record is kept', async () => {
      const topic = fresh('timestamps');
      await createTopic(client, topic, 1);
      const at = Date.now() - 3_600_000;
      await sendAll(topic, [{ key: null, value: Buffer.from('then'), partition: 0, timestamp: at }]);
      const [record] = await readAll(topic, 1);
      expect(record?.timestamp).toBe(at);
    });

    if (adapter.can.logAppendTime) {
      test('message.timestamp.type=LogAppendTime puts the time of the broker', async () => {
        const topic = fresh('append-time');
        await createTopic(client, topic, 1, { 'message.timestamp.type': 'LogAppendTime' });
        const before = Date.now();
        await sendAll(topic, [{ key: null, value: Buffer.from('now'), partition: 0, timestamp: before - 3_600_000 }]);
        const [record] = await readAll(topic, 1);
        expect(record?.timestamp).toBeGreaterThanOrEqual(before - 1);
        expect(record?.timestamp).toBeLessThanOrEqual(Date.now() + 1);
      });
    }

    test('a record of a million bytes goes through', async () => {
      const topic = fresh('big');
      await createTopic(client, topic, 1);
      const value = Buffer.alloc(1_000_000, 'Kde domov můj ');
      await sendAll(topic, [{ key: Buffer.from('big'), value, partition: 0 }]);
      const [record] = await readAll(topic, 1);
      expect(record?.value?.equals(value)).toBe(true);
    });

    test('a record past max.message.bytes is refused with MESSAGE_TOO_LARGE, and the next one goes through', async () => {
      const topic = fresh('too-big');
      await createTopic(client, topic, 1, { 'max.message.bytes': '200000' });
      const sender = await client.sender();
      try {
        const refusal = await sender
          .send(topic, [{ key: null, value: Buffer.alloc(500_000, 'x'), partition: 0 }])
          .then(() => undefined)
          .catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(RefusedByBroker);
        expect((refusal as RefusedByBroker).errorCode).toBe(MESSAGE_TOO_LARGE);
        await sender.send(topic, [{ key: null, value: Buffer.from('small'), partition: 0 }]);
      } finally {
        await sender.close();
      }
      expect(values(await readAll(topic, 1))).toEqual(['small']);
    });

    test('keyed records keep their order within a partition, and a key its partition', async () => {
      const topic = fresh('keyed');
      await createTopic(client, topic, 6);
      const sender = await client.sender();
      for (let from = 0; from < 2_000; from += 500) await sender.send(topic, numbered('n', 500, { from, keys: 50 }));
      await sender.close();
      const received = await readAll(topic, 2_000);
      const partitionOf = new Map<string, number>();
      const lastOf = new Map<string, number>();
      for (const { key, value, partition } of received) {
        const k = String(key);
        const n = Number(String(value).slice(2));
        expect(partitionOf.get(k) ?? partition).toBe(partition);
        expect(n).toBeGreaterThan(lastOf.get(k) ?? -1);
        partitionOf.set(k, partition);
        lastOf.set(k, n);
      }
      expect(received.length).toBe(2_000);
      expect(new Set(partitionOf.values()).size).toBeGreaterThan(1);
      const ends = await operator.offsets(topic);
      expect(ends.reduce((sum, { high }) => sum + high, 0)).toBe(2_000);
    });

    if (adapter.can.idempotence) {
      test('an idempotent producer', async () => {
        const topic = fresh('idempotent');
        await createTopic(client, topic, 1);
        const sender = await client.sender({ idempotent: true });
        const sent = numbered('i', 1_000).map((record) => ({ ...record, partition: 0 }));
        for (let from = 0; from < sent.length; from += 100) await sender.send(topic, sent.slice(from, from + 100));
        await sender.close();
        expect(values(await readAll(topic, sent.length))).toEqual(values(sent));
      });
    }

    test('a topic is created by the first record sent to it', async () => {
      const topic = fresh('auto');
      await sendAll(topic, [{ key: null, value: Buffer.from('first') }]);
      expect(values(await readAll(topic, 1))).toEqual(['first']);
    });
  });
}

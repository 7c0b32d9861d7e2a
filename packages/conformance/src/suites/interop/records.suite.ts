// What one client writes the other reads as it was: records of every codec with their nulls, empties, headers and
// timestamps, and keys in the partitions where the other would have put them. Our client against Java's, librdkafka and
// KafkaJS, both ways.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientAdapter, ConnectedClient, ReceivedRecord, SentRecord } from '../../contract/client.ts';
import { createTopic } from '../../contract/leaders.ts';
import { awkwardRecords, content, distinct } from '../../contract/records.ts';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { java } from '../java/adapter.ts';
import { kafkajs } from '../kafkajs/adapter.ts';
import { moldauClient } from '../moldau-client/adapter.ts';
import { confluentPython } from '../python/adapters.ts';

const TIMESTAMP = 1_700_000_000_000;

async function readAll(client: ConnectedClient, topic: string, count: number): Promise<readonly ReceivedRecord[]> {
  const member = await client.join({ group: fresh('reader'), topic });
  try {
    await eventually(`${count} records of ${topic}`, () => {
      if (member.failure()) throw member.failure();
      return distinct(member.records).length >= count;
    });
    return distinct(member.records);
  } finally {
    await member.leave();
  }
}

async function write(client: ConnectedClient, topic: string, records: readonly SentRecord[], codec = 'none' as const) {
  const sender = await client.sender({ codec, javaPartitioner: true });
  try {
    await sender.send(topic, records);
  } finally {
    await sender.close();
  }
}

/** Keys of every length up to 40, bytes that are no text among them: murmur2 takes four bytes a step and a rest. */
function keyed(): SentRecord[] {
  const records: SentRecord[] = [];
  for (let n = 0; n < 400; n++) {
    const key = Buffer.alloc((n % 40) + 1);
    for (let i = 0; i < key.length; i++) key[i] = (n * 31 + i * 17 + (i ^ n)) & 0xff;
    records.push({ key, value: Buffer.from(`${n}`) });
  }
  return records;
}

function places(records: readonly ReceivedRecord[]): string[] {
  return records.map(({ value, partition }) => `${value}@${partition}`).toSorted();
}

for (const other of [java, confluentPython, kafkajs]) {
  describe(`${other.name} and Moldau's client`, () => {
    let ours: ConnectedClient;
    let theirs: ConnectedClient;

    beforeAll(async () => {
      ours = await moldauClient.connect(bootstrap);
      theirs = await other.connect(bootstrap);
    });
    afterAll(async () => {
      await ours?.close();
      await theirs?.close();
    });

    /** What both can express. */
    const can: ClientAdapter['can'] = { ...moldauClient.can, nullHeaders: other.can.nullHeaders };

    for (const codec of other.codecs) {
      for (const way of ['theirs to ours', 'ours to theirs'] as const) {
        test(`${codec}, ${way}`, async () => {
          const [writer, reader] = way === 'theirs to ours' ? [theirs, ours] : [ours, theirs];
          const topic = fresh('interop');
          await createTopic(ours, topic, 1);
          const sent = awkwardRecords(can).map((record, i) => ({ ...record, timestamp: TIMESTAMP + i }));
          await write(writer, topic, sent, codec as 'none');
          const received = await readAll(reader, topic, sent.length);
          expect(received.map(content)).toEqual(sent.map(content));
          expect(received.map(({ timestamp }) => timestamp)).toEqual(sent.map(({ timestamp }) => timestamp));
        });
      }
    }

    test('a key lands in the same partition whoever writes it', async () => {
      const records = keyed();
      const landed: string[][] = [];
      for (const client of [ours, theirs]) {
        const topic = fresh('places');
        await createTopic(ours, topic, 7);
        await write(client, topic, records);
        landed.push(places(await readAll(ours, topic, records.length)));
      }
      expect(landed[0]).toEqual(landed[1]);
      expect(new Set(landed[0]!.map((place) => place.split('@')[1])).size).toBe(7);
    });
  });
}

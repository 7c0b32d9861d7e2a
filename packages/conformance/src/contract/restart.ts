// Contract: the broker goes away in the middle, once in order and once by kill -9, while a producer sends and a group
// reads. Nothing acknowledged is lost, a sender's records keep their order, and the group goes on from what it committed.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, sleep } from '../suite/eventually.ts';
import { bootstrap, broker, fresh } from '../suite/target.ts';
import type { ClientAdapter, ConnectedClient } from './client.ts';
import { createTopic } from './leaders.ts';
import { numbered, values } from './records.ts';

export function restartContract(adapter: ClientAdapter): void {
  describe(`${adapter.name}: restart in the middle`, () => {
    let client: ConnectedClient;

    beforeAll(async () => {
      client = await adapter.connect(bootstrap);
    });
    afterAll(async () => {
      await client?.close();
    });

    for (const how of ['stop', 'kill'] as const) {
      test(`${how === 'kill' ? 'kill -9' : 'a stop in order'} while records flow`, async () => {
        const topic = fresh(`restart-${how}`);
        const group = fresh('g');
        await createTopic(client, topic, 1);
        const idempotent = adapter.can.idempotence;
        const member = await client.join({ group, topic });
        await eventually('an assignment', () => member.assignment().length === 1);
        let sender = await client.sender({ idempotent });
        const acknowledged: string[] = [];
        let n = 0;
        let flowing = true;
        let refusals = 0;
        const flow = (async () => {
          while (flowing) {
            const records = numbered('x', 5, { from: n }).map((record) => ({ ...record, partition: 0 }));
            n += 5;
            try {
              await sender.send(topic, records);
              acknowledged.push(...values(records));
            } catch {
              // A client may give up on a send while the broker is away; such records may be in the log or not.
              refusals++;
              await sender.close().catch(() => {});
              sender = await client.sender({ idempotent });
            }
            await sleep(10);
          }
        })();
        try {
          await eventually('records before the restart', () => member.records.length >= 50);
          await broker[how]();
          await sleep(300);
          await broker.start();
          const before = acknowledged.length;
          await eventually('acknowledged sends after the restart', () => acknowledged.length >= before + 50, 60_000);
        } finally {
          flowing = false;
        }
        await flow;
        await sender.close();
        await eventually(
          'everything acknowledged at the consumer',
          () => {
            const seen = new Set(values(member.records));
            return acknowledged.every((value) => seen.has(value));
          },
          60_000,
        );
        // The consumer may see a record again that it had not committed; by offset each stands once and in order.
        const byOffset = new Map(member.records.map((record) => [record.offset, String(record.value)]));
        const log = [...byOffset].toSorted(([a], [b]) => a - b).map(([, value]) => Number(value.slice(2)));
        for (let i = 1; i < log.length; i++) {
          if (idempotent && refusals === 0) expect(log[i]).toBe((log[i - 1] as number) + 1);
          else expect(log[i]).toBeGreaterThanOrEqual((log[i - 1] as number) - 5);
        }
        await member.leave();
        const after = await client.join({ group, topic });
        try {
          await eventually('an assignment', () => after.assignment().length === 1);
          const sending = await client.sender();
          await sending.send(topic, [{ key: null, value: Buffer.from('last'), partition: 0 }]);
          await sending.close();
          await eventually('the last record', () => values(after.records).includes('last'));
          // A client that hands over again what it had not committed is in its right, but nothing may come behind the last.
          if (adapter.can.redelivers) expect(values(after.records).at(-1)).toBe('last');
          else expect(values(after.records)).toEqual(['last']);
        } finally {
          await after.leave();
        }
      });
    }
  });
}

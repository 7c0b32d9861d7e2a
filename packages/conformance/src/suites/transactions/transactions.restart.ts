// Transactions of our producer over a broker that ends and comes back in their middle: committed ones are there once, and
// nothing of the others.
import { Producer } from '@moldau/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConnectedClient } from '../../contract/client.ts';
import { createTopic } from '../../contract/leaders.ts';
import { sleep } from '../../suite/eventually.ts';
import { bootstrap, broker, fresh } from '../../suite/target.ts';
import { moldauClient } from '../moldau-client/adapter.ts';
import { offered } from './offered.ts';
import { END, seen } from './reading.ts';

const { transactions } = await offered();

if (!transactions) {
  test('a broker without transactions has none to lose', () => expect(transactions).toBe(false));
}

if (transactions) {
  let client: ConnectedClient;
  beforeAll(async () => {
    client = await moldauClient.connect(bootstrap);
  });
  afterAll(() => client.close());

  for (const how of ['stop', 'kill'] as const) {
    test(`the coordinator is ${how === 'stop' ? 'stopped' : 'killed'} between and inside transactions`, async () => {
      const topic = fresh('tx');
      await createTopic(client, topic, 2);
      const producer = new Producer({
        bootstrapServers: bootstrap,
        transactionalId: fresh('tx'),
        reconnectBackoffMaxMs: 500,
        requestTimeoutMs: 5_000,
      });
      const expected: string[] = [];
      await producer.initTransactions();
      const restart = (async () => {
        await sleep(300);
        await broker[how]();
        await broker.start();
      })();
      let running = true;
      const restarted = restart.finally(() => {
        running = false;
      });
      for (let i = 0; running || i % 10 !== 0; i++) {
        producer.beginTransaction();
        const values = [`${i}.0`, `${i}.1`];
        values.forEach((value, partition) => void producer.send({ topic, partition, value }).catch(() => {}));
        if (i % 5 === 4) {
          await producer.abortTransaction();
        } else {
          await producer.commitTransaction();
          expected.push(...values);
        }
        await sleep(10);
      }
      await restarted;
      producer.beginTransaction();
      for (const partition of [0, 1]) void producer.send({ topic, partition, value: END });
      await producer.commitTransaction();
      await producer.close();
      const inOrder = [0, 1].flatMap((partition) => expected.filter((value) => value.endsWith(`.${partition}`)));
      expect(await seen(client, topic, 2, { isolation: 'read_committed' })).toEqual(inOrder);
    });
  }
}

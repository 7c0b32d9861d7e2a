// Invariant 26 over ten minutes: the metadata store answers nobody, and nothing else is wrong. acks=all and reads go on as if
// nothing were; acks=1 is refused once the sessions are over, and taken again when the store is back.
import { Consumer, type KafkaError, Producer } from '@moldau/client';
import { History } from '@moldau/history';
import { expect, test } from 'vitest';
import { drawShape } from '../cluster/settings.ts';
import { SimCluster } from '../cluster/sim-cluster.ts';
import { createTopics, newAdmin } from '../workload/admin-loop.ts';
import { World } from '../world/world.ts';

const OUTAGE_MS = 600_000;
/** More than any session time-out that is drawn. */
const SESSIONS_OVER_MS = 10_000;

test('an outage of the store alone is no outage of the data path', async () => {
  const world = new World('store outage');
  const shape = drawShape(world.draws.fork('shape'), 3);
  const cluster = new SimCluster(world, shape, new History(), () => {});
  const { clients, ensemble } = cluster;
  const topic = 't';
  const outcomes: { during: boolean; acks: string; error: string | undefined }[] = [];
  const read: string[] = [];
  let sent = 0;
  let over = false;
  cluster.start();
  clients.run('test', async () => {
    const admin = newAdmin(clients, 'admin');
    const kept = { name: topic, partitions: 2, configs: {}, promised: true, churned: false };
    await createTopics(clients, admin, [kept], 3);
    const settings = { ...clients.common, retries: 0, enableIdempotence: false, deliveryTimeoutMs: 4_000 };
    const safe = new Producer({ ...settings, acks: 'all', clientId: 'safe' });
    const fast = new Producer({ ...settings, acks: 1, clientId: 'fast' });
    const consumer = new Consumer({ ...clients.common, clientId: 'reader', autoOffsetReset: 'earliest' });
    consumer.assign([0, 1].map((partition) => ({ topic, partition })));
    const send = async (producer: Producer, acks: string, during: boolean) => {
      const error = await producer.send({ topic, value: `${acks} ${sent++}` }).then(
        () => undefined,
        (failure: unknown) => (failure as KafkaError).error,
      );
      outcomes.push({ during, acks, error });
    };
    await send(safe, 'all', false);
    await send(fast, '1', false);
    ensemble.awayUntil = world.now + OUTAGE_MS;
    await clients.sleep(SESSIONS_OVER_MS);
    while (world.now < ensemble.awayUntil - 10_000) {
      await send(safe, 'all', true);
      await send(fast, '1', true);
      for (const { value } of await consumer.poll(200)) read.push(String(value));
      await clients.sleep(5_000);
    }
    await clients.sleep(30_000);
    await send(safe, 'all', false);
    await send(fast, '1', false);
    over = true;
  });
  expect(await world.run(OUTAGE_MS + 400_000, () => over)).toBe(true);
  const errors = (during: boolean, acks: string) =>
    new Set(outcomes.filter((one) => one.during === during && one.acks === acks).map(({ error }) => error));
  expect(outcomes.filter(({ during }) => during).length).toBeGreaterThan(100);
  expect(errors(true, 'all')).toEqual(new Set([undefined]));
  expect(errors(false, 'all')).toEqual(new Set([undefined]));
  expect(errors(false, '1')).toEqual(new Set([undefined]));
  expect(errors(true, '1')).toEqual(new Set(['NOT_LEADER_OR_FOLLOWER']));
  expect(read.filter((value) => value.startsWith('all')).length).toBeGreaterThan(50);
}, 60_000);

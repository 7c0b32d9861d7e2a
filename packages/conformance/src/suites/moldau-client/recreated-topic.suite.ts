// A producer whose topic is deleted and made again under the same name goes on with the new one: its records are there, once
// and in order, though their sequence numbers go on from those of the old one.
import { Admin, Consumer, KafkaError, Producer } from '@moldau/client';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';

const admin = new Admin({ bootstrapServers: bootstrap });
afterAll(() => admin.close());

async function created(topic: string): Promise<void> {
  await eventually('the topic is created', async () => {
    const outcome = (await admin.createTopics([{ name: topic, numPartitions: 1 }])).get(topic);
    return !(outcome instanceof KafkaError);
  });
}

test.each([
  { name: 'idempotent', options: {} },
  { name: 'not idempotent', options: { enableIdempotence: false } },
])('$name: what is sent after the topic was made again is in the new one, in order', async ({ options }) => {
  const topic = fresh('recreated');
  await created(topic);
  const producer = new Producer({ bootstrapServers: bootstrap, ...options });
  const send = (value: string) => producer.send({ topic, partition: 0, value });
  for (const value of ['a', 'b', 'c']) await send(value);
  await admin.deleteTopics([topic]);
  const between = send('0');
  between.catch(() => {});
  await created(topic);
  await Promise.all([between, ...['1', '2', '3'].map(send)]);
  await producer.close();
  const consumer = new Consumer<Buffer, string>({ bootstrapServers: bootstrap, valueDeserializer: String });
  consumer.assign([{ topic, partition: 0 }]);
  consumer.seekToBeginning();
  const seen: (string | null)[] = [];
  while (seen.at(-1) !== '3') seen.push(...(await consumer.poll(200)).map(({ value }) => value));
  await consumer.close();
  // A leader that has not heard of the deletion yet may have taken the first into its grave.
  expect(seen.filter((value) => value !== '0')).toEqual(['1', '2', '3']);
  expect(seen.indexOf('0')).toBeLessThanOrEqual(0);
});

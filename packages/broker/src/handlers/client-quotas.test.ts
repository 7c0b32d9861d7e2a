// Quotas over real sockets: who is over one gets its answer and is made to wait, the others notice nothing (KIP-219).

import { ZERO_UUID } from '@moldau/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf, recordsIn } from '../test/batches.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic, fetchBody, produceTo } from '../test/topic-client.ts';

let broker: TestBroker;
let client: RawClient;
beforeAll(async () => {
  // A row of two windows: who is over his quota waits for a second or two, and not for ten.
  broker = await TestBroker.start({ 'quota.window.num': '2' });
  client = await broker.connect();
  await createTopic(client, 'orders');
});
afterAll(() => broker.stop());

async function setQuota(key: string, value: number | undefined): Promise<void> {
  const { entries } = await client.call('AlterClientQuotas', 1, {
    entries: [
      {
        entity: [{ entityType: 'user', entityName: null }],
        ops: [{ key, value: value ?? 0, remove: value === undefined }],
      },
    ],
    validateOnly: false,
  });
  expect(entries[0]!.errorCode).toBe(0);
}

const request = (value: string) => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 10_000,
  topicData: [{ name: 'orders', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf([value]) }] }],
});
const metadata = {
  topics: [],
  allowAutoTopicCreation: false,
  includeClusterAuthorizedOperations: false,
  includeTopicAuthorizedOperations: false,
};

test('a producer over its quota is answered, told how long, and taken up again when that is over', async () => {
  await setQuota('producer_byte_rate', 20_000);
  const writer = await broker.connect();
  const first = await writer.call('Produce', 9, request('x'.repeat(30_000)));
  expect(first.responses[0]!.partitionResponses[0]!.errorCode).toBe(0);
  expect(first.throttleTimeMs).toBeGreaterThan(0);
  const began = performance.now();
  const second = produceTo(writer, ['y'], { topic: 'orders' });
  // Another connection of the same user is not held back before it asks for something that a quota counts.
  await (await broker.connect()).call('Metadata', 9, metadata);
  expect((await second).errorCode).toBe(0);
  // The broker's timer may run a millisecond ahead of ours.
  expect(performance.now() - began).toBeGreaterThanOrEqual(first.throttleTimeMs - 20);
  await setQuota('producer_byte_rate', undefined);
  expect((await client.call('Produce', 9, request('z'.repeat(30_000)))).throttleTimeMs).toBe(0);
});

test('a consumer over its quota gets nothing for a while, and then all of it', async () => {
  await createTopic(client, 'read');
  for (let i = 0; i < 8; i++) await produceTo(client, [`${i}${'x'.repeat(9_000)}`], { topic: 'read' });
  await setQuota('consumer_byte_rate', 30_000);
  const reader = await broker.connect();
  const seen: string[] = [];
  let waits = 0;
  for (let offset = 0; offset < 8; ) {
    const answer = await reader.call('Fetch', 12, fetchBody({ topic: 'read', offset, maxBytes: 9_500 }));
    const values = recordsIn(answer.responses[0]?.partitions[0]?.records ?? null);
    if (answer.throttleTimeMs > 0) {
      waits++;
      expect(answer.responses).toEqual([]);
    }
    seen.push(...values.map((value) => value.slice(0, 3)));
    offset += values.length;
  }
  expect(seen).toEqual(Array.from({ length: 8 }, (_, i) => `${i}:${i}`));
  expect(waits).toBeGreaterThan(0);
  await setQuota('consumer_byte_rate', undefined);
});

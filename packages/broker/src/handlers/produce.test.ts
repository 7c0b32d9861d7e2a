import { ZERO_UUID } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchOf } from '../test/batches.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic, fetchFrom, produceTo } from '../test/topic-client.ts';

let broker: TestBroker;
let client: RawClient;
beforeAll(async () => {
  broker = await TestBroker.start();
  client = await broker.connect();
  await createTopic(client, 'plain', { partitions: 3 });
  await createTopic(client, 'compacted', { configs: { 'cleanup.policy': 'compact' } });
  await createTopic(client, 'small', { configs: { 'max.message.bytes': '300' } });
  await createTopic(client, 'stamped', { configs: { 'message.timestamp.type': 'LogAppendTime' } });
  await createTopic(client, 'safe', { configs: { 'min.insync.replicas': '2' } });
});
afterAll(() => broker.stop());

test.each([-1, 1])('acks %i: offsets follow each other and the records can be read back', async (acks) => {
  const topic = `acks${acks}`;
  await createTopic(client, topic);
  const first = await produceTo(client, ['a', 'b'], { topic, acks });
  const second = await produceTo(client, ['c'], { topic, acks });
  expect([first.baseOffset, second.baseOffset]).toEqual([0, 2]);
  expect(first).toMatchObject({ errorCode: 0, logAppendTimeMs: -1, logStartOffset: 0 });
  expect((await fetchFrom(client, { topic })).values).toEqual(['0:a', '1:b', '2:c']);
});

test('acks 0 gets no answer: the next answer on the connection is that of the next request', async () => {
  await createTopic(client, 'silent');
  client.send('Produce', 7, {
    transactionalId: null,
    acks: 0,
    timeoutMs: 1_000,
    topicData: [{ name: 'silent', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['x']) }] }],
  });
  expect((await produceTo(client, ['y'], { topic: 'silent' })).baseOffset).toBe(1);
});

test('acks 0 to a partition that is not there closes the connection, and only that', async () => {
  const lost = await broker.connect();
  lost.send('Produce', 7, {
    transactionalId: null,
    acks: 0,
    timeoutMs: 1_000,
    topicData: [{ name: 'nowhere', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['x']) }] }],
  });
  await lost.closed;
  expect((await produceTo(client, ['z'], { topic: 'plain' })).errorCode).toBe(0);
});

describe('refusals', () => {
  test.each([
    ['an unknown topic', { topic: 'nowhere' }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['an unknown partition', { topic: 'plain', partition: 7 }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['a negative partition', { topic: 'plain', partition: -1 }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['acks 2', { topic: 'plain', acks: 2 }, 'INVALID_REQUIRED_ACKS'],
    ['a batch too large', { topic: 'small', records: batchOf(['x'.repeat(400)]) }, 'MESSAGE_TOO_LARGE'],
    ['two batches', { topic: 'plain', records: Buffer.concat([batchOf(['a']), batchOf(['b'])]) }, 'INVALID_RECORD'],
    ['no batch', { topic: 'plain', records: Buffer.alloc(0) }, 'INVALID_RECORD'],
    ['null', { topic: 'plain', records: null }, 'INVALID_RECORD'],
    ['an internal topic', { topic: '__consumer_offsets' }, 'INVALID_TOPIC_EXCEPTION'],
    ['a time two hours ahead', { topic: 'plain', timestamp: Date.now() + 7_200_000 }, 'INVALID_TIMESTAMP'],
    ['zstd in v6', { topic: 'plain', codec: 'zstd', version: 6 }, 'UNSUPPORTED_COMPRESSION_TYPE'],
  ] as const)('%s', async (_name, wish, error) => {
    const answer = await produceTo(client, ['v'], wish);
    expect(answer).toMatchObject({
      errorCode: errorCode(error),
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset: -1,
    });
  });

  test('min.insync.replicas beyond the number of replicas asks for all of them, as in Kafka', async () => {
    expect((await produceTo(client, ['v'], { topic: 'safe' })).errorCode).toBe(0);
    expect((await produceTo(client, ['v'], { topic: 'safe', acks: 1 })).errorCode).toBe(0);
  });

  test('a record without key on a compacted topic is named', async () => {
    const answer = await produceTo(client, ['v'], { topic: 'compacted', key: null });
    expect(answer.errorCode).toBe(errorCode('INVALID_RECORD'));
    expect(answer.recordErrors).toMatchObject([{ batchIndex: 0 }]);
    expect(answer.errorMessage).toContain('rejected');
  });

  test('one partition refused does not keep the others from being written', async () => {
    const { responses } = await client.call('Produce', 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [
        {
          name: 'plain',
          topicId: ZERO_UUID,
          partitionData: [
            { index: 2, records: batchOf(['good']) },
            { index: 9, records: batchOf(['lost']) },
          ],
        },
        { name: 'nowhere', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf(['lost']) }] },
      ],
    });
    expect(responses.map(({ partitionResponses }) => partitionResponses.map((one) => one.errorCode))).toEqual([
      [0, 3],
      [3],
    ]);
  });
});

test('LogAppendTime: the broker says when, and the records carry it', async () => {
  const before = Date.now();
  const answer = await produceTo(client, ['v'], { topic: 'stamped', timestamp: 5 });
  expect(answer.logAppendTimeMs).toBeGreaterThanOrEqual(before);
  const { offsets } = {
    offsets: await client.call('ListOffsets', 7, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: 'stamped', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -3 }] }],
    }),
  };
  expect(offsets.topics[0]!.partitions[0]!.timestamp).toBe(answer.logAppendTimeMs);
});

describe('idempotent producers', () => {
  const producer = (baseSequence: number, producerEpoch = 0) => ({
    topic: 'once',
    producerId: 77,
    producerEpoch,
    baseSequence,
  });

  test('a repeat gets the original offsets, a gap and an old epoch are refused, also after a restart', async () => {
    await createTopic(client, 'once');
    expect((await produceTo(client, ['a', 'b'], producer(0))).baseOffset).toBe(0);
    expect((await produceTo(client, ['c'], producer(2))).baseOffset).toBe(2);
    expect(await produceTo(client, ['a', 'b'], producer(0))).toMatchObject({ errorCode: 0, baseOffset: 0 });
    expect((await produceTo(client, ['x'], producer(9))).errorCode).toBe(errorCode('OUT_OF_ORDER_SEQUENCE_NUMBER'));
    await broker.restart();
    client = await broker.connect();
    expect(await produceTo(client, ['c'], producer(2))).toMatchObject({ errorCode: 0, baseOffset: 2 });
    expect((await produceTo(client, ['d'], producer(0, 1))).baseOffset).toBe(3);
    expect((await produceTo(client, ['e'], producer(1, 0))).errorCode).toBe(errorCode('INVALID_PRODUCER_EPOCH'));
    expect((await fetchFrom(client, { topic: 'once' })).values).toEqual(['0:a', '1:b', '2:c', '3:d']);
  });
});

test('topics by id (v13): known ones are written, others refused', async () => {
  const topicId = await createTopic(client, 'by-id');
  const produce = (id: string) =>
    client.call('Produce', 13, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ topicId: id, partitionData: [{ index: 0, records: batchOf(['v']) }] }],
    });
  expect((await produce(topicId)).responses[0]).toMatchObject({
    topicId,
    partitionResponses: [{ errorCode: 0, baseOffset: 0 }],
  });
  const unknown = await produce('AAAAAAAAAAAAAAAAAAAAAQ');
  expect(unknown.responses[0]!.partitionResponses[0]!.errorCode).toBe(errorCode('UNKNOWN_TOPIC_ID'));
});

test('requests sent without waiting are written and answered in their order', async () => {
  await createTopic(client, 'order');
  const count = 300;
  for (let i = 0; i < count; i++) {
    client.send('Produce', 9, {
      transactionalId: null,
      acks: i % 3 === 0 ? 1 : -1,
      timeoutMs: 5_000,
      topicData: [{ name: 'order', topicId: ZERO_UUID, partitionData: [{ index: 0, records: batchOf([`${i}`]) }] }],
    });
  }
  for (let i = 0; i < count; i++) {
    expect((await client.response('Produce', 9)).responses[0]!.partitionResponses[0]!.baseOffset).toBe(i);
  }
});

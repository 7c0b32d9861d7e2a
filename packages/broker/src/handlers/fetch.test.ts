import { ZERO_UUID } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchOf, recordsIn } from '../test/batches.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { createTopic, fetchBody, fetchFrom, produceTo } from '../test/topic-client.ts';

let broker: TestBroker;
let client: RawClient;
beforeAll(async () => {
  broker = await TestBroker.start();
  client = await broker.connect();
});
afterAll(() => broker.stop());

/** A topic of three batches: offsets 0-2, 3-5, 6-8. */
async function threeBatches(topic: string): Promise<string> {
  const id = await createTopic(client, topic, { partitions: 2 });
  await produceTo(client, ['a', 'b', 'c'], { topic });
  await produceTo(client, ['d', 'e', 'f'], { topic });
  await produceTo(client, ['g', 'h', 'i'], { topic });
  return id;
}

describe('what is answered', () => {
  beforeAll(() => threeBatches('three'));

  test('everything from an offset on, with the marks of the partition', async () => {
    const answer = await fetchFrom(client, { topic: 'three', offset: 3 });
    expect(answer.values).toEqual(['3:d', '4:e', '5:f', '6:g', '7:h', '8:i']);
    expect(answer).toMatchObject({ errorCode: 0, highWatermark: 9, lastStableOffset: 9, logStartOffset: 0 });
  });

  test('an offset inside a batch is answered with the whole batch', async () => {
    expect((await fetchFrom(client, { topic: 'three', offset: 4 })).values[0]).toBe('3:d');
  });

  test('the end of the log is an empty answer, past it OFFSET_OUT_OF_RANGE', async () => {
    expect(await fetchFrom(client, { topic: 'three', offset: 9 })).toMatchObject({
      errorCode: 0,
      values: [],
      highWatermark: 9,
    });
    expect(await fetchFrom(client, { topic: 'three', offset: 10 })).toMatchObject({ errorCode: 1, highWatermark: -1 });
    expect((await fetchFrom(client, { topic: 'three', offset: -1 })).errorCode).toBe(1);
  });

  test('a first batch larger than every limit comes whole, and only that one', async () => {
    const answer = await fetchFrom(client, { topic: 'three', maxBytes: 1, partitionMaxBytes: 1 });
    expect(answer.values).toEqual(['0:a', '1:b', '2:c']);
  });

  test('the limit of a partition holds for whole batches', async () => {
    const one = batchOf(['a', 'b', 'c']).length;
    const answer = await fetchFrom(client, { topic: 'three', partitionMaxBytes: 2 * one });
    expect(answer.values).toHaveLength(6);
  });

  test.each([
    ['read_uncommitted: no list of aborted transactions', 0, null],
    ['read_committed: an empty one', 1, []],
  ] as const)('%s', async (_name, isolationLevel, aborted) => {
    expect((await fetchFrom(client, { topic: 'three', isolationLevel })).abortedTransactions).toEqual(aborted);
  });

  test.each([
    ['an unknown topic', { topic: 'nowhere' }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['an unknown partition', { topic: 'three', partition: 5 }, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['an epoch of the future', { topic: 'three', currentLeaderEpoch: 99 }, 'UNKNOWN_LEADER_EPOCH'],
  ] as const)('refused: %s', async (_name, wish, error) => {
    expect((await fetchFrom(client, wish)).errorCode).toBe(errorCode(error));
  });

  test('nobody can pose as a follower', async () => {
    const body = { ...fetchBody({ topic: 'three' }), replicaId: 2 };
    const { responses } = await client.call('Fetch', 11, body);
    expect(responses[0]!.partitions[0]!.errorCode).toBe(errorCode('NOT_LEADER_OR_FOLLOWER'));
  });
});

describe('topic ids (v13)', () => {
  const byId = (topicId: string) => {
    const body = fetchBody({ topic: '' });
    return { ...body, topics: [{ ...body.topics[0]!, topicId }] };
  };

  test('a topic is read by its id, and answered by it', async () => {
    const topicId = await threeBatches('ids');
    const { responses } = await client.call('Fetch', 13, byId(topicId));
    expect(responses[0]).toMatchObject({ topicId, topic: '' });
    expect(recordsIn(responses[0]!.partitions[0]!.records)).toHaveLength(9);
  });

  test('an id that no topic has is UNKNOWN_TOPIC_ID', async () => {
    const { responses } = await client.call('Fetch', 16, byId('AAAAAAAAAAAAAAAAAAAAAQ'));
    expect(responses[0]!.partitions[0]!.errorCode).toBe(errorCode('UNKNOWN_TOPIC_ID'));
  });
});

describe('waiting', () => {
  test('a fetch at the end is answered when something is produced, long before its wait is over', async () => {
    await createTopic(client, 'wait');
    const reader = await broker.connect();
    reader.send('Fetch', 12, fetchBody({ topic: 'wait', maxWaitMs: 60_000 }));
    await produceTo(client, ['news'], { topic: 'wait' });
    const { responses } = await reader.response('Fetch', 12);
    expect(recordsIn(responses[0]!.partitions[0]!.records)).toEqual(['0:news']);
  });

  test('a fetch with nothing to read is answered empty when its wait is over', async () => {
    await createTopic(client, 'quiet');
    expect(await fetchFrom(client, { topic: 'quiet', maxWaitMs: 30 })).toMatchObject({ errorCode: 0, values: [] });
  });

  test('a fetch waits for min bytes over all that is produced', async () => {
    await createTopic(client, 'much');
    const reader = await broker.connect();
    reader.send('Fetch', 12, fetchBody({ topic: 'much', maxWaitMs: 60_000, minBytes: 2_500 }));
    for (let i = 0; i < 3; i++) await produceTo(client, ['x'.repeat(1_000)], { topic: 'much' });
    const { responses } = await reader.response('Fetch', 12);
    expect(recordsIn(responses[0]!.partitions[0]!.records)).toHaveLength(3);
  });

  test('an error does not wait', async () => {
    expect((await fetchFrom(client, { topic: 'nowhere', maxWaitMs: 60_000 })).errorCode).toBe(3);
  });

  test('a deleted topic answers those who wait for it', async () => {
    await createTopic(client, 'doomed');
    const reader = await broker.connect();
    reader.send('Fetch', 12, fetchBody({ topic: 'doomed', maxWaitMs: 60_000 }));
    await client.call('DeleteTopics', 4, { topicNames: ['doomed'], timeoutMs: 5_000 });
    const { responses } = await reader.response('Fetch', 12);
    expect(responses[0]!.partitions[0]!.errorCode).not.toBe(0);
  });

  test('a client that leaves is no longer waited for', async () => {
    await createTopic(client, 'left');
    const reader = await broker.connect();
    reader.send('Fetch', 12, fetchBody({ topic: 'left', maxWaitMs: 3_600_000 }));
    await expect.poll(() => broker.broker.metrics.parkedFetches.read()).toBe(1);
    reader.destroy();
    await expect.poll(() => broker.broker.metrics.parkedFetches.read()).toBe(0);
  });
});

describe('sessions', () => {
  test('after the first answer only news is told', async () => {
    await createTopic(client, 'session', { partitions: 2 });
    await produceTo(client, ['a'], { topic: 'session' });
    const partition = (index: number, fetchOffset: number) => ({
      partition: index,
      currentLeaderEpoch: -1,
      fetchOffset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 100_000,
    });
    const fetch = (sessionId: number, sessionEpoch: number, partitions: ReturnType<typeof partition>[]) =>
      client.call('Fetch', 12, {
        ...fetchBody({ topic: 'session' }),
        sessionId,
        sessionEpoch,
        topics: partitions.length > 0 ? [{ topic: 'session', topicId: ZERO_UUID, partitions }] : [],
      });
    const full = await fetch(0, 0, [partition(0, 0), partition(1, 0)]);
    expect(full.sessionId).toBeGreaterThan(0);
    expect(full.responses[0]!.partitions).toHaveLength(2);
    const quiet = await fetch(full.sessionId, 1, [partition(0, 1)]);
    expect(quiet).toMatchObject({ errorCode: 0, sessionId: full.sessionId, responses: [] });
    await produceTo(client, ['b'], { topic: 'session', partition: 1 });
    const news = await fetch(full.sessionId, 2, []);
    expect(news.responses[0]!.partitions).toMatchObject([{ partitionIndex: 1, highWatermark: 1 }]);
    expect((await fetch(full.sessionId, 2, [])).errorCode).toBe(errorCode('INVALID_FETCH_SESSION_EPOCH'));
    expect((await fetch(1, 2, [])).errorCode).toBe(errorCode('FETCH_SESSION_ID_NOT_FOUND'));
  });
});

test('many partitions in one fetch share the limit of the answer, in the order asked for', async () => {
  await createTopic(client, 'share', { partitions: 2 });
  const records = batchOf(['x'.repeat(500)]);
  await produceTo(client, [], { topic: 'share', records: Buffer.from(records) });
  await produceTo(client, [], { topic: 'share', partition: 1, records: Buffer.from(records) });
  const body = fetchBody({ topic: 'share', maxBytes: records.length + 10 });
  const wish = body.topics[0]!.partitions[0]!;
  const { responses } = await client.call('Fetch', 12, {
    ...body,
    topics: [
      {
        ...body.topics[0]!,
        partitions: [
          { ...wish, partition: 1 },
          { ...wish, partition: 0 },
        ],
      },
    ],
  });
  expect(responses[0]!.partitions.map(({ partitionIndex, records: bytes }) => [partitionIndex, bytes!.length])).toEqual(
    [
      [1, records.length],
      [0, 0],
    ],
  );
});

test('records read from disk reach every reader unmixed, those too who read slowly', async () => {
  const disk = await TestBroker.start();
  try {
    const writer = await disk.connect();
    await createTopic(writer, 'disk', { partitions: 4 });
    const written: string[][] = [];
    for (let partition = 0; partition < 4; partition++) {
      const values = Array.from({ length: 60 }, (_, i) => `${partition}/${i}/`.padEnd(20_000, `${partition}${i % 10}`));
      written.push(values);
      for (const value of values) await produceTo(writer, [value], { topic: 'disk', partition });
    }
    // After a restart nothing is in memory: every answer is read into buffers that are used again.
    await disk.restart();
    const readAll = async (partition: number, slow: boolean) => {
      const reader = await disk.connect();
      const found: string[] = [];
      while (found.length < 60) {
        if (slow) reader.pause();
        reader.send(
          'Fetch',
          12,
          fetchBody({ topic: 'disk', partition, offset: found.length, partitionMaxBytes: 250_000 }),
        );
        if (slow) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          reader.resume();
        }
        const { responses } = await reader.response('Fetch', 12);
        found.push(...recordsIn(responses[0]!.partitions[0]!.records));
      }
      return found;
    };
    const readers = Array.from({ length: 12 }, (_, i) => readAll(i % 4, i % 3 === 0));
    for (const [i, found] of (await Promise.all(readers)).entries()) {
      expect(found).toEqual(written[i % 4]!.map((value, offset) => `${offset}:${value}`));
    }
  } finally {
    await disk.stop();
  }
});

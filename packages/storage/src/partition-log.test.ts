import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseOffsetOf, leaderEpochOf } from '@moldau/protocol/records/batch-header';
import { batches } from '@moldau/protocol/records/batch-reader';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogSlice } from './log-answers.ts';
import type { PartitionLog } from './partition-log.ts';
import { batch } from './test/batches.ts';
import { logConfig, openStore, TOPIC_ID } from './test/stores.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moldau-storage-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const NOW = 1_700_000_000_000;

function append(log: PartitionLog, ...values: string[]) {
  const answer = log.append(batch({ values }), { leaderEpoch: 0, origin: 'client', now: NOW });
  if (answer.kind !== 'appended') throw new Error(`${answer.error}: ${answer.detail}`);
  return answer;
}

function persisted(log: PartitionLog, offset = log.endOffset): Promise<void> {
  return new Promise((resolve, reject) => log.whenPersisted(offset, (error) => (error ? reject(error) : resolve())));
}

async function readAll(log: PartitionLog, from = log.startOffset, bytesMax = 1 << 20): Promise<number[]> {
  const offsets: number[] = [];
  for (let offset = from; offset < log.endOffset; ) {
    const slice = await log.read({ offset, bytesMax, end: log.endOffset, wholeFirstBatch: true });
    if (slice.kind !== 'slice') throw new Error(slice.detail);
    const bytes = Buffer.concat(slice.chunks as Buffer[]);
    expect(bytes.length).toBe(slice.sizeBytes);
    for (const at of batches(bytes)) {
      offsets.push(baseOffsetOf(bytes, at));
      offset = baseOffsetOf(bytes, at) + bytes.readInt32BE(at + 23) + 1;
    }
    if (slice.sizeBytes === 0) break;
  }
  return offsets;
}

test.each(['fsync', 'os'] as const)(
  '%s: appends get offsets at once, are persisted, and survive a restart',
  async (durability) => {
    let { store } = await openStore(directory, { config: { durability } });
    const log = store.create({ topic: 'a', topicId: TOPIC_ID, partition: 0, config: logConfig({ durability }) });
    expect(readdirSync(`${directory}/a-0`).sort()).toEqual([
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      'leader-epoch-checkpoint',
      'partition.metadata',
    ]);
    expect(append(log, 'x', 'y')).toMatchObject({ baseOffset: 0, lastOffset: 1 });
    expect(append(log, 'z')).toMatchObject({ baseOffset: 2, lastOffset: 2 });
    expect(log.persistedEnd).toBe(0);
    let advanced = 0;
    log.onAdvance(() => {
      advanced = log.persistedEnd;
    });
    await persisted(log);
    expect(advanced).toBe(3);
    log.advanceHighWatermark(3);
    expect(await readAll(log)).toEqual([0, 2]);
    await store.close();

    store = (await openStore(directory, { config: { durability } })).store;
    const again = store.get('a', 0)!;
    expect(again.endOffset).toBe(3);
    expect(again.persistedEnd).toBe(3);
    expect(again.highWatermark).toBe(3);
    expect(again.topicId).toBe(TOPIC_ID);
    expect(again.latestEpoch).toBe(0);
    expect(await readAll(again)).toEqual([0, 2]);
    expect(append(again, 'more')).toMatchObject({ baseOffset: 3 });
    await persisted(again);
    expect(await readAll(again)).toEqual([0, 2, 3]);
    const slice = (await again.read({ offset: 1, bytesMax: 1, end: 4, wholeFirstBatch: true })) as LogSlice;
    expect(slice.firstBatchOffset).toBe(0);
    expect(leaderEpochOf(slice.chunks[0]!)).toBe(0);
    await store.close();
  },
);

test('a log that starts over while much of it is not synced goes on as if it had just begun', async () => {
  const { store } = await openStore(directory);
  const config = logConfig({ durability: 'os', segmentBytes: 200 });
  const log = store.create({ topic: 'copied', topicId: TOPIC_ID, partition: 0, config });
  for (const value of ['a', 'b', 'c']) append(log, value.repeat(90));
  await persisted(log);
  await log.truncateFullyAndStartAt(50);
  append(log, 'd');
  await log.flush();
  expect(log.failure).toBeUndefined();
  expect([log.startOffset, log.endOffset, log.recoveryPoint]).toEqual([50, 51, 51]);
  await store.close();
});

test('segments that were cut off are not waited for by a sync', async () => {
  const { store } = await openStore(directory);
  const config = logConfig({ durability: 'os', segmentBytes: 200 });
  const log = store.create({ topic: 'copied', topicId: TOPIC_ID, partition: 0, config });
  for (const value of ['a', 'b', 'c', 'd']) append(log, value.repeat(90));
  await persisted(log);
  await log.truncateTo(1);
  append(log, 'e');
  await log.flush();
  expect(log.failure).toBeUndefined();
  expect(await readAll(log)).toEqual([0, 1]);
  await store.close();
});

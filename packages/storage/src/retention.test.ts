import { nodeTimers } from '@moldau/kernel/node/clock';
import { expect, test } from 'vitest';
import type { LogConfig } from './log-config.ts';
import type { PartitionLog } from './partition-log.ts';
import { batch } from './test/batches.ts';
import { FaultDisk } from './test/fault-disk.ts';
import { logConfig, openStore, TOPIC_ID } from './test/stores.ts';

const HOUR_MS = 3_600_000;

/** A store whose clocks stand until they are moved. */
async function stood(changes: Partial<LogConfig>) {
  const time = { wallMs: 1_800_000_000_000, monotonicMs: 0 };
  const disk = new FaultDisk();
  disk.nowMs = () => time.wallMs;
  const config = logConfig({ segmentBytes: 500, indexIntervalBytes: 100, maxMessageBytes: 500, ...changes });
  const clock = { now: () => time.wallMs, monotonic: () => time.monotonicMs };
  const { store, events } = await openStore('/d', { disk, config, clock, timers: nodeTimers });
  const log = store.create({ topic: 't', topicId: TOPIC_ID, partition: 0, config });
  const append = async (count: number, timestamp = time.wallMs) => {
    for (let i = 0; i < count; i++) {
      const bytes = batch({ values: ['v'.repeat(100)], timestamp });
      expect(log.append(bytes, { leaderEpoch: 0, origin: 'client', now: time.wallMs }).kind).toBe('appended');
    }
    await log.flush();
    log.advanceHighWatermark(log.endOffset);
  };
  const pass = (ms: number) => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  return { store, events, log, append, pass, time, disk, config };
}

const bases = (log: PartitionLog) => log.segments.all.map((segment) => segment.baseOffset);

test('by time: old segments go oldest first, the active one is rolled when even it is old', async () => {
  const { store, log, append, pass, disk } = await stood({ retentionMs: 2 * HOUR_MS, fileDeleteDelayMs: 0 });
  await append(4);
  pass(1.5 * HOUR_MS);
  await append(2);
  const before = bases(log);
  await store.retain();
  expect(bases(log)).toEqual(before);
  pass(HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBeGreaterThan(0);
  expect(log.startOffset).toBeLessThan(6);
  pass(3 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBe(6);
  expect(log.endOffset).toBe(6);
  expect(bases(log)).toEqual([6]);
  await expect.poll(() => disk.files().filter((file) => file.includes('.deleted'))).toEqual([]);
  expect(log.read({ offset: 0, bytesMax: 1, end: 6, wholeFirstBatch: true })).toMatchObject({
    error: 'OFFSET_OUT_OF_RANGE',
  });
  await store.close();
});

test('records of long ago that were written just now stay (S10)', async () => {
  const { store, log, append, pass, time } = await stood({ retentionMs: 2 * HOUR_MS });
  await append(4, time.wallMs - 1_000 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBe(0);
  pass(3 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBe(4);
  await store.close();
});

test('a jump of the wall clock deletes nothing for an hour, and is told (S10)', async () => {
  const { store, log, events, append, pass, time } = await stood({ retentionMs: 2 * HOUR_MS });
  await append(4);
  time.wallMs += 10_000 * HOUR_MS;
  await store.retain();
  expect(log.startOffset).toBe(0);
  expect(events).toContainEqual(expect.objectContaining({ kind: 'retentionPaused', jumpMs: 10_000 * HOUR_MS }));
  pass(0.5 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBe(0);
  pass(0.6 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBe(4);
  await store.close();
});

test('by size: as many of the oldest go as keep the rest at or above the bound', async () => {
  const { store, log, append } = await stood({ retentionMs: -1, retentionBytes: 700 });
  await append(10);
  const sizes = log.segments.all.map((segment) => segment.sizeBytes);
  await store.retain();
  expect(log.sizeBytes).toBeGreaterThanOrEqual(700);
  expect(log.sizeBytes - sizes[0]!).toBeLessThan(700);
  await store.close();
});

test('nothing at or past the high watermark goes', async () => {
  const { store, log, append, pass } = await stood({ retentionMs: HOUR_MS });
  await append(3);
  for (let i = 0; i < 6; i++) {
    log.append(batch({ values: ['v'.repeat(100)], timestamp: 1_800_000_000_000 }), {
      leaderEpoch: 0,
      origin: 'client',
      now: 1_800_000_000_000,
    });
  }
  await log.flush();
  expect(log.highWatermark).toBe(3);
  pass(10 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBeLessThanOrEqual(3);
  expect(log.endOffset).toBe(9);
  await store.close();
});

test('cleanup.policy=compact keeps segments whatever retention says, and refuses DeleteRecords', async () => {
  const { store, log, append, pass } = await stood({
    retentionMs: HOUR_MS,
    retentionBytes: 1,
    cleanupPolicy: new Set(['compact'] as const),
  });
  await append(10);
  pass(100 * HOUR_MS);
  await store.retain();
  expect(log.startOffset).toBe(0);
  expect(await log.deleteRecordsBefore(5)).toMatchObject({ error: 'POLICY_VIOLATION' });
  await store.close();
});

test('DeleteRecords: the start offset survives an unclean stop, whole segments below it go with the next pass', async () => {
  const { store, log, append, disk, config } = await stood({ retentionMs: -1 });
  await append(10);
  const second = log.segments.at(1)!.baseOffset;
  expect(await log.deleteRecordsBefore(11)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' });
  expect(await log.deleteRecordsBefore(second + 1)).toBe(second + 1);
  expect(log.read({ offset: second, bytesMax: 1, end: 10, wholeFirstBatch: true })).toMatchObject({
    error: 'OFFSET_OUT_OF_RANGE',
  });
  await store.retain();
  expect(log.segments.first.baseOffset).toBe(second);
  const again = await openStore('/d', { disk: disk.afterProcessKill(), config });
  expect(again.store.get('t', 0)!.startOffset).toBe(second + 1);
  expect(await again.store.get('t', 0)!.deleteRecordsBefore(-1)).toBe(again.store.get('t', 0)!.highWatermark);
  await again.store.close();
});

// The rules by which damage is mended, one by one.
import { CALM_PARTITION } from '@moldau/metadata';
import { expect, test } from 'vitest';
import { errorOfDamage, judgeRange, retryMs, sourcesOf } from './repair-plan.ts';

const partition = { partition: 0, replicas: [1, 2, 3, 4], isr: [3, 1], leader: 3, leaderEpoch: 0, partitionEpoch: 0 };
const state = { ...partition, ...CALM_PARTITION };

test('the leader is asked first, then who is in sync, then the others; never oneself, nobody who is down', () => {
  expect(sourcesOf(state, 1, () => true)).toEqual([3, 2, 4]);
  expect(sourcesOf(state, 3, () => true)).toEqual([1, 2, 4]);
  expect(sourcesOf({ ...state, leader: -1 }, 4, () => true)).toEqual([3, 1, 2]);
  expect(sourcesOf(state, 1, (id) => id === 4)).toEqual([4]);
});

test('only what is safe everywhere is fetched; what retention has taken is let be', () => {
  const log = { startOffset: 10, highWatermark: 100 };
  expect(judgeRange({ offset: 90, endOffset: 100 }, log)).toBe('ask');
  // Above the watermark it may be cut yet: another replica may hold other records there.
  expect(judgeRange({ offset: 90, endOffset: 101 }, log)).toBe('wait');
  expect(judgeRange({ offset: 0, endOffset: 10 }, log)).toBe('forget');
  expect(judgeRange({ offset: 9, endOffset: 11 }, log)).toBe('ask');
});

test('readers ask again while there is hope, and are told when there is none', () => {
  expect(errorOfDamage(undefined, 1)).toBe('KAFKA_STORAGE_ERROR');
  expect(errorOfDamage(undefined, 0)).toBe('CORRUPT_MESSAGE');
  expect(errorOfDamage({ failures: 4 }, 2)).toBe('KAFKA_STORAGE_ERROR');
  expect(errorOfDamage({ failures: 5 }, 2)).toBe('CORRUPT_MESSAGE');
});

test('it is tried again ever more rarely, and never stops', () => {
  expect([1, 2, 3, 9, 10, 1_000].map((failures) => retryMs({ failures }))).toEqual([
    100, 200, 400, 25_600, 30_000, 30_000,
  ]);
});

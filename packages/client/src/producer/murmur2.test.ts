import { expect, test } from 'vitest';
import { murmur2, partitionOfKey } from './murmur2.ts';

test('the hashes of Kafka’s own test (UtilsTest)', () => {
  for (const [key, hash] of [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ] as const) {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  }
});

test('a partition is within the count, also where the hash is negative', () => {
  for (let i = 0; i < 1000; i++) {
    const partition = partitionOfKey(Buffer.from(`key-${i}`), 7);
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(7);
  }
  expect(partitionOfKey(Buffer.from('21'), 10)).toBe((-973932308 & 0x7fffffff) % 10);
});

// What kafka-replica-verification finds, on batches made for it.
import { setBaseOffset } from '@moldau/protocol/records/batch-header';
import { writeBatch } from '@moldau/protocol/records/batch-writer';
import { expect, test } from 'vitest';
import { compareReplicas } from './compare-replicas.ts';

function batch(offset: number, ...values: string[]): Buffer {
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestamp: 1, headers: [] }));
  const bytes = writeBatch({ records });
  setBaseOffset(bytes, 0, offset);
  return bytes;
}
const answer = (brokerId: number, highWatermark: number, ...batches: Buffer[]) => ({
  brokerId,
  highWatermark,
  records: Buffer.concat(batches),
});

test('replicas that have the same are compared up to the high watermark, and the rest next time', () => {
  const full = [batch(0, 'a', 'b'), batch(2, 'c'), batch(3, 'd')];
  expect(compareReplicas(0, [answer(1, 3, ...full), answer(2, 3, ...full), answer(3, 2, ...full.slice(0, 1))])).toEqual(
    {
      nextOffset: 2,
      maxHighWatermark: 3,
      mismatches: [],
      diverged: false,
    },
  );
});

test('a batch that differs is told with both checksums, and comparing goes on', () => {
  const { mismatches, nextOffset, diverged } = compareReplicas(0, [
    answer(1, 2, batch(0, 'a'), batch(1, 'b')),
    answer(2, 2, batch(0, 'x'), batch(1, 'b')),
  ]);
  expect(mismatches).toEqual([
    expect.stringMatching(/^has unmatched checksum at offset 0; replica 1's checksum \d+; replica 2's checksum \d+$/),
  ]);
  expect([nextOffset, diverged]).toEqual([2, false]);
});

test('batches that do not even end alike end it', () => {
  expect(compareReplicas(0, [answer(1, 9, batch(0, 'a')), answer(2, 9, batch(0, 'a', 'b'))])).toMatchObject({
    mismatches: ["replica 1's offset 0 doesn't match replica 2's offset 1"],
    diverged: true,
  });
});

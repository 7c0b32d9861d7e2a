// Memory of the tail is filled again, and never while somebody looks at it.
import { expect, test } from 'vitest';
import type { Segment } from '../segment/segment.ts';
import { LogTail, type Slab, TailMemory } from './tail.ts';

const BATCH_BYTES = 1024 * 1024;

/** A tail of at most 8 MB in slabs of 4, of which everything counts as written. */
function setUp() {
  const memory = new TailMemory(8 * BATCH_BYTES);
  const segment = { writtenBytes: Number.POSITIVE_INFINITY } as Segment;
  const tail = new LogTail(memory);
  let end = 0;
  const seen = new Set<ArrayBufferLike>();
  return {
    tail,
    segment,
    /** Appends one batch filled with `byte`; answers its slab. */
    append(byte: number): Slab {
      tail.add(segment, end * BATCH_BYTES, end, end + 1, Buffer.alloc(BATCH_BYTES, byte));
      memory.evict();
      const { slab } = tail.chunkAt(tail.find(end++))!;
      seen.add(slab!.memory.buffer);
      return slab!;
    },
    get slabs(): number {
      return seen.size;
    },
  };
}

test('memory is filled again when its records have been let go', () => {
  const log = setUp();
  for (let i = 0; i < 100; i++) log.append(i);
  expect(log.slabs).toBeLessThanOrEqual(5);
});

test('a view that left for an answer stays as it is until the answer has been sent', () => {
  const log = setUp();
  for (let i = 0; i < 20; i++) log.append(1);
  const slab = log.append(7);
  const view = slab.memory.subarray(slab.used - BATCH_BYTES, slab.used);
  log.tail.hold([slab]);
  log.tail.hold([slab]);
  for (let i = 0; i < 40; i++) log.append(2);
  log.tail.unhold([slab]);
  for (let i = 0; i < 40; i++) log.append(3);
  expect(view.every((byte) => byte === 7)).toBe(true);
  const before = log.slabs;
  log.tail.unhold([slab]);
  for (let i = 0; i < 40; i++) log.append(4);
  expect(log.slabs).toBe(before);
  expect(view.some((byte) => byte === 4)).toBe(true);
});

test('memory that a write under way may read is not filled again', () => {
  const log = setUp();
  for (let i = 0; i < 20; i++) log.append(1);
  const slab = log.append(7);
  const view = slab.memory.subarray(slab.used - BATCH_BYTES, slab.used);
  log.segment.writtenBytes = 0;
  log.tail.clear();
  log.segment.writtenBytes = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 40; i++) log.append(2);
  expect(view.every((byte) => byte === 7)).toBe(true);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchBuffers } from './batch-buffers.ts';

const roomOf = (room: number | Buffer) => (typeof room === 'number' ? Buffer.alloc(room) : room);

test('a buffer that was given back is the next one of its size', () => {
  const buffers = new BatchBuffers();
  const first = roomOf(buffers.take(1_000_000));
  buffers.giveBack(first);
  expect(buffers.take(1_000_500)).toBe(first);
  expect(buffers.take(1_000_000)).toEqual(expect.any(Number));
});

test('a small batch does not sit in a large buffer, a large one not in a small', () => {
  const buffers = new BatchBuffers();
  buffers.giveBack(Buffer.alloc(1_000_000));
  expect(buffers.take(20_000)).toEqual(expect.any(Number));
  buffers.giveBack(Buffer.alloc(20_000));
  expect(buffers.take(40_000)).toEqual(expect.any(Number));
});

test('whatever is taken and given back: no buffer in two hands, large enough, and no more kept than the bound', () => {
  const steps = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 10_000_000 }), keep: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (taken) => {
      const buffers = new BatchBuffers();
      const held = new Set<Buffer>();
      for (const { bytes, keep } of taken) {
        const room = buffers.take(bytes);
        if (typeof room === 'number') expect(room).toBeGreaterThanOrEqual(bytes);
        else expect(room.length).toBeGreaterThanOrEqual(bytes);
        // The same memory for every test buffer would hide that two hands hold one: identity is what counts.
        const buffer = typeof room === 'number' ? Buffer.alloc(room) : room;
        expect(held.has(buffer)).toBe(false);
        if (keep) held.add(buffer);
        else buffers.giveBack(buffer);
        expect(buffers.bytes).toBeLessThanOrEqual(8 << 20);
      }
    }),
    { numRuns: 50 },
  );
});

import { expect, test } from 'vitest';
import { ReadBuffers } from './read-buffers.ts';

test('a buffer that came back is lent again for reads of its size, never to two at a time', () => {
  const buffers = new ReadBuffers(10_000_000);
  const first = buffers.take(100_000);
  expect(first.length).toBe(131_072);
  expect(buffers.take(100_000)).not.toBe(first);
  buffers.give(first);
  expect(buffers.take(70_000)).toBe(first);
  expect(buffers.take(70_000)).not.toBe(first);
});

test('a buffer lent for less is found again for its own size, and kept memory is bounded', () => {
  const buffers = new ReadBuffers(20_000);
  const small = [buffers.take(1), buffers.take(8_192), buffers.take(100)];
  for (const buffer of small) buffers.give(buffer);
  expect(buffers.idleBytes).toBe(2 * 8_192);
  expect(small.slice(0, 2)).toContain(buffers.take(8_000));
});

test('a buffer of unusual size is not kept', () => {
  const buffers = new ReadBuffers(100_000_000);
  const huge = buffers.take(5_000_000);
  expect(huge.length).toBe(5_000_000);
  buffers.give(huge);
  expect(buffers.idleBytes).toBe(0);
});

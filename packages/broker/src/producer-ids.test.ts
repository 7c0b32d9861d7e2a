import { expect, test } from 'vitest';
import { ProducerIds } from './producer-ids.ts';

test('ids come from blocks in order, each once, also when many ask at a time', async () => {
  let first = 0;
  let asked = 0;
  const ids = new ProducerIds(async () => {
    asked++;
    first += 3;
    return { first, count: 3 };
  });
  const drawn = await Promise.all(Array.from({ length: 7 }, () => ids.next()));
  expect([...drawn].sort((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9]);
  expect(asked).toBe(3);
});

test('a refused block is an error for those who wait and is asked for again by the next', async () => {
  let fail = true;
  const ids = new ProducerIds(async () => {
    if (fail) throw new Error('no controller');
    return { first: 5, count: 1 };
  });
  await expect(ids.next()).rejects.toThrow('no controller');
  fail = false;
  expect(await ids.next()).toBe(5);
});

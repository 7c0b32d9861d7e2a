import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AssignedPartition, Positions } from './positions.ts';
import { WorkLines } from './work-lines.ts';

function setUp(concurrency: number) {
  const positions = new Positions();
  positions.assign([{ topic: 't', partition: 0 }]);
  const entry = positions.moveTo(positions.get('t', 0)!, 0);
  const lines = new WorkLines({
    concurrency,
    isCurrent: (one) => positions.isCurrent(one),
    now: () => 0,
    onProgress: () => {},
  });
  return { positions, entry, lines };
}

test('any order of finishing: lines keep their order, the bound holds, the position never passes what is not done', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 4 }),
      fc.infiniteStream(fc.nat()),
      async (keys, concurrency, picks) => {
        const { entry, lines } = setUp(concurrency);
        const finish = new Map<number, () => void>();
        const started: number[] = [];
        const done = new Set<number>();
        for (const [offset, key] of keys.entries()) {
          const run = () => {
            started.push(offset);
            return new Promise<void>((resolve) => finish.set(offset, resolve));
          };
          lines.add({ entry, line: String(key), firstOffset: offset, count: 1, run });
        }
        entry.collected = keys.length;
        lines.pump();
        while (done.size < keys.length) {
          expect(finish.size).toBeGreaterThan(0);
          expect(finish.size).toBeLessThanOrEqual(concurrency);
          const offset = [...finish.keys()][picks.next().value! % finish.size]!;
          finish.get(offset)!();
          finish.delete(offset);
          done.add(offset);
          await new Promise((resolve) => setImmediate(resolve));
          expect(entry.position).toBe(
            keys.findIndex((_, at) => !done.has(at)) >= 0 ? keys.findIndex((_, at) => !done.has(at)) : keys.length,
          );
        }
        for (const key of new Set(keys)) {
          const ofKey = started.filter((offset) => keys[offset] === key);
          expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        }
        expect(lines.openRecords).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});

test('after a failure nothing more starts, and the position stays at it', async () => {
  const { entry, lines } = setUp(1);
  const ran: number[] = [];
  for (let offset = 0; offset < 4; offset++) {
    const run = () => {
      ran.push(offset);
      if (offset === 1) throw new Error('no');
    };
    lines.add({ entry, line: 'a', firstOffset: offset, count: 1, run });
  }
  entry.collected = 4;
  lines.pump();
  await new Promise((resolve) => setImmediate(resolve));
  expect(ran).toEqual([0, 1]);
  expect(lines.failure?.error).toMatchObject({ message: 'no' });
  expect(entry.position).toBe(1);
});

test('draining waits for what runs and forgets what waits', async () => {
  const { entry, lines } = setUp(1);
  let finish = () => {};
  const ran: number[] = [];
  const add = (offset: number) =>
    lines.add({
      entry,
      line: 'a',
      firstOffset: offset,
      count: 1,
      run: () => {
        ran.push(offset);
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
  add(0);
  add(1);
  entry.collected = 2;
  lines.pump();
  let drained = false;
  const draining = lines.drain(new Set<AssignedPartition>([entry])).then(() => {
    drained = true;
  });
  await Promise.resolve();
  expect(drained).toBe(false);
  finish();
  await draining;
  expect(ran).toEqual([0]);
  expect(entry.position).toBe(1);
});

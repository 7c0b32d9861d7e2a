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
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
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
          lines.add({ entry, line: String(key), steps: 1, recordsPerStep: 1, bytes: 1, offsetOf: () => offset, run });
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
    lines.add({ entry, line: 'a', steps: 1, recordsPerStep: 1, bytes: 1, offsetOf: () => offset, run });
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
      steps: 1,
      recordsPerStep: 1,
      bytes: 1,
      offsetOf: () => offset,
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

test('a batch goes record by record: the position follows each, and a failure stands at its record', async () => {
  const { entry, lines } = setUp(1);
  const ran: number[] = [];
  const offsets = [3, 4, 7, 9];
  const run = (step: number) => {
    ran.push(step);
    expect(entry.position).toBe(step === 0 ? 0 : offsets[step]!);
    if (step === 2) throw new Error('no');
  };
  lines.add({ entry, line: 'a', steps: 4, recordsPerStep: 1, bytes: 1, offsetOf: (step) => offsets[step]!, run });
  entry.collected = 10;
  lines.pump();
  expect(ran).toEqual([0, 1, 2]); // handlers that do not wait need no turn between them
  await lines.stop();
  expect(lines.failure?.error).toMatchObject({ message: 'no' });
  expect([entry.position, lines.openRecords]).toEqual([7, 0]);
});

test('a batch stops behind the record at hand when its partition is paused, moved or goes', async () => {
  for (const end of ['pause', 'move', 'drain'] as const) {
    const { positions, entry, lines } = setUp(1);
    const ran: number[] = [];
    let finish = () => {};
    const run = (step: number) => {
      ran.push(step);
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    };
    lines.add({ entry, line: 'a', steps: 3, recordsPerStep: 1, bytes: 1, offsetOf: (step) => step, run });
    entry.collected = 3;
    lines.pump();
    if (end === 'pause') entry.paused = true;
    if (end === 'move') positions.moveTo(entry, 0);
    const drained = end === 'drain' ? lines.drain() : undefined;
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    await drained;
    expect(ran).toEqual([0]);
    expect(lines.openRecords).toBe(end === 'pause' ? 2 : 0);
    if (end === 'pause') {
      entry.paused = false;
      lines.pump();
      expect(ran).toEqual([0, 1]);
      finish();
      await lines.stop();
    } else if (end === 'drain') expect(entry.position).toBe(1);
  }
});

test('handlers that never wait leave the event loop its turns', async () => {
  const positions = new Positions();
  positions.assign([{ topic: 't', partition: 0 }]);
  const entry = positions.moveTo(positions.get('t', 0)!, 0);
  let [now, turns] = [0, 0];
  const lines = new WorkLines({
    concurrency: 1,
    isCurrent: (one) => positions.isCurrent(one),
    now: () => now,
    nextTurn: async () => {
      turns++;
    },
    onProgress: () => {},
  });
  const run = () => {
    now += 1; // a millisecond each
  };
  lines.add({ entry, line: 'a', steps: 320, recordsPerStep: 1, bytes: 1, offsetOf: (step) => step, run });
  entry.collected = 320;
  lines.pump();
  while (lines.openRecords > 0) await Promise.resolve();
  expect(turns).toBe(10); // at each look at the clock
  expect(entry.position).toBe(320);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Liveness } from './liveness.ts';

const p0 = { topic: 't', partition: 0 };
const awake = [{ ...p0, resting: false }];

test('silence is reported at the bound, again each bound, and its end is told once', () => {
  const liveness = new Liveness(100);
  expect(liveness.due(awake, 0)).toEqual([]);
  expect(liveness.due(awake, 99)).toEqual([]);
  expect(liveness.due(awake, 100)).toEqual([{ ...p0, sinceMs: 100 }]);
  expect(liveness.due(awake, 150)).toEqual([]);
  expect(liveness.due(awake, 200)).toEqual([{ ...p0, sinceMs: 200 }]);
  liveness.heard(p0, 210);
  expect(liveness.takeRecovered()).toEqual([p0]);
  expect(liveness.takeRecovered()).toEqual([]);
  expect(liveness.due(awake, 300)).toEqual([]);
});

test('a partition that rests is not expected to move, and has the whole bound once it wakes', () => {
  const liveness = new Liveness(100);
  for (let now = 0; now <= 500; now += 50) expect(liveness.due([{ ...p0, resting: true }], now)).toEqual([]);
  expect(liveness.due(awake, 599)).toEqual([]);
  expect(liveness.due(awake, 600)).toHaveLength(1);
});

test('a group that does not let the member in is reported, each bound', () => {
  const liveness = new Liveness(100);
  expect(liveness.outsideDue(true, 1000)).toBeUndefined();
  expect(liveness.outsideDue(true, 1100)).toBe(100);
  expect(liveness.outsideDue(true, 1150)).toBeUndefined();
  expect(liveness.outsideDue(true, 1200)).toBe(200);
  expect(liveness.outsideDue(false, 1250)).toBeUndefined();
  expect(liveness.outsideDue(true, 1300)).toBeUndefined();
});

test('whatever happens, no partition is silent, awake and unreported for longer than the bound and one look', () => {
  const step = fc.record({ wait: fc.integer({ min: 1, max: 60 }), heard: fc.boolean(), resting: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const liveness = new Liveness(100);
      let now = 0;
      let quietSince = 0;
      liveness.due(awake, now);
      for (const { wait, heard, resting } of steps) {
        now += wait;
        if (heard) liveness.heard(p0, now);
        const due = liveness.due([{ ...p0, resting }], now);
        if (heard || resting || due.length > 0) quietSince = now;
        expect(now - quietSince).toBeLessThan(100);
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OffsetWaiters, ParkedFetch } from './parked.ts';

test('waiters leave in the order of their offsets, once, and never before their offset is reached', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.record({ add: fc.nat(50) }), fc.record({ release: fc.nat(50) }))), (steps) => {
      const waiters = new OffsetWaiters();
      let waiting: { offset: number; id: number }[] = [];
      let released: number[] = [];
      let id = 0;
      for (const step of steps) {
        if ('add' in step) {
          const mine = id++;
          waiting.push({ offset: step.add, id: mine });
          waiters.add(step.add, (failure) => {
            expect(failure).toBe(undefined);
            released.push(mine);
          });
        } else {
          released = [];
          waiters.release(step.release);
          const due = waiting
            .filter(({ offset }) => offset <= step.release)
            .sort((a, b) => a.offset - b.offset || a.id - b.id);
          waiting = waiting.filter(({ offset }) => offset > step.release);
          expect(released).toEqual(due.map((waiter) => waiter.id));
          expect(waiters.size).toBe(waiting.length);
        }
      }
    }),
  );
});

test('a partition that goes offline releases all with the reason', () => {
  const waiters = new OffsetWaiters();
  const heard: unknown[] = [];
  waiters.add(5, (failure) => heard.push(failure));
  waiters.add(6, (failure) => heard.push(failure));
  waiters.fail('offline');
  waiters.release(100);
  expect(heard).toEqual(['offline', 'offline']);
});

test('a waiter added while others are released waits for its own turn', () => {
  const waiters = new OffsetWaiters();
  const heard: string[] = [];
  waiters.add(1, () => {
    heard.push('first');
    waiters.add(2, () => heard.push('second'));
  });
  waiters.release(1);
  expect(heard).toEqual(['first']);
  waiters.release(2);
  expect(heard).toEqual(['first', 'second']);
});

test('a parked fetch wakes once: at enough bytes over all partitions, or at a change', () => {
  let woken = 0;
  const fetch = new ParkedFetch(100, () => woken++);
  fetch.grown(60);
  expect(woken).toBe(0);
  fetch.grown(40);
  expect(woken).toBe(1);
  fetch.grown(500);
  fetch.changed();
  expect(woken).toBe(1);
});

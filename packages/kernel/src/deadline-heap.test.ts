import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineHeap } from './deadline-heap.ts';

test('entries leave by due time, equal times in the order they came, removed ones never', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ dueAt: fc.nat(20), removed: fc.boolean() })), (specs) => {
      const heap = new DeadlineHeap<number>();
      const handles = specs.map(({ dueAt }, id) => heap.add(dueAt, id));
      specs.forEach(({ removed }, id) => {
        if (removed) expect(heap.remove(handles[id]!)).toBe(true);
      });
      const expected = specs
        .map((spec, id) => ({ ...spec, id }))
        .filter((spec) => !spec.removed)
        .sort((a, b) => a.dueAt - b.dueAt || a.id - b.id)
        .map((spec) => spec.id);
      const left: number[] = [];
      for (let id = heap.takeDue(20); id !== undefined; id = heap.takeDue(20)) left.push(id);
      expect(left).toEqual(expected);
      expect(heap.size).toBe(0);
    }),
  );
});

test('nothing leaves before it is due', () => {
  const heap = new DeadlineHeap<string>();
  heap.add(10, 'a');
  expect(heap.nextDueAt).toBe(10);
  expect(heap.takeDue(9)).toBeUndefined();
  expect(heap.takeDue(10)).toBe('a');
  expect(heap.nextDueAt).toBeUndefined();
});

test('removing twice answers false and disturbs nothing', () => {
  const heap = new DeadlineHeap<string>();
  const first = heap.add(1, 'a');
  heap.add(2, 'b');
  expect(heap.remove(first)).toBe(true);
  expect(heap.remove(first)).toBe(false);
  expect(heap.takeDue(5)).toBe('b');
});

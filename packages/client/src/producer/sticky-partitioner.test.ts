import { expect, test } from 'vitest';
import { StickyPartitioner } from './sticky-partitioner.ts';

function sequence(values: readonly number[]): () => number {
  let index = 0;
  return () => values[index++ % values.length]!;
}

const make = (o: { waiting?: (partition: number) => number; random?: () => number; adaptive?: boolean } = {}) =>
  new StickyPartitioner({
    batchSize: 100,
    adaptive: o.adaptive ?? true,
    random: o.random ?? sequence([0.1, 0.5, 0.9]),
    waiting: (_, partition) => o.waiting?.(partition) ?? 0,
  });

test('stays until a batch is there, then moves on', () => {
  const sticky = make();
  expect(sticky.current('t', [0, 1, 2], 3)).toBe(0);
  sticky.sent('t', 60, [0, 1, 2], 3);
  expect(sticky.current('t', [0, 1, 2], 3)).toBe(0);
  sticky.sent('t', 60, [0, 1, 2], 3);
  expect(sticky.current('t', [0, 1, 2], 3)).toBe(1);
});

test('leaves a partition that has lost its leader, and takes any when none has one', () => {
  const sticky = make();
  expect(sticky.current('t', [0, 1, 2], 3)).toBe(0);
  expect(sticky.current('t', [1, 2], 3)).toBe(2);
  expect(sticky.current('u', [], 4)).toBe(3);
});

test('partitions that lag are drawn less', () => {
  const drawn = [0, 0];
  for (let i = 0; i < 1000; i++) {
    const sticky = make({ waiting: (partition) => (partition === 0 ? 9 : 0), random: () => i / 1000 });
    drawn[sticky.current('t', [0, 1], 2)]!++;
  }
  expect(drawn[0]).toBeLessThan(150);
  const plain = make({ waiting: (partition) => (partition === 0 ? 9 : 0), random: () => 0.3, adaptive: false });
  expect(plain.current('t', [0, 1], 2)).toBe(0);
});

import { expect, it } from 'vitest';
import { partitionFor } from './partition-for.ts';

// Values of Java: "polygenelubricants".hashCode() is Integer.MIN_VALUE, "".hashCode() is 0, "hello".hashCode() 99162322.
it.each([
  ['', 50, 0],
  ['hello', 50, 99_162_322 % 50],
  ['polygenelubricants', 50, 0],
  ['a', 50, 97 % 50],
  ['Ünïcödé-😀', 1, 0],
  ['console-consumer-12345', 1, 0],
  ['😀', 2_147_483_647, 1_772_899],
] as const)('%s of %i partitions', (key, count, expected) => {
  expect(partitionFor(key, count)).toBe(expected);
});

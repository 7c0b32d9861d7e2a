import { expect, test } from 'vitest';
import { javaHashCode, javaHashOrder } from './java-hash-order.ts';

test.each([
  ['', 0],
  ['a', 97],
  ['retention.ms', -1_339_220_362],
  ['segment.bytes', -2_022_974_992],
])('hash code of %j', (text, expected) => {
  expect(javaHashCode(text)).toBe(expected);
});

test('the settings of __consumer_offsets come as in the output of Kafka', () => {
  // Filled up to the number of settings that a topic has, because the order depends on it.
  const others = Array.from({ length: 28 }, (_, i) => `other.${i}`);
  const shown = ['segment.bytes', 'cleanup.policy', 'min.insync.replicas', 'compression.type'];
  const ordered = javaHashOrder([...shown, ...others], (name) => name).filter((name) => shown.includes(name));
  expect(ordered).toEqual(['compression.type', 'min.insync.replicas', 'cleanup.policy', 'segment.bytes']);
});

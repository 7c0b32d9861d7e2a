import { expect, test } from 'vitest';
import { PreferredDirectories } from './preferred-directories.ts';

test('the newest word holds until the log is made', () => {
  const preferred = new PreferredDirectories();
  preferred.set('t', 1, '/a');
  preferred.set('t', 1, '/b');
  expect([preferred.get('t', 1), preferred.get('t', 2)]).toEqual(['/b', undefined]);
  preferred.done('t', 1);
  expect(preferred.get('t', 1)).toBeUndefined();
});

test('the oldest of more than ten thousand is forgotten', () => {
  const preferred = new PreferredDirectories();
  for (let i = 0; i <= 10_000; i++) preferred.set('t', i, '/a');
  expect([preferred.get('t', 0), preferred.get('t', 1), preferred.get('t', 10_000)]).toEqual([undefined, '/a', '/a']);
});

// One seed is one schedule.
import { expect, test } from 'vitest';
import { NEMESES } from './nemeses.ts';
import { schedule } from './schedule.ts';

const told = (seed: number, seconds: number) =>
  schedule(seed, seconds, NEMESES, 3).map(({ nemesis, ...strike }) => ({ nemesis: nemesis.name, ...strike }));

test('the same seed draws the same, another one something else', () => {
  expect(told(7, 300)).toEqual(told(7, 300));
  expect(told(7, 300)).not.toEqual(told(8, 300));
});

test('every nemesis comes before any comes again, and the time is filled', () => {
  const appointments = told(1, 600);
  const first = appointments.slice(0, NEMESES.length).map(({ nemesis }) => nemesis);
  expect(new Set(first).size).toBe(NEMESES.length);
  const sumMs = appointments.reduce((sum, { pauseMs, durationMs }) => sum + pauseMs + durationMs + 1_500, 0);
  expect(sumMs).toBeGreaterThanOrEqual(600_000);
});

test('what is sure to come is the third strike, whatever the seed, and comes once in a round', () => {
  for (let seed = 0; seed < 20; seed++) {
    const names = schedule(seed, 600, NEMESES, 3, ['bit-flip']).map(({ nemesis }) => nemesis.name);
    expect(names[2]).toBe('bit-flip');
    expect(new Set(names.slice(0, NEMESES.length)).size).toBe(NEMESES.length);
  }
});

test('nothing to do is said, not run', () => {
  expect(() => schedule(1, 10, [], 3)).toThrow('no nemesis is possible here');
});

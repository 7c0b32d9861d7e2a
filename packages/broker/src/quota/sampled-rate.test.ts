import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SampledRate } from './sampled-rate.ts';

// Kafka's defaults: eleven windows of a second. The figures are those of its QuotaUtils.throttleTime.
test.each([
  ['within: 10,000 bytes at once are 1,000 a second over ten windows', [[0, 10_000]], 0, 0],
  ['one byte in a thousand too much', [[0, 10_010]], 0, 10],
  ['twice as much', [[0, 20_000]], 0, 10_000],
  ['twice as much, half the row later', [[0, 20_000]], 5_000, 10_000],
  ['twice as much over the whole row', [[0, 20_000]], 10_500, Math.round(((20_000 / 10.5 - 1_000) / 1_000) * 10_500)],
  ['gone when its window is', [[0, 20_000]], 11_000, 0],
  [
    'spread out evenly it is no more than it is',
    Array.from({ length: 30 }, (_, i) => [i * 1_000, 1_000]),
    29_500,
    Math.round((11_000 / 10.5 / 1_000 - 1) * 10_500),
  ],
])('%s', (_name, records, now, throttleMs) => {
  const rate = new SampledRate(11, 1_000);
  for (const [at, amount] of records as [number, number][]) rate.record(amount, at);
  expect(rate.throttleMs(1_000, now)).toBe(throttleMs);
});

test('who waits as long as told stays near the quota over any long stretch', () => {
  const amounts = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 60, maxLength: 120 });
  fc.assert(
    fc.property(amounts, (sizes) => {
      const rate = new SampledRate(11, 1_000);
      let now = 0;
      let sum = 0;
      for (const size of sizes) {
        rate.record(size, now);
        sum += size;
        now += rate.throttleMs(1_000, now);
      }
      // A burst is forgotten whole with its window: with requests nearly as large as a row's allowance the worst row of
      // them brings twice as much. So it is in Kafka; small requests keep to the quota (the table above).
      expect(sum).toBeLessThanOrEqual(2 * now + 11 * 1_000 + 9_000);
    }),
    { numRuns: 300 },
  );
});

test('a row of one window works too', () => {
  const rate = new SampledRate(1, 1_000);
  rate.record(5_000, 0);
  expect(rate.throttleMs(1_000, 0)).toBeGreaterThan(0);
  expect(rate.idle(1_000)).toBe(true);
  expect(rate.throttleMs(1_000, 1_000)).toBe(0);
});

// What a replication throttle lets pass.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isThrottled, ReplicationQuota } from './replication-quota.ts';

describe('rate', () => {
  test('a second ahead at most, then as fast as the rate', () => {
    const quota = new ReplicationQuota(() => 1_000);
    expect(quota.waitMs(0)).toBe(0);
    quota.passed(1_500, 0);
    expect(quota.waitMs(0)).toBe(501);
    expect(quota.waitMs(500)).toBe(1);
    expect(quota.waitMs(501)).toBe(0);
  });

  test('no bound by default; a rate of 0 lets nothing pass', () => {
    const open = new ReplicationQuota(() => 9.2e18);
    open.passed(1e12, 0);
    expect(open.waitMs(0)).toBe(0);
    expect(new ReplicationQuota(() => 0).waitMs(0)).toBe(1_000);
  });

  test('what passes stays under the rate however the calls fall', () => {
    const step = fc.record({ afterMs: fc.nat(300), bytes: fc.integer({ min: 1, max: 400 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const quota = new ReplicationQuota(() => 1_000);
        let now = 0;
        let passed = 0;
        for (const { afterMs, bytes } of steps) {
          now += afterMs;
          if (quota.waitMs(now) > 0) continue;
          quota.passed(bytes, now);
          passed += bytes;
        }
        expect(passed).toBeLessThanOrEqual(1_000 + now + 400);
      }),
    );
  });
});

test.each([
  [[], false],
  [['*'], true],
  [['3:7'], true],
  [['3:8', '4:7'], false],
] as const)('%j throttles partition 3 of broker 7: %s', (replicas, expected) => {
  expect(isThrottled(replicas, 3, 7)).toBe(expected);
});

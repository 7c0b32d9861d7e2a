// Every state of a small cluster is visited, and nothing promised is ever missing from a replica that could be elected.
// Then one rule at a time is taken away, and the search must find the loss: a search that stays silent means nothing.
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { followerRules } from './partition-follower.ts';
import { leaderRules } from './partition-leader.ts';
import { search, walk } from './test/replica-model.ts';

afterEach(() => vi.restoreAllMocks());

describe('nothing promised is lost, no two replicas differ below their watermarks', () => {
  test.each([
    { replicas: 2, records: 3, epochs: 3, isrChanges: 1 },
    { replicas: 3, records: 1, epochs: 2, isrChanges: 1 },
  ])('in every state of $replicas replicas, $records records, $epochs epochs, $isrChanges ISR changes', (bounds) => {
    const found = search(bounds, 400_000);
    expect(found.path).toEqual([]);
    expect(found.violation).toBeUndefined();
    expect(found.whole).toBe(true);
  });

  test('in the nearest 100,000 states of 3 replicas, 3 records, 3 epochs', () => {
    const found = search({ replicas: 3, records: 3, epochs: 3, isrChanges: 3 }, 100_000);
    expect(found.path).toEqual([]);
    expect(found.violation).toBeUndefined();
  });

  test('on long ways through 3 replicas, 5 records, 6 epochs', () => {
    const bounds = { replicas: 3, records: 5, epochs: 6, isrChanges: 8 };
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (draws) => {
        const found = walk(bounds, () => draws.next().value as number, 80);
        expect(found.path).toEqual([]);
        expect(found.violation).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });
});

describe('without one of the rules the search finds the loss', () => {
  test('fence: maximal ISR (the watermark must not count confirmed members only)', () => {
    vi.spyOn(leaderRules, 'counts').mockImplementation((leader, id) => leader.isr.includes(id));
    const found = search({ replicas: 2, isr: [0], records: 1, epochs: 2, isrChanges: 1 }, 50_000);
    expect(found.violation).toMatch(/lacks the promised/);
  });

  test('fence: a follower cuts where the epochs part, not back to its own high watermark', () => {
    vi.spyOn(followerRules, 'cutAt').mockImplementation((log) => log.highWatermark);
    const found = search({ replicas: 2, records: 2, epochs: 3, isrChanges: 0 }, 50_000);
    expect(found.violation).toMatch(/lacks the promised/);
  });

  test("fence: leader epoch start (a joiner must have reached the beginning of the leader's epoch)", () => {
    vi.spyOn(leaderRules, 'reached').mockImplementation((leader, { logEnd }) => logEnd >= leader.highWatermark);
    const found = search({ replicas: 3, isr: [0, 1], records: 1, epochs: 3, isrChanges: 1 }, 200_000);
    expect(found.violation).toMatch(/lacks the promised/);
  });
});

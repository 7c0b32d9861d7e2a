import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PersistentMap } from './persistent-map.ts';

const keys = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.integer({ min: 0, max: 40 }).map((n) => `topic-${n}`),
);

test('is a map, and older versions keep what they had', () => {
  const steps = fc.array(fc.tuple(keys, fc.option(fc.integer(), { nil: undefined })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (changes) => {
      let map = PersistentMap.empty<number>();
      const model = new Map<string, number>();
      const versions: [PersistentMap<number>, Map<string, number>][] = [];
      for (const [key, value] of changes) {
        if (value === undefined) {
          map = map.delete(key);
          model.delete(key);
        } else {
          map = map.set(key, value);
          model.set(key, value);
        }
        versions.push([map, new Map(model)]);
      }
      for (const [version, expected] of versions) {
        expect(version.size).toBe(expected.size);
        expect(new Map(version)).toEqual(expected);
        for (const [key, value] of expected) expect(version.get(key)).toBe(value);
      }
    }),
    { numRuns: 200 },
  );
});

test('the order of iteration depends on the keys alone', () => {
  fc.assert(
    fc.property(fc.uniqueArray(keys, { maxLength: 60 }), fc.array(keys), fc.nat(), (names, passing, seed) => {
      const straight = names.reduce((map, key) => map.set(key, 1), PersistentMap.empty<number>());
      const shuffled = [...names].sort((a, b) => ((a.length * 7 + seed) % 11) - ((b.length * 7 + seed) % 11));
      let detour = passing.reduce((map, key) => map.set(key, 0), PersistentMap.empty<number>());
      for (const key of shuffled) detour = detour.set(key, 1);
      for (const key of passing) if (!names.includes(key)) detour = detour.delete(key);
      expect([...detour.keys()]).toEqual([...straight.keys()]);
    }),
  );
});

test('keys with the same hash live side by side', () => {
  // These pairs share all 32 bits (found by search).
  const pairs = [
    ['k32728', 'k261234'],
    ['k32729', 'k261235'],
  ] as const;
  for (const [a, b] of pairs) {
    const both = PersistentMap.empty<string>().set(a, 'a').set(b, 'b').set('other', 'o');
    expect([both.size, both.get(a), both.get(b), both.get('other')]).toEqual([3, 'a', 'b', 'o']);
    expect([...both.set(a, 'A').keys()]).toEqual([
      ...PersistentMap.empty<string>().set('other', '').set(b, '').set(a, '').keys(),
    ]);
    const one = both.delete(a);
    expect([one.size, one.get(a), one.get(b)]).toEqual([2, undefined, 'b']);
    expect(one.delete('no such').size).toBe(2);
    expect([...one.delete(b).delete('other')]).toEqual([]);
  }
});

test('a hundred thousand keys', () => {
  let map = PersistentMap.empty<number>();
  for (let i = 0; i < 100_000; i++) map = map.set(`topic-${i}`, i);
  expect(map.size).toBe(100_000);
  for (let i = 0; i < 100_000; i += 997) expect(map.get(`topic-${i}`)).toBe(i);
});

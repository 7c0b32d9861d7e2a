// The checker must find what it is there for: each violation planted once in a history that is otherwise sound.
import { describe, expect, test } from 'vitest';
import { check } from './checker.ts';
import { type Batch, History, type Sighting } from './history.ts';

function batch(n: number, baseOffset: number, o: Partial<Batch> = {}): Batch {
  const base = { producer: 'p', partition: 0, n, count: 2, idempotent: true, sends: 1, acknowledged: true };
  return { ...base, baseOffset, ...o };
}

/** Four values, acknowledged, read while running, read and committed by a group. */
function sound(): { history: History; log: Sighting[] } {
  const history = new History();
  history.batches.push(batch(0, 0), batch(2, 2), batch(4, 4, { acknowledged: false, baseOffset: undefined }));
  const log = [0, 1, 2, 3].map((n) => ({ partition: 0, offset: n, value: `p/0/${n}` }));
  history.sightings.push(...log.slice(0, 2));
  history.commits.push(
    { kind: 'delivered', partition: 0, first: 0, last: 1 },
    { kind: 'attempt', partition: 0, offset: 2 },
    { kind: 'acknowledged', partition: 0, offset: 2 },
    { kind: 'observed', partition: 0, offset: 2 },
    { kind: 'delivered', partition: 0, first: 2, last: 3 },
  );
  return { history, log };
}

describe('checker', () => {
  test('a sound history has no violations, whether the unacknowledged batch is there or not', () => {
    const { history, log } = sound();
    expect(check(history, log)).toEqual([]);
    log.push({ partition: 0, offset: 4, value: 'p/0/4' }, { partition: 0, offset: 5, value: 'p/0/5' });
    expect(check(history, log)).toEqual([]);
  });

  test('a producer without idempotence may stand twice', () => {
    const { history, log } = sound();
    history.batches.length = 0;
    history.batches.push(batch(0, 0, { idempotent: false }), batch(2, 4, { idempotent: false, sends: 2 }));
    log.push({ partition: 0, offset: 4, value: 'p/0/2' }, { partition: 0, offset: 5, value: 'p/0/3' });
    expect(check(history, log)).toEqual([]);
  });

  const plants: Record<string, (history: History, log: Sighting[]) => void> = {
    lost: (history, log) => {
      log.length = 3;
      history.sightings.length = 0;
    },
    moved: (history) => {
      const second = history.batches[1];
      if (second) second.baseOffset = 1;
    },
    duplicate: (_, log) => log.push({ partition: 0, offset: 4, value: 'p/0/3' }),
    reordered: (history, log) => {
      history.batches.length = 1;
      history.batches.push(batch(2, 2, { acknowledged: false }));
      log.splice(2, 2, { partition: 0, offset: 2, value: 'p/0/3' }, { partition: 0, offset: 3, value: 'p/0/2' });
    },
    inconsistent: (history) => history.sightings.push({ partition: 0, offset: 4, value: 'p/0/4' }),
    phantom: (_, log) => log.push({ partition: 0, offset: 4, value: 'p/0/99' }),
    gap: (_, log) => log.push({ partition: 0, offset: 7, value: 'p/0/4' }),
    regressed: (history) => history.commits.push({ kind: 'observed', partition: 0, offset: 1 }),
    skipped: (history) => history.commits.push({ kind: 'delivered', partition: 0, first: 9, last: 9 }),
    refused: (history) => history.refusals.push('Produce: OUT_OF_ORDER_SEQUENCE_NUMBER'),
  };
  for (const [kind, plant] of Object.entries(plants)) {
    test(`finds ${kind}`, () => {
      const { history, log } = sound();
      plant(history, log);
      expect(check(history, log).map((violation) => violation.kind)).toContain(kind);
    });
  }

  test('commits beyond what was attempted, and resumption behind what was committed', () => {
    const { history, log } = sound();
    history.commits.push(
      { kind: 'observed', partition: 0, offset: 3 },
      { kind: 'delivered', partition: 0, first: 1, last: 1 },
    );
    expect(check(history, log).map(({ kind }) => kind)).toEqual(['regressed', 'regressed']);
  });
});

import { NO_LEADER, type PartitionState } from '@moldau/metadata';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { state } from '../test/cluster-picture.ts';
import { changePartition, type PartitionChange, type PartitionFacts } from './partition-change.ts';

const three = { replicas: [1, 2, 3], isr: [1, 2, 3] };
function facts(parts: Partial<PartitionFacts> & { alive?: readonly number[]; leaving?: readonly number[] } = {}) {
  const { alive = [1, 2, 3, 4, 5], leaving = [], minInSync = 2, uncleanAllowed = false } = parts;
  return {
    lives: (id: number) => alive.includes(id),
    mayLead: (id: number) => alive.includes(id) && !leaving.includes(id),
    minInSync,
    uncleanAllowed,
  };
}
const changed = (before: PartitionState, change: PartitionChange, of = facts()) => changePartition(before, change, of);

describe('eligible leader replicas (KIP-966)', () => {
  test('who leaves an ISR below min.insync.replicas stays eligible, and is so no more once the ISR is whole', () => {
    const shrunk = changed(state(0, { ...three, isr: [1, 2] }), { isr: [1] })!.state;
    expect(shrunk).toMatchObject({ isr: [1], elr: [2], leader: 1, leaderEpoch: 0, partitionEpoch: 1 });
    const again = changed(shrunk, { isr: [1, 3] })!.state;
    expect(again).toMatchObject({ isr: [1, 3], elr: [], partitionEpoch: 2 });
  });

  test('when nobody of the ISR lives, an eligible one leads; it is clean', () => {
    const before = state(0, { ...three, isr: [1], elr: [2] });
    const result = changed(before, {}, facts({ alive: [2, 3] }))!;
    expect(result).toMatchObject({ unclean: false, state: { leader: 2, isr: [2], elr: [], leaderEpoch: 1 } });
  });

  test('a replica that came back from an unclean stop is not eligible, unless it is the last that may have everything', () => {
    const uncleanlyRestarted = new Set([1]);
    const two = changed(state(0, { ...three, isr: [1, 2] }), { uncleanlyRestarted, leaderRestarted: true })!.state;
    expect(two).toMatchObject({ isr: [2], leader: 2, lastKnownElr: [1], leaderEpoch: 1 });
    const last = changed(state(0, { ...three, isr: [1] }), { uncleanlyRestarted, leaderRestarted: true })!.state;
    expect(last).toMatchObject({ isr: [1], leader: 1, leaderEpoch: 1 });
  });
});

describe('elections', () => {
  test('without unclean elections a partition waits for its ISR and ELR; with them any replica leads, marked', () => {
    const before = state(0, { ...three, isr: [1], elr: [2] });
    const waits = changed(before, {}, facts({ alive: [3] }))!;
    expect(waits).toMatchObject({ unclean: false, state: { leader: NO_LEADER, isr: [1], elr: [2] } });
    const unclean = changed(before, {}, facts({ alive: [3], uncleanAllowed: true }))!;
    expect(unclean).toMatchObject({
      unclean: true,
      state: { leader: 3, isr: [3], elr: [], lastKnownElr: [], leaderRecoveryState: 'recovering', leaderEpoch: 1 },
    });
    expect(changed(waits.state, { election: 'unclean' }, facts({ alive: [3] }))).toMatchObject({ unclean: true });
  });

  test('the preferred leader takes over when it is in the ISR, and only then', () => {
    const before = state(0, { replicas: [2, 1, 3], isr: [1, 2], leader: 1 });
    expect(changed(before, { election: 'preferred' })?.state).toMatchObject({ leader: 2, leaderEpoch: 1 });
    expect(changed({ ...before, isr: [1, 3] }, { election: 'preferred' })).toBeUndefined();
  });

  test('who is on its way out leads only where nobody else can', () => {
    const before = state(0, { ...three, leader: 3 });
    expect(changed(before, { isr: [1, 2] }, facts({ leaving: [1] }))?.state.leader).toBe(2);
    expect(changed(before, { isr: [1, 2] }, facts({ alive: [1], leaving: [1] }))?.state.leader).toBe(1);
  });
});

describe('moves (KIP-455)', () => {
  const moving = state(0, { replicas: [4, 5, 1, 2], isr: [1, 2], addingReplicas: [4, 5], removingReplicas: [1, 2] });

  test('those who go stay until those who come are in sync', () => {
    expect(changed(moving, { isr: [1, 2, 4] })?.state).toMatchObject({
      replicas: [4, 5, 1, 2],
      leader: 1,
      leaderEpoch: 0,
    });
    const done = changed(moving, { isr: [1, 2, 4, 5] })!.state;
    expect(done).toMatchObject({
      ...{ replicas: [4, 5], isr: [4, 5], leader: 4, leaderEpoch: 1, addingReplicas: [], removingReplicas: [] },
    });
  });

  test('a leader that stays gets a new epoch all the same: who was let go is fenced by it', () => {
    const before = { ...moving, replicas: [4, 1, 2], addingReplicas: [4], removingReplicas: [2] };
    expect(changed(before, { isr: [1, 2, 4] })?.state).toMatchObject({ replicas: [4, 1], leader: 1, leaderEpoch: 1 });
  });
});

test('whatever happens: the leader is in the ISR, the ISR among the replicas, ELR apart from it, epochs only grow', () => {
  const ids = fc.subarray([1, 2, 3, 4]);
  const step = fc.record({
    alive: ids,
    leaving: fc.subarray([1, 2, 3, 4], { maxLength: 1 }),
    isr: fc.option(ids, { nil: undefined }),
    election: fc.constantFrom('needed' as const, 'preferred' as const, 'unclean' as const, 'never' as const),
    restarted: fc.subarray([1, 2, 3, 4], { maxLength: 1 }),
    unclean: fc.boolean(),
    minInSync: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
      let now = state(0, three);
      for (const { alive, leaving, isr, election, restarted, unclean, minInSync } of steps) {
        const wished = isr?.filter((id) => now.replicas.includes(id)) ?? [];
        const result = changed(
          now,
          {
            ...(wished.length > 0 && { isr: wished }),
            election,
            leaderRestarted: restarted.includes(now.leader),
            uncleanlyRestarted: new Set(restarted),
          },
          facts({ alive, leaving, minInSync, uncleanAllowed: unclean }),
        );
        if (!result) continue;
        const next = result.state;
        if (next.leader !== NO_LEADER) expect(next.isr).toContain(next.leader);
        expect(next.isr.length + next.elr.length).toBeGreaterThan(0); // somebody can always lead again, cleanly
        for (const id of next.isr) {
          expect(next.replicas).toContain(id);
          expect(next.elr).not.toContain(id);
          expect(next.lastKnownElr).not.toContain(id);
        }
        for (const id of next.elr) expect(next.lastKnownElr).not.toContain(id);
        expect(next.partitionEpoch).toBe(now.partitionEpoch + 1);
        expect(next.leaderEpoch - now.leaderEpoch).toBe(next.leaderEpoch > now.leaderEpoch ? 1 : 0);
        if (next.leader !== now.leader) expect(next.leaderEpoch).toBe(now.leaderEpoch + 1);
        if (result.unclean) expect(unclean || election === 'unclean').toBe(true);
        now = next;
      }
    }),
    { numRuns: 500 },
  );
});

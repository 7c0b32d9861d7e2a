// The leader's rules one by one, as tables of what comes in and what follows.
import type { PartitionState } from '@moldau/metadata';
import { describe, expect, test, vi } from 'vitest';
import {
  followerFetched,
  lagTick,
  lead,
  leaderRules,
  lowWatermark,
  ownLogMoved,
  type PartitionLeader,
  proposalRefused,
  type ReplicaFacts,
  stateSeen,
} from './partition-leader.ts';

const LAG = 30_000;
const noSession = () => 0;

function stateOf(parts: Partial<PartitionState> = {}): PartitionState {
  const basis = { partition: 0, replicas: [1, 2, 3], isr: [1, 2, 3], leader: 1, leaderEpoch: 5, partitionEpoch: 7 };
  return { ...basis, ...parts } as PartitionState;
}

function leading(
  parts: Partial<PartitionState> = {},
  own: { end?: number; hw?: number; minInSync?: number; eligible?: ReplicaFacts['eligible'] } = {},
) {
  const { end = 10, hw = 10, minInSync = 1 } = own;
  const facts = { self: 1, state: stateOf(parts), logEnd: end, persistedEnd: end, highWatermark: hw, minInSync };
  return lead({ ...facts, facts: { eligible: own.eligible ?? (() => true) }, lagMaxMs: LAG, now: 0 });
}

function fetched(leader: PartitionLeader, from: number, logEnd: number, now = 1, brokerEpoch = 40) {
  return followerFetched(leader, { from, brokerEpoch, logEnd, logStart: 0, now });
}

describe('high watermark', () => {
  test('moves to what every member has persisted, its own leader included', () => {
    const leader = leading();
    ownLogMoved(leader, 20, 15, 1);
    fetched(leader, 2, 18);
    expect(leader.highWatermark).toBe(10);
    fetched(leader, 3, 20);
    expect(leader.highWatermark).toBe(15);
    ownLogMoved(leader, 20, 20, 2);
    expect(leader.highWatermark).toBe(18);
  });

  test('does not go back when a member says less than before', () => {
    const leader = leading();
    fetched(leader, 2, 10);
    fetched(leader, 3, 4);
    expect(leader.highWatermark).toBe(10);
  });

  test('a new term knows nothing of its followers, whatever they said to the one before', () => {
    const leader = leading({}, { end: 20, hw: 10 });
    expect(leader.highWatermark).toBe(10);
    fetched(leader, 2, 20);
    expect(leader.highWatermark).toBe(10);
    fetched(leader, 3, 20);
    expect(leader.highWatermark).toBe(20);
  });

  test('fence: strict min.insync.replicas (with fewer confirmed members it stands still)', () => {
    const run = () => {
      const leader = leading({ isr: [1] }, { minInSync: 2 });
      ownLogMoved(leader, 20, 20, LAG * 2);
      return leader.highWatermark;
    };
    expect(run()).toBe(10);
    const spy = vi.spyOn(leaderRules, 'enough').mockReturnValue(true);
    expect(run()).toBe(20);
    spy.mockRestore();
  });

  test('min.insync.replicas beyond the number of replicas asks for all of them', () => {
    const leader = leading({ replicas: [1], isr: [1] }, { minInSync: 2 });
    ownLogMoved(leader, 20, 20, 1);
    expect(leader.highWatermark).toBe(20);
  });

  test('waits for one who is about to join, or a busy leader would never be caught up with', () => {
    const leader = leading({ isr: [1] });
    fetched(leader, 2, 10);
    expect(leader.proposal?.members).toEqual([1, 2]);
    proposalRefused(leader, leader.proposal!, 2);
    ownLogMoved(leader, 30, 30, 3);
    expect(leader.highWatermark).toBe(10);
    fetched(leader, 2, 25, 4);
    expect(leader.highWatermark).toBe(25);
    // Silent for longer than the lag time: the others go on without it.
    proposalRefused(leader, leader.proposal!, LAG * 2);
    expect(leader.highWatermark).toBe(30);
  });

  test('does not wait for one that is fenced, however lately it was caught up', () => {
    let fenced = false;
    const leader = leading({ isr: [1] }, { eligible: () => !fenced });
    fetched(leader, 2, 10);
    proposalRefused(leader, leader.proposal!, 2);
    fenced = true;
    ownLogMoved(leader, 30, 30, 3);
    expect(leader.highWatermark).toBe(30);
  });
});

describe('in-sync set', () => {
  test('a follower that reached high watermark and epoch start is asked in, counted at once', () => {
    const leader = leading({ isr: [1, 3] });
    fetched(leader, 3, 10);
    const wish = fetched(leader, 2, 10);
    expect(wish).toEqual({ members: [1, 2, 3], partitionEpoch: 7, reason: 'caught up', changed: [2] });
    ownLogMoved(leader, 12, 12, 2);
    fetched(leader, 3, 12);
    expect(leader.highWatermark).toBe(10);
  });

  test('one wish at a time', () => {
    const leader = leading({ isr: [1] });
    expect(fetched(leader, 2, 10)).toBeDefined();
    expect(fetched(leader, 3, 10)).toBeUndefined();
    stateSeen(leader, stateOf({ isr: [1, 2], partitionEpoch: 8 }), 2);
    expect(fetched(leader, 3, 10)?.members).toEqual([1, 2, 3]);
  });

  test('below the start of the epoch nobody joins, though above the watermark', () => {
    const leader = leading({ isr: [1] }, { end: 10, hw: 4, minInSync: 2 });
    expect(fetched(leader, 2, 6)).toBeUndefined();
    expect(fetched(leader, 2, 10)).toBeDefined();
  });

  test('fence: broker epoch (a fetch of an earlier run is not heard, one of a later run starts from nothing)', () => {
    const leader = leading();
    fetched(leader, 2, 10, 1, 40);
    fetched(leader, 3, 10, 1, 40);
    ownLogMoved(leader, 20, 20, 2);
    fetched(leader, 3, 20, 3, 40);
    // Killed with what it had, back with less: what the run before had said must not be counted.
    fetched(leader, 2, 12, 4, 41);
    expect(leader.highWatermark).toBe(12);
    fetched(leader, 2, 20, 5, 40);
    expect(leader.highWatermark).toBe(12);
  });

  test('fence: broker epoch (only a run that is registered joins)', () => {
    const leader = leading({ isr: [1] }, { eligible: (_id, brokerEpoch) => brokerEpoch === 41 });
    const at = { from: 2, logEnd: 10, logStart: 0, now: 1 };
    expect(followerFetched(leader, { ...at, brokerEpoch: 40 })).toBeUndefined();
    expect(followerFetched(leader, { ...at, brokerEpoch: 41 })).toBeDefined();
  });

  test('a broker that is not assigned is not listened to', () => {
    const leader = leading({ replicas: [1, 2], isr: [1, 2] });
    expect(fetched(leader, 9, 10)).toBeUndefined();
    expect(leader.followers.map(({ id }) => id)).toEqual([2]);
  });

  test('who was not caught up for the lag time is asked out; who has all we have stays however silent', () => {
    const leader = leading();
    fetched(leader, 2, 10, 1);
    fetched(leader, 3, 10, 1);
    expect(lagTick(leader, LAG * 3, noSession)).toBeUndefined();
    ownLogMoved(leader, 20, 20, LAG * 3);
    fetched(leader, 3, 20, LAG * 3);
    expect(lagTick(leader, LAG * 4, noSession)).toMatchObject({ members: [1, 3], changed: [2] });
    // Until the controller has said so it still counts.
    ownLogMoved(leader, 30, 30, LAG * 4);
    fetched(leader, 3, 30, LAG * 4);
    expect(leader.highWatermark).toBe(10);
    // R4: the watermark is looked at again when the set has shrunk.
    stateSeen(leader, stateOf({ isr: [1, 3], partitionEpoch: 8 }), LAG * 4);
    expect(leader.highWatermark).toBe(30);
  });

  test('a session that is alive keeps an idle partition caught up', () => {
    const leader = leading({ replicas: [1, 2], isr: [1, 2] });
    fetched(leader, 2, 10, 1);
    lagTick(leader, LAG * 3, () => LAG * 3 - 500);
    ownLogMoved(leader, 11, 11, LAG * 3 + 10);
    expect(lagTick(leader, LAG * 3 + 20, noSession)).toBeUndefined();
  });

  test('a refused join is asked for again once it is still true', () => {
    const leader = leading({ isr: [1] });
    const wish = fetched(leader, 2, 10);
    proposalRefused(leader, wish!, 2);
    expect(lagTick(leader, 3, noSession)?.members).toEqual([1, 2]);
  });

  test('states of other terms and older ones change nothing', () => {
    const leader = leading();
    stateSeen(leader, stateOf({ isr: [1], partitionEpoch: 6 }), 1);
    stateSeen(leader, stateOf({ isr: [1], partitionEpoch: 9, leaderEpoch: 6 }), 1);
    expect(leader.isr).toEqual([1, 2, 3]);
  });

  test('a reassignment adds a replica that has to catch up, and forgets one that left', () => {
    const leader = leading({ replicas: [1, 2], isr: [1, 2] });
    fetched(leader, 2, 10);
    stateSeen(leader, stateOf({ replicas: [1, 2, 4], isr: [1, 2], partitionEpoch: 8 }), 2);
    expect(leader.followers.map(({ id, logEnd }) => [id, logEnd])).toEqual([
      [2, 10],
      [4, -1],
    ]);
    stateSeen(leader, stateOf({ replicas: [1, 4], isr: [1], partitionEpoch: 9 }), 3);
    expect(leader.followers.map(({ id }) => id)).toEqual([4]);
  });
});

test('DeleteRecords waits for the replicas that live', () => {
  const leader = leading();
  followerFetched(leader, { from: 2, brokerEpoch: 1, logEnd: 10, logStart: 3, now: 1 });
  followerFetched(leader, { from: 3, brokerEpoch: 1, logEnd: 10, logStart: 8, now: 1 });
  expect(lowWatermark(leader, 9, () => true)).toBe(3);
  expect(lowWatermark(leader, 9, (id) => id !== 2)).toBe(8);
});

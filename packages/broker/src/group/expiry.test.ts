// Which offsets expire when (KIP-211). Times in days; retention is seven.
import { describe, expect, it } from 'vitest';
import { type ClassicGroup, newGroup, type Phase } from './classic-group.ts';
import type { CommittedOffset } from './committed-offset.ts';
import { isExpired } from './expiry.ts';
import { MemberTable } from './member-table.ts';
import { Harness, joinCommand, settle } from './test/harness.ts';

const DAY = 86_400_000;
const NOW = 100 * DAY;

const stable: Phase = {
  kind: 'Stable',
  members: new MemberTable(),
  protocol: 'range',
  leader: 'a',
  pendingSync: new Set(),
};
const completing: Phase = { ...stable, kind: 'CompletingRebalance', waiting: new Map(), rebalance: undefined as never };

function group(phase: Phase, protocolType: string | undefined, sinceDays?: number): ClassicGroup {
  const subscribedTopics = protocolType === 'consumer' ? new Set(['read']) : undefined;
  return {
    ...newGroup('g', sinceDays === undefined ? undefined : NOW - sinceDays * DAY),
    phase,
    protocolType,
    subscribedTopics,
  };
}

function committed(days: number, expiresInDays?: number): CommittedOffset {
  const expireTimestampMs = expiresInDays === undefined ? undefined : NOW + expiresInDays * DAY;
  return {
    offset: 1,
    leaderEpoch: 0,
    metadata: '',
    commitTimestampMs: NOW - days * DAY,
    expireTimestampMs,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
  };
}

describe('the rule of expiry', () => {
  const empty: Phase = { kind: 'Empty' };
  it.each([
    ['simple group, commit 6 days old', group(empty, undefined), committed(6), false],
    ['simple group, commit 7 days old', group(empty, undefined), committed(7), true],
    ['empty for 6 days, commit 30 days old', group(empty, 'consumer', 6), committed(30), false],
    ['empty for 7 days, commit 30 days old', group(empty, 'consumer', 7), committed(30), true],
    ['empty, since when is not known (old record): by the commit', group(empty, 'consumer'), committed(7), true],
    ['empty, since when is not known, commit 6 days old', group(empty, 'consumer'), committed(6), false],
    ['empty group of Connect for 7 days', group(empty, 'connect', 7), committed(8), true],
    ['stable consumers, topic not read: by the commit', group(stable, 'consumer', 1), committed(7), true],
    ['stable group of Connect never', group(stable, 'connect', 50), committed(50), false],
    ['rebalancing consumers never', group(completing, 'consumer', 50), committed(50), false],
    ['own expiry in the future, empty for 30 days', group(empty, 'consumer', 30), committed(30, 1), false],
    ['own expiry in the past, empty since today', group(empty, 'consumer', 0), committed(0, -1), true],
    ['own expiry in the past, rebalancing', group(completing, 'consumer', 0), committed(0, -1), false],
  ])('%s: %#', (_, of, offset, expected) => {
    expect(isExpired(of, offset, NOW, 7 * DAY)).toBe(expected);
  });
});

describe('the sweep', () => {
  async function withOffsets(groups: number, each: number): Promise<Harness> {
    const harness = new Harness({ offsetsRetentionMinutes: 10 });
    await harness.load();
    for (let i = 0; i < groups; i++) {
      const partitions = Array.from({ length: each }, (_, partition) => ({
        partition,
        offset: 1,
        leaderEpoch: 0,
        metadata: '',
      }));
      await harness.submit({
        kind: 'commit',
        groupId: `g${i}`,
        memberId: '',
        generation: -1,
        instanceId: null,
        retentionMs: undefined,
        missingGroupError: 'GROUP_ID_NOT_FOUND',
        topics: [{ name: 't1', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions }],
      });
    }
    return harness;
  }

  it('forgets offsets and groups, and the log agrees', async () => {
    const harness = await withOffsets(5, 3);
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.offsets.count).toBe(15);
    harness.time.advance(11 * 60_000);
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.offsets.count).toBe(0);
    expect(harness.machine.groups.size).toBe(0);
    await harness.crash();
    expect(harness.machine.groups.size).toBe(0);
  });

  it('goes through many offsets in pieces, one turn after another', async () => {
    const harness = await withOffsets(12, 4_000);
    harness.time.advance(11 * 60_000);
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.groups.size).toBe(7);
    harness.time.advance(1);
    harness.time.advance(1);
    await settle();
    expect(harness.machine.groups.size).toBe(0);
  });

  it('deletes nothing when the clocks disagree, and tries again the next time', async () => {
    const harness = await withOffsets(2, 2);
    await harness.submit({ kind: 'sweep' });
    const { now } = harness.time.clock;
    (harness.time.clock as { now: () => number }).now = () => now() + 30 * 86_400_000;
    harness.time.advance(60_000);
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.offsets.count).toBe(4);
    expect(harness.notices.at(-1)?.kind).toBe('sweepPostponed');
    harness.time.advance(60_000);
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.offsets.count).toBe(0);
  });

  it('leaves a group alone that somebody is about to join', async () => {
    const harness = new Harness();
    await harness.load();
    await harness.submit(joinCommand('g', { newMemberId: 'a', needsKnownMemberId: true }));
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.groups.size).toBe(1);
    harness.time.advance(11_000);
    await harness.submit({ kind: 'sweep' });
    expect(harness.machine.groups.size).toBe(0);
  });
});

import type { WireError } from '@moldau/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  askedToRejoin,
  heartbeatAnswered,
  joinAnswered,
  joinSent,
  left,
  type Membership,
  OUTSIDE,
  syncAnswered,
} from './membership.ts';

const joined = (error: WireError, more: object = {}) => ({
  error,
  memberId: 'm1',
  generationId: 3,
  leader: 'm1',
  protocolName: 'range',
  ...more,
});

function stable(): Membership {
  const [syncing] = joinAnswered(joinSent(OUTSIDE), joined('NONE'));
  return syncAnswered(syncing, 'NONE')[0];
}

test('the ordinary way in: an id first, then join, sync, stable', () => {
  const asked = joinSent(OUTSIDE);
  const [named, again] = joinAnswered(asked, joined('MEMBER_ID_REQUIRED'));
  expect(again).toEqual({ kind: 'joinAgain' });
  expect(named).toMatchObject({ state: 'outside', memberId: 'm1' });
  const [syncing, on] = joinAnswered(joinSent(named), joined('NONE'));
  expect(on).toEqual({ kind: 'proceed' });
  expect(syncing).toMatchObject({ state: 'syncing', generationId: 3, isLeader: true, rejoin: undefined });
  expect(syncAnswered(syncing, 'NONE')[0]).toMatchObject({ state: 'stable', generationId: 3, lost: false });
});

test('a rebalance keeps the generation until the member joins again', () => {
  const [member, verdict] = heartbeatAnswered(stable(), 'REBALANCE_IN_PROGRESS');
  expect(verdict).toEqual({ kind: 'proceed' });
  expect(member).toMatchObject({ state: 'stable', generationId: 3, lost: false });
  expect(member.rejoin).toMatch(/rebalancing/);
  expect(joinSent(member)).toMatchObject({ state: 'joining', generationId: -1, memberId: 'm1' });
});

test('thrown out: what was owned is lost, and an unknown member forgets its id', () => {
  expect(heartbeatAnswered(stable(), 'ILLEGAL_GENERATION')[0]).toMatchObject({
    state: 'outside',
    lost: true,
    memberId: 'm1',
  });
  expect(heartbeatAnswered(stable(), 'UNKNOWN_MEMBER_ID')[0]).toMatchObject({
    state: 'outside',
    lost: true,
    memberId: '',
  });
  expect(left(stable(), 'stayed away')).toMatchObject({
    state: 'outside',
    lost: true,
    memberId: '',
    rejoin: 'stayed away',
  });
});

test('a coordinator that moves does not throw a stable member out', () => {
  for (const error of ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'NETWORK_EXCEPTION'] as const) {
    const [member, verdict] = heartbeatAnswered(stable(), error);
    expect(member).toEqual(stable());
    expect(verdict).toEqual({ kind: 'coordinatorGone' });
  }
  expect(joinAnswered(joinSent(OUTSIDE), joined('COORDINATOR_LOAD_IN_PROGRESS'))[1]).toEqual({ kind: 'joinLater' });
});

test('what will not get better is told to the application', () => {
  for (const error of ['GROUP_AUTHORIZATION_FAILED', 'INVALID_SESSION_TIMEOUT', 'GROUP_MAX_SIZE_REACHED'] as const) {
    expect(joinAnswered(joinSent(OUTSIDE), joined(error))[1]).toEqual({ kind: 'fatal', error });
  }
  const [fenced, verdict] = heartbeatAnswered(stable(), 'FENCED_INSTANCE_ID');
  expect(verdict.kind).toBe('fatal');
  expect(fenced.lost).toBe(true);
});

test('the first reason to rejoin is the one that is told', () => {
  expect(askedToRejoin(askedToRejoin(stable(), 'first'), 'second').rejoin).toBe('first');
});

test('a generation is known exactly while stable or syncing, after any answers', () => {
  const errors: WireError[] = [
    'NONE',
    'MEMBER_ID_REQUIRED',
    'UNKNOWN_MEMBER_ID',
    'ILLEGAL_GENERATION',
    'REBALANCE_IN_PROGRESS',
    'NOT_COORDINATOR',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'FENCED_INSTANCE_ID',
    'GROUP_AUTHORIZATION_FAILED',
    'REQUEST_TIMED_OUT',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...errors), { maxLength: 30 }), (answers) => {
      let member = OUTSIDE;
      for (const error of answers) {
        switch (member.state) {
          case 'outside':
            member = joinAnswered(joinSent(member), joined(error))[0];
            break;
          case 'joining':
            throw new Error('an answer always leaves joining');
          case 'syncing':
            member = syncAnswered(member, error)[0];
            break;
          case 'stable':
            member = heartbeatAnswered(member, error)[0];
        }
        expect(member.generationId >= 0).toBe(member.state === 'stable' || member.state === 'syncing');
        if (member.state === 'stable') expect(member.lost).toBe(false);
        if (member.state === 'outside') expect(member.rejoin).toMatch(/\S/);
      }
    }),
  );
});

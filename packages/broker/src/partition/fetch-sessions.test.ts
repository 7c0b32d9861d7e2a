import { expect, test } from 'vitest';
import { type FetchContext, type FetchOpening, FetchSessions, nextEpoch } from './fetch-sessions.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

function sessions(slots = 10) {
  let id = 100;
  return new FetchSessions(slots, () => id++);
}

function opening(over: Partial<FetchOpening> & { parts?: number[]; forget?: number[]; offset?: number }): FetchOpening {
  const { parts = [], forget = [], offset = 0, ...rest } = over;
  const wishes = parts.map((partition) => ({
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: offset,
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: 1_000,
  }));
  return {
    sessionId: 0,
    sessionEpoch: 0,
    byTopicId: false,
    privileged: false,
    topics: wishes.length ? [{ topic: 't', topicId: ID, partitions: wishes }] : [],
    forgotten: forget.length ? [{ topic: 't', topicId: ID, partitions: forget }] : [],
    now: 0,
    ...rest,
  };
}

function listed(context: FetchContext): string {
  if (context.kind === 'refused') return context.error;
  const parts: string[] = [];
  for (let p = context.partitions.first; p; p = p.next) parts.push(`${p.partition}@${p.fetchOffset}`);
  return `${context.kind} ${parts.join(' ')}`;
}

test('a session is opened, changed, shortened, and ends when nothing is left', () => {
  const all = sessions();
  const full = all.open(opening({ parts: [0, 1, 2] }));
  expect(listed(full)).toBe('full 0@0 1@0 2@0');
  const id = full.kind === 'full' ? full.session!.id : 0;
  expect(listed(all.open(opening({ sessionId: id, sessionEpoch: 1, parts: [1], offset: 7 })))).toBe(
    'incremental 0@0 1@7 2@0',
  );
  expect(listed(all.open(opening({ sessionId: id, sessionEpoch: 2, parts: [3], forget: [0] })))).toBe(
    'incremental 1@7 2@0 3@0',
  );
  expect(all.partitionCount).toBe(3);
  expect(listed(all.open(opening({ sessionId: id, sessionEpoch: 3, forget: [1, 2, 3] })))).toBe('sessionless ');
  expect(all.size).toBe(0);
  expect(all.partitionCount).toBe(0);
});

test.each([
  ['unknown session', { sessionId: 5, sessionEpoch: 1 }, 'FETCH_SESSION_ID_NOT_FOUND'],
  ['epoch repeated', { sessionId: 100, sessionEpoch: 2 }, 'INVALID_FETCH_SESSION_EPOCH'],
  ['epoch skipped', { sessionId: 100, sessionEpoch: 5 }, 'INVALID_FETCH_SESSION_EPOCH'],
  [
    'topic ids in a session of names',
    { sessionId: 100, sessionEpoch: 1, byTopicId: true },
    'FETCH_SESSION_TOPIC_ID_ERROR',
  ],
] as const)('refused: %s', (_name, over, error) => {
  const all = sessions();
  all.open(opening({ parts: [0] }));
  expect(listed(all.open(opening(over)))).toBe(error);
  expect(listed(all.open(opening({ sessionId: 100, sessionEpoch: 1 })))).toBe('incremental 0@0');
});

test('epoch -1 fetches without a session and closes the one named; epoch 0 replaces it', () => {
  const all = sessions();
  all.open(opening({ parts: [0] }));
  expect(listed(all.open(opening({ sessionId: 100, sessionEpoch: -1, parts: [4] })))).toBe('sessionless 4@0');
  expect(all.size).toBe(0);
  all.open(opening({ parts: [0] }));
  expect(listed(all.open(opening({ sessionId: 101, sessionEpoch: 0, parts: [1] })))).toBe('full 1@0');
  expect(all.size).toBe(1);
});

test('an incremental answer tells only news, and what gave data goes to the end of the line', () => {
  const all = sessions();
  const context = all.open(opening({ parts: [0, 1] }));
  if (context.kind !== 'full') throw new Error('full expected');
  const { partitions } = context;
  const zero = partitions.first!;
  const one = zero.next!;
  const quiet = { errorCode: 0, highWatermark: 5, logStartOffset: 0, recordsBytes: 0, directs: false };
  expect(partitions.tell(zero, quiet)).toBe(true);
  expect(partitions.tell(zero, quiet)).toBe(false);
  expect(partitions.tell(zero, { ...quiet, logStartOffset: 2 })).toBe(true);
  expect(partitions.tell(zero, { ...quiet, logStartOffset: 2, errorCode: 3 })).toBe(true);
  expect(partitions.tell(zero, { ...quiet, logStartOffset: 2 })).toBe(true);
  expect(partitions.tell(zero, { ...quiet, logStartOffset: 2 })).toBe(false);
  expect(partitions.tell(zero, { ...quiet, logStartOffset: 2, directs: true })).toBe(true);
  expect(partitions.tell(zero, { ...quiet, logStartOffset: 2, recordsBytes: 9 })).toBe(true);
  expect(partitions.first).toBe(one);
  expect(one.next).toBe(zero);
});

test('a full cache gives up a stale session first, then a smaller old one, and else opens none', () => {
  const minute = 60_000;
  const all = sessions(2);
  all.open(opening({ parts: [0, 1, 2], now: 0 }));
  all.open(opening({ parts: [0], now: 0 }));
  const early = all.open(opening({ parts: [0, 1], now: minute }));
  expect(early.kind === 'full' && early.session).toBe(undefined);
  all.open(opening({ sessionId: 100, sessionEpoch: 1, now: 2.5 * minute }));
  const stale = all.open(opening({ parts: [5], now: 2.6 * minute }));
  expect(stale.kind === 'full' && stale.session?.id).toBe(102);
  expect(listed(all.open(opening({ sessionId: 101, sessionEpoch: 1 })))).toBe('FETCH_SESSION_ID_NOT_FOUND');
  all.open(opening({ sessionId: 102, sessionEpoch: 1, now: 4.5 * minute }));
  all.open(opening({ sessionId: 100, sessionEpoch: 2, now: 4.5 * minute }));
  const bigger = all.open(opening({ parts: [5, 6], now: 5 * minute }));
  expect(bigger.kind === 'full' && bigger.session?.id).toBe(103);
  expect(listed(all.open(opening({ sessionId: 102, sessionEpoch: 2 })))).toBe('FETCH_SESSION_ID_NOT_FOUND');
  expect(all.evictions).toBe(2);
});

test('a consumer never evicts a follower, a follower evicts a bigger consumer', () => {
  const late = 200_000;
  const all = sessions(1);
  all.open(opening({ parts: [0], privileged: true }));
  all.open(opening({ sessionId: 100, sessionEpoch: 1, now: late }));
  const consumer = all.open(opening({ parts: [0, 1], now: late + 1 }));
  expect(consumer.kind === 'full' && consumer.session).toBe(undefined);
  const other = sessions(1);
  other.open(opening({ parts: [0, 1, 2] }));
  other.open(opening({ sessionId: 100, sessionEpoch: 1, now: late }));
  const follower = other.open(opening({ parts: [0], privileged: true, now: late + 1 }));
  expect(follower.kind === 'full' && follower.session?.id).toBe(101);
});

test('epochs wrap to 1', () => {
  expect(nextEpoch(0x7fff_ffff)).toBe(1);
  expect(nextEpoch(1)).toBe(2);
});

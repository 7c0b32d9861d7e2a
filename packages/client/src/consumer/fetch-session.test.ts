import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FetchSession, type SessionRequest, type WantedPartition } from './fetch-session.ts';

const want = (partition: number, fetchOffset = 0): WantedPartition => ({
  topic: 't',
  partition,
  topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
  fetchOffset,
  currentLeaderEpoch: 0,
  lastFetchedEpoch: -1,
  maxBytes: 100,
});
const partitions = ({ topics }: SessionRequest) => topics.flatMap((topic) => topic.partitions.map((p) => p.partition));
const forgotten = ({ forgottenTopicsData }: SessionRequest) => forgottenTopicsData.flatMap((topic) => topic.partitions);

test('full at first, then only what changed and what went', () => {
  const session = new FetchSession();
  const first = session.request([want(0), want(1)], true);
  expect([first.sessionId, first.sessionEpoch, partitions(first)]).toEqual([0, 0, [0, 1]]);
  session.answered(99);
  const second = session.request([want(0, 5), want(2)], true);
  expect([second.sessionId, second.sessionEpoch]).toEqual([99, 1]);
  expect(partitions(second)).toEqual([0, 2]);
  expect(forgotten(second)).toEqual([1]);
  session.answered(99);
  expect(partitions(session.request([want(0, 5), want(2)], true))).toEqual([]);
});

test('after a failure it starts over; with the old id, unless the broker has forgotten it', () => {
  const session = new FetchSession();
  session.request([want(0)], true);
  session.answered(7);
  session.failed(false);
  const again = session.request([want(0)], true);
  expect([again.sessionId, again.sessionEpoch, partitions(again)]).toEqual([7, 0, [0]]);
  session.failed(true);
  expect(session.request([want(0)], true).sessionId).toBe(0);
});

test('a broker that wants no session gets full requests', () => {
  const session = new FetchSession();
  session.request([want(0)], false);
  session.answered(0);
  const next = session.request([want(0)], false);
  expect([next.sessionEpoch, partitions(next)]).toEqual([0, [0]]);
  expect(FetchSession.sessionless(next).sessionEpoch).toBe(-1);
});

test('what the broker remembers is always what was wanted last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ wanted: fc.uniqueArray(fc.nat(5)), offset: fc.nat(2), fails: fc.boolean() })),
      (rounds) => {
        const session = new FetchSession();
        let remembered = new Map<number, number>();
        for (const { wanted, offset, fails } of rounds) {
          const list = wanted.map((partition) => want(partition, offset));
          const request = session.request(list, true);
          if (request.sessionEpoch === 0) remembered = new Map();
          for (const topic of request.topics) {
            for (const { partition, fetchOffset } of topic.partitions) remembered.set(partition, fetchOffset);
          }
          for (const partition of forgotten(request)) remembered.delete(partition);
          expect(new Map([...remembered].sort())).toEqual(new Map(wanted.map((p) => [p, offset] as const).sort()));
          if (fails) session.failed(false);
          else session.answered(5);
        }
      },
    ),
  );
});

// KIP-848 as a transcript: what the member says, what the coordinator answers, what follows.
import type { WireError } from '@moldau/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  answered,
  type ConsumerMembership,
  hasNews,
  type IdPartition,
  leaveRequest,
  newMembership,
  nextHeartbeat,
  outside,
  reconciled,
  textOf,
  unheard,
  unreconciled,
  type Wishes,
} from './consumer-membership.ts';

const wishes: Wishes = {
  groupId: 'g',
  topics: ['b', 'a'],
  pattern: undefined,
  instanceId: null,
  rackId: 'r',
  rebalanceTimeoutMs: 300,
  assignor: 'uniform',
};

const answer = (memberEpoch: number, partitions?: readonly number[], error: WireError = 'NONE') => ({
  error,
  memberId: 'm',
  memberEpoch,
  heartbeatIntervalMs: 5000,
  assignment: partitions ? { topicPartitions: [{ topicId: 'A', partitions }] } : null,
});

const ids = (...partitions: number[]): IdPartition[] => partitions.map((partition) => ({ topicId: 'A', partition }));

/** One heartbeat and its answer; what was said. */
function beat(member: ConsumerMembership, of: ReturnType<typeof answer>, wanted = wishes) {
  const said = nextHeartbeat(member, wanted, 1);
  const [next, verdict] = answered(said.member, said.telling, of);
  return { said: said.request, member: next, verdict };
}

test('the ordinary way: join with all there is to say, then say only what has changed', () => {
  const joined = beat(newMembership('m'), answer(1, [0, 1]));
  expect(joined.said).toEqual({
    groupId: 'g',
    memberId: 'm',
    memberEpoch: 0,
    instanceId: null,
    rackId: 'r',
    rebalanceTimeoutMs: 300,
    serverAssignor: 'uniform',
    subscribedTopicNames: ['a', 'b'],
    subscribedTopicRegex: null,
    topicPartitions: [],
  });
  expect(joined.member).toMatchObject({ state: 'stable', epoch: 1, heartbeatIntervalMs: 5000 });
  expect(unreconciled(joined.member)).toEqual({ gone: [], added: ids(0, 1) });

  const took = reconciled(joined.member, ids(0, 1));
  expect(hasNews(took, wishes)).toBe(true);
  const acknowledged = beat(took, answer(1));
  expect(acknowledged.said).toMatchObject({
    memberEpoch: 1,
    subscribedTopicNames: null,
    serverAssignor: null,
    rebalanceTimeoutMs: -1,
    topicPartitions: [{ topicId: 'A', partitions: [0, 1] }],
  });

  const quiet = beat(acknowledged.member, answer(1));
  expect(quiet.said).toMatchObject({ memberEpoch: 1, topicPartitions: null, subscribedTopicNames: null });
  expect(hasNews(quiet.member, wishes)).toBe(false);
  expect(unreconciled(quiet.member)).toBeUndefined();
});

function settled(): ConsumerMembership {
  return beat(reconciled(beat(newMembership('m'), answer(1, [0, 1])).member, ids(0, 1)), answer(1)).member;
}

test('a partition that goes elsewhere is reported as owned until it has been given up', () => {
  const told = beat(settled(), answer(1, [0]));
  expect(unreconciled(told.member)).toEqual({ gone: ids(1), added: [] });
  // The commit and the listener take their time; heartbeats go on, and say nothing of it yet.
  const meanwhile = beat(told.member, answer(1));
  expect(meanwhile.said.topicPartitions).toBeNull();
  const gave = beat(reconciled(meanwhile.member, ids(0)), answer(2));
  expect(gave.said.topicPartitions).toEqual([{ topicId: 'A', partitions: [0] }]);
  expect(gave.member.epoch).toBe(2);
});

test('a new subscription is told at once; a pattern in the place of names, and names again', () => {
  const wider = { ...wishes, topics: ['a', 'b', 'c'] };
  expect(hasNews(settled(), wider)).toBe(true);
  expect(beat(settled(), answer(1), wider).said.subscribedTopicNames).toEqual(['a', 'b', 'c']);
  const byPattern = beat(settled(), answer(1), { ...wishes, topics: [], pattern: 'x.*' });
  expect(byPattern.said).toMatchObject({ subscribedTopicNames: [], subscribedTopicRegex: 'x.*' });
  // A missing field would say that the pattern stands.
  expect(beat(byPattern.member, answer(1)).said).toMatchObject({
    subscribedTopicNames: ['a', 'b'],
    subscribedTopicRegex: '',
  });
});

test('after silence everything is said again, with the epoch as it was', () => {
  expect(beat(unheard(settled()), answer(1)).said).toMatchObject({
    memberEpoch: 1,
    subscribedTopicNames: ['a', 'b'],
    rebalanceTimeoutMs: 300,
    topicPartitions: [{ topicId: 'A', partitions: [0, 1] }],
  });
});

test.each(['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID'] as const)(
  '%s: out, with nothing, and in again with epoch 0',
  (error) => {
    const { member, verdict } = beat(settled(), answer(0, undefined, error));
    expect(verdict).toEqual({ kind: 'fenced' });
    expect(member).toMatchObject({ state: 'outside', epoch: 0, owned: [], target: undefined, memberId: 'm' });
    expect(beat(member, answer(5, [0])).said).toMatchObject({ memberEpoch: 0, topicPartitions: [] });
  },
);

test.each([
  { error: 'COORDINATOR_LOAD_IN_PROGRESS', kind: 'later', state: 'stable' },
  { error: 'NOT_COORDINATOR', kind: 'coordinatorGone', state: 'stable' },
  { error: 'COORDINATOR_NOT_AVAILABLE', kind: 'coordinatorGone', state: 'stable' },
  { error: 'TOPIC_AUTHORIZATION_FAILED', kind: 'refused', state: 'stable' },
  { error: 'UNRELEASED_INSTANCE_ID', kind: 'fatal', state: 'outside' },
  { error: 'UNSUPPORTED_ASSIGNOR', kind: 'fatal', state: 'outside' },
  { error: 'GROUP_MAX_SIZE_REACHED', kind: 'fatal', state: 'outside' },
  { error: 'INVALID_REGULAR_EXPRESSION', kind: 'fatal', state: 'outside' },
] as const)('$error: $kind, and the member is $state', ({ error, kind, state }) => {
  const { member, verdict } = beat(settled(), answer(0, undefined, error));
  expect(verdict.kind).toBe(kind);
  expect(member.state).toBe(state);
});

test('a static member leaves with -2, so that its partitions wait for it; others with -1', () => {
  expect(leaveRequest(settled(), { groupId: 'g', instanceId: null }).memberEpoch).toBe(-1);
  expect(leaveRequest(settled(), { groupId: 'g', instanceId: 'i' }).memberEpoch).toBe(-2);
  expect(outside(settled(), 'left')).toMatchObject({ state: 'outside', owned: [], reason: 'left' });
});

test('version 0 has no pattern, and the broker makes the id', () => {
  const said = nextHeartbeat(newMembership('m'), wishes, 0);
  expect(said.request.memberId).toBe('');
  expect('subscribedTopicRegex' in said.request).toBe(false);
  const [member] = answered(said.member, said.telling, { ...answer(1), memberId: 'theirs' });
  expect(nextHeartbeat(member, wishes, 0).request.memberId).toBe('theirs');
});

test('whatever is lost on the way: two members never read a partition at once', () => {
  // A coordinator as KIP-848 has it: it hands a partition on only when its owner has stopped to report it.
  const steps = fc.array(fc.record({ who: fc.nat(1), answerLost: fc.boolean(), to: fc.nat(1), partition: fc.nat(2) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (run) => {
      const members = [newMembership('0'), newMembership('1')];
      const wanted = [0, 0, 0];
      const reported: Set<string>[] = [new Set(), new Set()];
      for (const { who, answerLost, to, partition } of run) {
        wanted[partition] = to;
        const said = nextHeartbeat(members[who]!, wishes, 1);
        if (said.request.topicPartitions) {
          const flat = said.request.topicPartitions.flatMap(({ partitions }) => ids(...(partitions ?? [])));
          reported[who] = new Set(flat.map(textOf));
        }
        const mine = [0, 1, 2].filter((index) => {
          const [text] = ids(index).map(textOf);
          return wanted[index] === who && !reported[1 - who]!.has(text!);
        });
        // Granted: taken for owned by the coordinator from now on, as in Kafka.
        for (const where of ids(...mine)) reported[who]!.add(textOf(where));
        let next = answerLost ? unheard(said.member) : answered(said.member, said.telling, answer(1, mine))[0];
        if (unreconciled(next)) next = reconciled(next, next.target!);
        members[who] = next;
        const [a, b] = members.map(({ owned }) => new Set(owned.map(textOf)));
        expect([...a!].filter((text) => b!.has(text))).toEqual([]);
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partitionText, type TopicPartition } from '../../topic-partition.ts';
import type { AssignedMember } from './assignor.ts';
import { assignorsOf } from './assignors.ts';
import { cooperativeStickyAssignor } from './cooperative-sticky.ts';
import { rangeAssignor } from './range.ts';
import { roundRobinAssignor } from './round-robin.ts';
import { decodeClaim, encodeClaim, stickyAssignor } from './sticky.ts';

const member = (memberId: string, topics: readonly string[], more: Partial<AssignedMember> = {}): AssignedMember => ({
  memberId,
  topics,
  groupInstanceId: null,
  userData: null,
  ...more,
});
const shown = (assigned: Map<string, TopicPartition[]>) =>
  Object.fromEntries([...assigned].map(([id, list]) => [id, list.map(partitionText).join(' ')]));

test('range, as in the documentation of Kafka’s RangeAssignor', () => {
  const counts = new Map([
    ['t0', 3],
    ['t1', 3],
  ]);
  expect(shown(rangeAssignor.assign([member('c1', ['t0', 't1']), member('c0', ['t0', 't1'])], counts))).toEqual({
    c0: 't0-0 t0-1 t1-0 t1-1',
    c1: 't0-2 t1-2',
  });
});

test('range goes by the instance id of static members, and passes over topics that do not exist', () => {
  const members = [
    member('a', ['t', 'missing'], { groupInstanceId: 'z' }),
    member('b', ['t'], { groupInstanceId: 'y' }),
    member('c', ['t']),
  ];
  expect(shown(rangeAssignor.assign(members, new Map([['t', 4]])))).toEqual({ b: 't-0 t-1', a: 't-2', c: 't-3' });
});

test('round robin, as in the documentation of Kafka’s RoundRobinAssignor', () => {
  const counts = new Map([
    ['t0', 3],
    ['t1', 3],
  ]);
  expect(shown(roundRobinAssignor.assign([member('c0', ['t0', 't1']), member('c1', ['t0', 't1'])], counts))).toEqual({
    c0: 't0-0 t0-2 t1-1',
    c1: 't0-1 t1-0 t1-2',
  });
  const uneven = new Map([
    ['t0', 1],
    ['t1', 2],
    ['t2', 3],
  ]);
  const members = [member('c0', ['t0']), member('c1', ['t0', 't1']), member('c2', ['t0', 't1', 't2'])];
  expect(shown(roundRobinAssignor.assign(members, uneven))).toEqual({
    c0: 't0-0',
    c1: 't1-0',
    c2: 't1-1 t2-0 t2-1 t2-2',
  });
});

test('sticky: a member that leaves moves only what it had', () => {
  const counts = new Map([['t', 6]]);
  const first = stickyAssignor.assign([member('a', ['t']), member('b', ['t']), member('c', ['t'])], counts);
  const kept = ['a', 'b'].map((id) =>
    member(id, ['t'], { userData: encodeClaim({ owned: first.get(id)!, generation: 1 }) }),
  );
  const second = stickyAssignor.assign(kept, counts);
  for (const id of ['a', 'b']) {
    expect(second.get(id)!.map(partitionText)).toEqual(expect.arrayContaining(first.get(id)!.map(partitionText)));
    expect(second.get(id)!.length).toBe(3);
  }
});

test('sticky: where two claim a partition, the later generation has it', () => {
  const claim = (generation: number) => encodeClaim({ owned: [{ topic: 't', partition: 0 }], generation });
  const members = [member('a', ['t'], { userData: claim(4) }), member('b', ['t'], { userData: claim(5) })];
  expect(
    stickyAssignor
      .assign(members, new Map([['t', 2]]))
      .get('b')!
      .map(partitionText),
  ).toContain('t-0');
});

test('claims survive the wire; bytes of others claim nothing', () => {
  const owned = [
    { topic: 'a', partition: 3 },
    { topic: 'a', partition: 1 },
    { topic: 'ü', partition: 0 },
  ];
  expect(decodeClaim(encodeClaim({ owned, generation: 9 }))).toEqual({ owned, generation: 9 });
  expect(decodeClaim(Buffer.from([1, 2, 3]))).toEqual({ owned: [], generation: -1 });
  // Topics 1, "t", partitions [5], generation 2: byte for byte what Java writes.
  expect(encodeClaim({ owned: [{ topic: 't', partition: 5 }], generation: 2 }).toString('hex')).toBe(
    '00000001' + '0001' + '74' + '00000001' + '00000005' + '00000002',
  );
});

for (const assignor of [rangeAssignor, roundRobinAssignor, stickyAssignor]) {
  test(`${assignor.name}: each partition that somebody subscribes to has one owner, who subscribes to it`, () => {
    const topics = ['t0', 't1', 't2', 't3'];
    fc.assert(
      fc.property(
        fc.array(fc.subarray(topics, { minLength: 1 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(7), { minLength: 4, maxLength: 4 }),
        (subscriptions, sizes) => {
          const members = subscriptions.map((own, i) => member(`m${i}`, own));
          const counts = new Map(topics.map((topic, i) => [topic, sizes[i]!]));
          const assigned = assignor.assign(members, counts);
          const owners = new Map<string, string>();
          for (const [id, list] of assigned) {
            for (const where of list) {
              expect(owners.has(partitionText(where))).toBe(false);
              owners.set(partitionText(where), id);
              expect(members.find(({ memberId }) => memberId === id)!.topics).toContain(where.topic);
            }
          }
          const wanted = topics.filter((topic) => subscriptions.some((own) => own.includes(topic)));
          expect(owners.size).toBe(wanted.reduce((sum, topic) => sum + counts.get(topic)!, 0));
          if (assignor !== stickyAssignor) return;
          const same = subscriptions.every((own) => own.length === subscriptions[0]!.length && own.length === 4);
          const loads = [...assigned.values()].map(({ length }) => length);
          if (same) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
}

test('names of Java’s classes are understood, others are refused', () => {
  expect(assignorsOf(['org.apache.kafka.clients.consumer.RangeAssignor', 'range'])).toEqual([rangeAssignor]);
  expect(() => assignorsOf(['fair'])).toThrow('range, roundrobin, sticky');
});

test('cooperative sticky: user data as Java has it, the generation as one int32; older members tell it only there', () => {
  expect(cooperativeStickyAssignor.userData!([], 7, [])).toEqual(Buffer.from([0, 0, 0, 7]));
  const t0 = { topic: 't', partition: 0 };
  const stale = member('a', ['t'], { owned: [t0], generation: 3 });
  const older = member('b', ['t'], { owned: [t0], userData: Buffer.from([0, 0, 0, 9]) });
  // The later generation has it; it is free to go to nobody else while the other believes to own it as well.
  expect(shown(cooperativeStickyAssignor.assign([stale, older], new Map([['t', 1]])))).toEqual({ a: '', b: 't-0' });
});

test('cooperative sticky: what moves is given up first, then given on; what stays is never touched', () => {
  const counts = new Map([['t', 4]]);
  const all = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition }));
  const first = member('a', ['t'], { owned: all, generation: 1 });
  const round = cooperativeStickyAssignor.assign([first, member('b', ['t'])], counts);
  expect(shown(round)).toEqual({ a: 't-0 t-1', b: '' });
  const after = [
    member('a', ['t'], { owned: round.get('a')!, generation: 2 }),
    member('b', ['t'], { owned: round.get('b')!, generation: 2 }),
  ];
  expect(shown(cooperativeStickyAssignor.assign(after, counts))).toEqual({ a: 't-0 t-1', b: 't-2 t-3' });
});

test('cooperative sticky: whoever comes and goes, no partition is given to one while another holds it, and two rounds share all', () => {
  const groups = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(groups, fc.integer({ min: 1, max: 20 }), (steps, partitions) => {
      const counts = new Map([['t', partitions]]);
      let owned = new Map<string, TopicPartition[]>();
      let generation = 0;
      for (const ids of steps) {
        for (let round = 0; round < 2; round++) {
          const members = ids.map((id) =>
            member(`m${id}`, ['t'], {
              owned: owned.get(`m${id}`) ?? [],
              generation: owned.has(`m${id}`) ? generation : -1,
            }),
          );
          const shares = cooperativeStickyAssignor.assign(members, counts);
          for (const { memberId, owned: had = [] } of members) {
            for (const { partition } of shares.get(memberId)!) {
              const others = members.filter((other) => other.memberId !== memberId);
              expect(others.some((other) => other.owned!.some((p) => p.partition === partition))).toBe(false);
            }
            expect(had.length).toBeLessThanOrEqual(partitions);
          }
          owned = shares;
          generation++;
        }
        const sizes = [...owned.values()].map(({ length }) => length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(partitions);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

// Contract: consumer groups. Unicast and multicast, members that join and leave while records flow, offset resets,
// resumption, static members.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { eventually, sleep } from '../suite/eventually.ts';
import { bootstrap, fresh } from '../suite/target.ts';
import type { ClientAdapter, ConnectedClient, JoinOptions, Member, Sender } from './client.ts';
import { createTopic } from './leaders.ts';
import { type Operator, openOperator } from './operator.ts';
import { distinct, numbered, values } from './records.ts';

export function groupContract(adapter: ClientAdapter): void {
  describe(`${adapter.name}: groups`, () => {
    let client: ConnectedClient;
    let operator: Operator;
    const present = new Set<Member>();

    beforeAll(async () => {
      client = await adapter.connect(bootstrap);
      operator = await openOperator();
    });
    afterEach(async () => {
      await Promise.all([...present].map((member) => leave(member)));
    });
    afterAll(async () => {
      await client?.close();
      await operator?.close();
    });

    async function join(o: JoinOptions): Promise<Member> {
      const member = await client.join(o);
      present.add(member);
      return member;
    }
    async function leave(member: Member): Promise<void> {
      present.delete(member);
      await member.leave();
    }
    async function send(topic: string, prefix: string, count: number, from = 0): Promise<void> {
      const sender = await client.sender();
      await sender.send(topic, numbered(prefix, count, { from, keys: 60 }));
      await sender.close();
    }
    /** Every partition has exactly one of the members, and every member has at least one partition. */
    function shared(members: readonly Member[], partitions: number): Promise<true> {
      return eventually(`${partitions} partitions shared by ${members.length} members`, () => {
        const held = members.map((member) => member.assignment());
        const all = held.flat().toSorted((a, b) => a - b);
        return (
          held.every((some) => some.length > 0) &&
          all.length === partitions &&
          all.every((partition, i) => partition === i)
        );
      });
    }
    function all(members: readonly Member[], expected: readonly string[]): Promise<true> {
      return eventually(`${expected.length} records at ${members.length} members`, () => {
        const seen = new Set(members.flatMap((member) => values(member.records)));
        return expected.every((value) => seen.has(value));
      });
    }
    /** What members received, without what a client hands over twice of its own accord. */
    const received = (...members: readonly Member[]): string[] => {
      const records = members.flatMap((member) => member.records);
      return values(adapter.can.redelivers ? distinct(records) : records);
    };
    const names = (prefix: string, count: number): string[] => values(numbered(prefix, count));

    test('two members of one group share the partitions: each record goes to one of them', async () => {
      const topic = fresh('unicast');
      const group = fresh('g');
      await createTopic(client, topic, 4);
      const members = await Promise.all([join({ group, topic }), join({ group, topic })]);
      await shared(members, 4);
      await send(topic, 'u', 400);
      await all(members, names('u', 400));
      expect(received(...members).length).toBe(400);
      expect(members.every((member) => member.records.length > 0)).toBe(true);
    });

    test('two groups each get every record', async () => {
      const topic = fresh('multicast');
      await createTopic(client, topic, 2);
      const members = await Promise.all([join({ group: fresh('g'), topic }), join({ group: fresh('g'), topic })]);
      await send(topic, 'm', 100);
      for (const member of members) {
        await all([member], names('m', 100));
        expect(received(member).length).toBe(100);
      }
    });

    for (const assignor of adapter.can.assignors) {
      test(`members come and go while records flow; none is lost (${assignor})`, async () => {
        const topic = fresh('rebalance');
        const group = fresh('g');
        await createTopic(client, topic, 6);
        const sender: Sender = await client.sender();
        let sent = 0;
        let flowing = true;
        const flow = (async () => {
          while (flowing) {
            await sender.send(topic, numbered('r', 20, { from: sent, keys: 60 }));
            sent += 20;
            await sleep(20);
          }
        })();
        try {
          const first = await join({ group, topic, assignor });
          await shared([first], 6);
          const second = await join({ group, topic, assignor, separately: true });
          await shared([first, second], 6);
          const third = await join({ group, topic, assignor });
          await shared([first, second, third], 6);
          await leave(first);
          await shared([second, third], 6);
          if (second.crash) {
            present.delete(second);
            await second.crash();
          } else {
            await leave(second);
          }
          await shared([third], 6);
          flowing = false;
          await flow;
          await all([first, second, third], names('r', sent));
          expect((await operator.groupState(group)).members).toBe(1);
          await leave(third);
          const committed = await operator.committed(group, topic);
          const ends = await operator.offsets(topic);
          expect(committed).toEqual(ends.map(({ high }) => high));
        } finally {
          flowing = false;
          await flow.catch(() => {});
          await sender.close();
        }
      });
    }

    test('without a committed offset a group begins at the earliest or at the latest record, as told', async () => {
      const topic = fresh('reset');
      await createTopic(client, topic, 1);
      await send(topic, 'old', 10);
      const earliest = await join({ group: fresh('g'), topic, reset: 'earliest' });
      const latest = await join({ group: fresh('g'), topic, reset: 'latest' });
      await all([earliest], names('old', 10));
      await shared([latest], 1);
      // A member at the end stands there only once it has asked where the end is; what is sent until it answers is lost on it.
      await eventually('the first new record at the member that began at the end', async () => {
        await send(topic, 'knock', 1);
        await sleep(200);
        return latest.records.length > 0;
      });
      await send(topic, 'new', 10);
      await all([latest], names('new', 10));
      await all([earliest], names('new', 10));
      expect(values(latest.records).filter((value) => value.startsWith('old'))).toEqual([]);
    });

    test('a group resumes where it committed', async () => {
      const topic = fresh('resume');
      const group = fresh('g');
      await createTopic(client, topic, 1);
      await send(topic, 'a', 10);
      const before = await join({ group, topic });
      await all([before], names('a', 10));
      await leave(before);
      expect(await operator.committed(group, topic)).toEqual([10]);
      await send(topic, 'b', 5);
      const after = await join({ group, topic });
      await all([after], names('b', 5));
      expect(received(after)).toEqual(names('b', 5));
    });

    test('a group whose offset was deleted from under it resets to the earliest that is left', async () => {
      const topic = fresh('deleted');
      const group = fresh('g');
      await createTopic(client, topic, 1);
      await send(topic, 'd', 5);
      const before = await join({ group, topic });
      await all([before], names('d', 5));
      await leave(before);
      await send(topic, 'd', 15, 5);
      await operator.deleteRecordsBefore(topic, 0, 12);
      expect(await operator.offsets(topic)).toEqual([{ low: 12, high: 20 }]);
      const after = await join({ group, topic, reset: 'earliest' });
      await all([after], names('d', 20).slice(12));
      expect(received(after)).toEqual(names('d', 20).slice(12));
    });

    if (adapter.can.staticMembers) {
      test('a static member that comes back within its session keeps its partitions; the others notice nothing', async () => {
        const topic = fresh('static');
        const group = fresh('g');
        await createTopic(client, topic, 4);
        const session = { group, topic, sessionTimeoutMs: 20_000 };
        const stays = await join({ ...session, instanceId: 'stays' });
        await shared([stays], 4);
        const returns = await join({ ...session, instanceId: 'returns' });
        await shared([stays, returns], 4);
        const held = returns.assignment().toSorted();
        const assignments = stays.assignments();
        await leave(returns);
        const again = await join({ ...session, instanceId: 'returns' });
        await shared([stays, again], 4);
        expect(again.assignment().toSorted()).toEqual(held);
        expect(stays.assignments()).toBe(assignments);
        await send(topic, 's', 100);
        await all([stays, again], names('s', 100));
      });
    }

    if (adapter.can.tellsFencing) {
      test('of two members with one instance id the older is fenced', async () => {
        const topic = fresh('fenced');
        const group = fresh('g');
        await createTopic(client, topic, 2);
        const older = await join({ group, topic, instanceId: 'only' });
        await shared([older], 2);
        const newer = await join({ group, topic, instanceId: 'only' });
        await shared([newer], 2);
        const failure = await eventually('the older member is told', () => older.failure());
        expect(String(failure)).toMatch(/fenced/i);
      });
    }
  });
}

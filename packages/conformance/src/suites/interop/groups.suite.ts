// Groups whose members are of different clients: whoever of them leads has to understand what the others say, and they it.
// For each assignor that both sides have, members come and go while records flow; every partition always has one owner in
// the end, and no record is lost.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClientAdapter, ConnectedClient, JoinOptions, Member } from '../../contract/client.ts';
import { createTopic } from '../../contract/leaders.ts';
import { numbered, values } from '../../contract/records.ts';
import { eventually, sleep } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { java } from '../java/adapter.ts';
import { kafkajs } from '../kafkajs/adapter.ts';
import { moldauClient } from '../moldau-client/adapter.ts';
import { confluentPython } from '../python/adapters.ts';

const PARTITIONS = 6;

interface Mix {
  readonly assignor: NonNullable<JoinOptions['assignor']>;
  readonly others: readonly ClientAdapter[];
}

const mixes: readonly Mix[] = [
  { assignor: 'range', others: [java, confluentPython] },
  { assignor: 'roundrobin', others: [java] },
  { assignor: 'cooperative-sticky', others: [java] },
  // KafkaJS has round robin only, under a name of its own that no Java member knows.
  { assignor: 'roundrobin', others: [kafkajs] },
];

describe('mixed groups', () => {
  const clients = new Map<ClientAdapter, ConnectedClient>();
  const present = new Set<Member>();

  beforeAll(async () => {
    for (const adapter of [moldauClient, java, confluentPython, kafkajs]) {
      clients.set(adapter, await adapter.connect(bootstrap));
    }
  });
  afterEach(async () => {
    await Promise.all([...present].map((member) => leave(member)));
  });
  afterAll(async () => {
    for (const client of clients.values()) await client.close();
  });

  async function join(adapter: ClientAdapter, o: JoinOptions): Promise<Member> {
    const member = await clients.get(adapter)!.join(o);
    present.add(member);
    return member;
  }
  async function leave(member: Member): Promise<void> {
    present.delete(member);
    await member.leave();
  }
  function shared(members: readonly Member[]): Promise<true> {
    return eventually(`${PARTITIONS} partitions shared by ${members.length} members`, () => {
      for (const member of members) if (member.failure()) throw member.failure();
      const held = members.map((member) => member.assignment());
      const all = held.flat().toSorted((a, b) => a - b);
      return held.every((some) => some.length > 0) && all.join() === '0,1,2,3,4,5';
    });
  }

  for (const { assignor, others } of mixes) {
    // The first member leads: each kind of client takes its turn.
    for (const leader of [moldauClient, ...others]) {
      const kinds = [moldauClient, ...others].map(({ name }) => name).join(', ');
      test(`${assignor}: ${kinds}; ${leader.name} leads`, async () => {
        const topic = fresh('mixed');
        const group = fresh('g');
        await createTopic(clients.get(moldauClient)!, topic, PARTITIONS);
        const sender = await clients.get(moldauClient)!.sender();
        let sent = 0;
        let flowing = true;
        const flow = (async () => {
          while (flowing) {
            await sender.send(topic, numbered('m', 20, { from: sent, keys: 60 }));
            sent += 20;
            await sleep(20);
          }
        })();
        try {
          const first = await join(leader, { group, topic, assignor });
          await shared([first]);
          const rest: Member[] = [];
          for (const adapter of [moldauClient, ...others]) {
            if (adapter === leader) continue;
            rest.push(await join(adapter, { group, topic, assignor }));
            await shared([first, ...rest]);
          }
          // The leader leaves: another kind of client takes over.
          await leave(first);
          await shared(rest);
          const back = await join(leader, { group, topic, assignor });
          await shared([...rest, back]);
          flowing = false;
          await flow;
          const members = [first, ...rest, back];
          const expected = values(numbered('m', sent));
          await eventually(`${sent} records at ${members.length} members`, () => {
            const seen = new Set(members.flatMap((member) => values(member.records)));
            return expected.every((value) => seen.has(value));
          });
          for (const member of members) expect(member.failure()).toBeUndefined();
        } finally {
          flowing = false;
          await flow.catch(() => {});
          await sender.close();
        }
      });
    }
  }
});

// Groups whose members are of different clients: whoever of them leads has to understand what the others say, and they it.
// For each assignor that both sides have, members come and go while records flow; every partition always has one owner in
// the end, and no record is lost. By KIP-848, where the broker has it, the coordinator shares out and no member leads: there
// each record comes once.
import { Admin } from '@moldau/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClientAdapter, ConnectedClient, JoinOptions, Member } from '../../contract/client.ts';
import { newQuickGroup, offersConsumerProtocol } from '../../contract/consumer-protocol.ts';
import { createTopic } from '../../contract/leaders.ts';
import { numbered, values } from '../../contract/records.ts';
import { eventually, sleep } from '../../suite/eventually.ts';
import { bootstrap, fresh } from '../../suite/target.ts';
import { confluent } from '../confluent/adapter.ts';
import { java } from '../java/adapter.ts';
import { kafkajs } from '../kafkajs/adapter.ts';
import { moldauClient } from '../moldau-client/adapter.ts';
import { confluentPython } from '../python/adapters.ts';

const PARTITIONS = 6;

const asking = new Admin({ bootstrapServers: bootstrap });
const consumerProtocol = await offersConsumerProtocol(asking);
await asking.close();

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
    for (const adapter of [moldauClient, java, confluentPython, kafkajs, confluent]) {
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

  /** Sends numbered records until it is stopped, which answers with how many. */
  async function flowInto(topic: string): Promise<() => Promise<number>> {
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
    flow.catch(() => {});
    return async () => {
      flowing = false;
      await flow.finally(() => sender.close());
      return sent;
    };
  }

  for (const { assignor, others } of mixes) {
    // The first member leads: each kind of client takes its turn.
    for (const leader of [moldauClient, ...others]) {
      const kinds = [moldauClient, ...others].map(({ name }) => name).join(', ');
      test(`${assignor}: ${kinds}; ${leader.name} leads`, async () => {
        const topic = fresh('mixed');
        const group = fresh('g');
        await createTopic(clients.get(moldauClient)!, topic, PARTITIONS);
        const stop = await flowInto(topic);
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
          const sent = await stop();
          const members = [first, ...rest, back];
          const expected = values(numbered('m', sent));
          await eventually(`${sent} records at ${members.length} members`, () => {
            const seen = new Set(members.flatMap((member) => values(member.records)));
            return expected.every((value) => seen.has(value));
          });
          for (const member of members) expect(member.failure()).toBeUndefined();
        } finally {
          await stop().catch(() => {});
        }
      });
    }
  }

  if (!consumerProtocol) {
    test('KIP-848 is not offered by this broker: a member of each client is told so', async () => {
      const topic = fresh('mixed');
      await createTopic(clients.get(moldauClient)!, topic, 1);
      for (const adapter of [moldauClient, java]) {
        const member = await join(adapter, { group: fresh('g'), topic, protocol: 'consumer' });
        const failure = await eventually(`${adapter.name} gives up`, () => member.failure());
        expect(failure.message).toMatch(/UNSUPPORTED_VERSION|UnsupportedVersionException/);
      }
    });
  }

  for (const [one, other] of consumerProtocol
    ? [
        [moldauClient, java],
        [java, moldauClient],
      ]
    : []) {
    test(`KIP-848: ${other!.name} joins ${one!.name}, takes over when that leaves, and every record comes once`, async () => {
      const topic = fresh('mixed');
      const admin = new Admin({ bootstrapServers: bootstrap });
      const group = await newQuickGroup(admin);
      await admin.close();
      await createTopic(clients.get(moldauClient)!, topic, PARTITIONS);
      const stop = await flowInto(topic);
      try {
        const first = await join(one!, { group, topic, protocol: 'consumer' });
        await shared([first]);
        const second = await join(other!, { group, topic, protocol: 'consumer' });
        await shared([first, second]);
        const before = [first, second].map(({ records }) => records.length);
        await eventually('both read on', () =>
          [first, second].every(({ records }, i) => records.length > before[i]! + 20),
        );
        await leave(first);
        await shared([second]);
        const back = await join(one!, { group, topic, protocol: 'consumer' });
        await shared([second, back]);
        const sent = await stop();
        const members = [first, second, back];
        const expected = values(numbered('m', sent)).toSorted();
        const read = () => members.flatMap((member) => values(member.records)).toSorted();
        await eventually(`${sent} records`, () => read().length >= sent);
        expect(read()).toEqual(expected);
        for (const member of members) expect(member.failure()).toBeUndefined();
      } finally {
        await stop().catch(() => {});
      }
    });
  }

  if (consumerProtocol) {
    test(`KIP-848: ${moldauClient.name}, ${java.name} and ${confluent.name} in one group; each leaves and comes back`, {
      timeout: 180_000,
    }, async () => {
      const topic = fresh('mixed');
      const admin = new Admin({ bootstrapServers: bootstrap });
      const group = await newQuickGroup(admin);
      await admin.close();
      await createTopic(clients.get(moldauClient)!, topic, PARTITIONS);
      const stop = await flowInto(topic);
      try {
        const all: Member[] = [];
        const inGroup: Member[] = [];
        for (const adapter of [confluent, moldauClient, java]) {
          inGroup.push(await join(adapter, { group, topic, protocol: 'consumer' }));
          await shared(inGroup);
        }
        for (const adapter of [confluent, moldauClient, java]) {
          const goes = inGroup.shift()!;
          all.push(goes);
          await leave(goes);
          await shared(inGroup);
          inGroup.push(await join(adapter, { group, topic, protocol: 'consumer' }));
          await shared(inGroup);
        }
        all.push(...inGroup);
        const expected = values(numbered('m', await stop()));
        await eventually(`${expected.length} records`, () => {
          const seen = new Set(all.flatMap((member) => values(member.records)));
          return expected.every((value) => seen.has(value));
        });
        for (const member of all) expect(member.failure()).toBeUndefined();
      } finally {
        await stop().catch(() => {});
      }
    });
  }
});

// Who lives through a run: writers and readers of three kinds of client (ours, librdkafka, Java), and a group of ours whose
// commits are watched. All that they are told goes into one history.
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer, KafkaError, Producer } from '@moldau/client';
import type { History } from '@moldau/history';
import type { ClientAdapter } from '../../contract/client.ts';

export interface WorkloadOptions {
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  readonly history: History;
  /** Milliseconds since the run began. */
  readonly now: () => number;
  /** What no correct cluster lets happen, apart from the history. */
  readonly complain: (text: string) => void;
  readonly outside: readonly ClientAdapter[];
  readonly ballastBytes?: number;
  /** A coordinator that was replaced may be alive and answer: what it says of commits is of before. */
  readonly mayBeDethroned: () => boolean;
}

/** A part of the workload. `stop` lets what is under way come to its end. */
export interface Inhabitant {
  stop(): Promise<void>;
}

const GROUP = 'watched';
const RECORDS = 5;
const PAUSE_MS = 20;
/** A writer does not run further ahead of its acknowledgements. */
const UNDER_WAY_MAX = 200;

/** A value is its place; the rest of it is ballast, so that segments roll. */
export const withBallast = (place: string, bytes = 80): string => `${place} ${'x'.repeat(bytes)}`;
export const placeOfValue = (value: string): string => value.slice(0, value.indexOf(' '));

export function inhabit(o: WorkloadOptions): Inhabitant[] {
  const ours = Array.from({ length: o.partitions }, (_, partition) => partition);
  const settled = [
    ownWriter(o, 'own-a', ours),
    ownWriter(
      o,
      'own-b',
      ours.filter((partition) => partition % 2 === 0),
    ),
    ownReader(o, 'own-reader'),
    groupMember(o, 'member-1'),
    groupMember(o, 'member-2'),
    groupWatcher(o),
  ];
  for (const [i, client] of o.outside.entries()) settled.push(outsider(o, client, `outside-${i}`));
  return settled;
}

/** Something that runs until it is told to stop. What it throws is a complaint. */
function living(o: WorkloadOptions, name: string, run: (stopping: () => boolean) => Promise<void>): Inhabitant {
  let stopping = false;
  const done = run(() => stopping).catch((error: unknown) => o.complain(`${name} gave up: ${String(error)}`));
  return {
    stop: async () => {
      stopping = true;
      await done;
    },
  };
}

function ownWriter(o: WorkloadOptions, name: string, partitions: readonly number[]): Inhabitant {
  return living(o, name, async (stopping) => {
    const producer = new Producer({
      bootstrapServers: o.bootstrap,
      clientId: name,
      acks: 'all',
      lingerMs: 2,
      requestTimeoutMs: 5_000,
      deliveryTimeoutMs: 120_000,
    });
    const next = new Map<number, number>();
    let underWay = 0;
    while (!stopping()) {
      for (const partition of partitions) {
        const writer = `${name}.${partition}`;
        for (let i = 0; i < RECORDS && underWay < UNDER_WAY_MAX; i++) {
          const n = next.get(partition) ?? 0;
          next.set(partition, n + 1);
          const value = `${writer}/${n}`;
          const where = { topic: o.topic, partition, value };
          o.history.add({ kind: 'sent', at: o.now(), ...where, acks: -1, ordered: true });
          underWay++;
          producer.send({ topic: o.topic, partition, value: withBallast(value, o.ballastBytes) }).then(
            ({ offset }) => {
              underWay--;
              o.history.add({ kind: 'acked', at: o.now(), ...where, offset });
            },
            (error: unknown) => {
              underWay--;
              const why = error instanceof KafkaError ? error.error : String(error);
              o.history.add({ kind: 'failed', at: o.now(), ...where, error: why });
            },
          );
        }
      }
      await sleep(PAUSE_MS);
    }
    await producer.close({ timeoutMs: 60_000 });
  });
}

function ownReader(o: WorkloadOptions, name: string): Inhabitant {
  return living(o, name, async (stopping) => {
    const consumer = new Consumer({ bootstrapServers: o.bootstrap, clientId: name, autoOffsetReset: 'earliest' });
    const all = Array.from({ length: o.partitions }, (_, partition) => ({ topic: o.topic, partition }));
    consumer.assign(all);
    let askedAt = 0;
    while (!stopping()) {
      for (const { partition, offset, value } of await consumer.poll(200)) {
        const place = placeOfValue(String(value));
        const where = { topic: o.topic, partition, reader: name, session: 1, offset, value: place };
        o.history.add({ kind: 'polled', at: o.now(), ...where });
      }
      if (o.now() - askedAt < 500) continue;
      askedAt = o.now();
      const ends = await consumer.endOffsets(all).catch(() => []);
      for (const { partition, offset } of ends) {
        o.history.add({ kind: 'end', at: o.now(), topic: o.topic, partition, reader: name, offset });
      }
    }
    await consumer.close({ timeoutMs: 10_000 });
  });
}

function groupMember(o: WorkloadOptions, name: string): Inhabitant {
  return living(o, name, async (stopping) => {
    const consumer = new Consumer({
      bootstrapServers: o.bootstrap,
      clientId: name,
      groupId: GROUP,
      autoOffsetReset: 'earliest',
      enableAutoCommit: false,
      sessionTimeoutMs: 6_000,
    });
    let session = 0;
    consumer.subscribe(o.topic, {
      onPartitionsAssigned: (partitions) => {
        session++;
        const { generationId = -1, memberId = name } = consumer.groupMetadata() ?? {};
        for (const { partition } of partitions) {
          const where = { topic: o.topic, partition, group: GROUP, member: memberId };
          o.history.add({ kind: 'assigned', at: o.now(), ...where, generation: generationId });
        }
      },
    });
    while (!stopping()) {
      const positions = new Map<number, number>();
      for (const { partition, offset, value } of await consumer.poll(200)) {
        const place = placeOfValue(String(value));
        const where = { topic: o.topic, partition, reader: name, session, offset, value: place };
        o.history.add({ kind: 'polled', at: o.now(), ...where });
        positions.set(partition, offset + 1);
      }
      if (positions.size === 0) continue;
      const offsets = [...positions].map(([partition, offset]) => ({ topic: o.topic, partition, offset }));
      const about = { group: GROUP, member: name };
      for (const offset of offsets) o.history.add({ kind: 'commit', at: o.now(), ...about, ...offset });
      try {
        await consumer.commitSync(offsets, { timeoutMs: 10_000 });
        for (const offset of offsets) o.history.add({ kind: 'commitAcked', at: o.now(), ...about, ...offset });
      } catch {
        // Not a member any more, or nobody to ask: the next to own the partitions reads again what was not committed.
      }
    }
    await consumer.close({ timeoutMs: 10_000 });
  });
}

/** Asks what the group has committed, again and again. */
function groupWatcher(o: WorkloadOptions): Inhabitant {
  return living(o, 'group-watcher', async (stopping) => {
    const admin = new Admin({ bootstrapServers: o.bootstrap, clientId: 'group-watcher' });
    while (!stopping()) {
      await sleep(500);
      const since = o.now();
      const dethroned = o.mayBeDethroned();
      const committed = await admin.listConsumerGroupOffsets(GROUP, { timeoutMs: 5_000 }).catch(() => []);
      for (const { topic, partition, offset } of committed) {
        o.history.add({ kind: 'committed', at: o.now(), since, dethroned, group: GROUP, topic, partition, offset });
      }
    }
    await admin.close();
  });
}

/** Another kind of client: writes to every partition, and is the only member of a group of its own. */
function outsider(o: WorkloadOptions, adapter: ClientAdapter, name: string): Inhabitant {
  return living(o, adapter.name, async (stopping) => {
    const client = await adapter.connect(o.bootstrap);
    const member = await client.join({ group: name, topic: o.topic });
    let taken = 0;
    const take = () => {
      for (const { partition, offset, value, session = 0 } of member.records.slice(taken)) {
        const place = placeOfValue(String(value));
        const where = { topic: o.topic, partition, reader: name, session, offset, value: place };
        o.history.add({ kind: 'polled', at: o.now(), ...where });
        taken++;
      }
    };
    const sender = await client.sender({ acks: -1, idempotent: adapter.can.idempotence });
    const ordered = adapter.can.idempotence;
    for (let n = 0; !stopping(); n += RECORDS) {
      const partition = (n / RECORDS) % o.partitions;
      const first = Math.floor(n / RECORDS / o.partitions) * RECORDS;
      const values = Array.from({ length: RECORDS }, (_, i) => `${name}.${partition}/${first + i}`);
      for (const value of values) {
        o.history.add({ kind: 'sent', at: o.now(), topic: o.topic, partition, value, acks: -1, ordered });
      }
      const records = values.map((value) => ({
        key: null,
        value: Buffer.from(withBallast(value, o.ballastBytes)),
        partition,
      }));
      const outcome = await sender.send(o.topic, records).then(
        () => ({ kind: 'acked' as const, offset: -1 }),
        (error: unknown) => ({ kind: 'failed' as const, error: String(error).slice(0, 200) }),
      );
      for (const value of values) o.history.add({ ...outcome, at: o.now(), topic: o.topic, partition, value });
      take();
      await sleep(PAUSE_MS);
    }
    await sender.close();
    await member.leave();
    take();
    await client.close();
  });
}

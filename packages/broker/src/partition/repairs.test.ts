// A flipped bit in one replica is never served or copied, and is mended from the others (invariant 16). Real brokers, logs
// and sockets. Byte by byte over a log: storage's log-damage.test; whole processes: the nemesis `bit-flip`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorName } from '@moldau/protocol/errors';
import { afterEach, expect, test } from 'vitest';
import { ReplicaCluster, until } from '../test/replica-cluster.ts';

let cluster: ReplicaCluster;

afterEach(() => cluster?.stop());

const TOPIC = 't';
/** Twelve batches, some four to a segment. */
const VALUES = Array.from({ length: 12 }, (_, i) => `${i} ${'x'.repeat(300)}`);
const everything = VALUES.map((value, offset) => `${offset}:${value}`);

async function filled(
  replicas: readonly number[],
  settings: Readonly<Record<string, string>> = {},
  segmentBytes = 1_600,
): Promise<void> {
  cluster = await ReplicaCluster.start([...replicas], settings);
  cluster.createTopic(TOPIC, [replicas], { 'internal.segment.bytes': String(segmentBytes) });
  for (const value of VALUES) expect((await cluster.produce(replicas[0]!, [value])).errorCode).toBe(0);
  for (const id of replicas) {
    await until(() => cluster.partition(id, TOPIC).log.highWatermark === VALUES.length, `the watermark of ${id}`);
  }
}

function logFiles(id: number): string[] {
  const folder = join(cluster.directory, `b${id}`, `${TOPIC}-0`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return names.sort().map((name) => join(folder, name));
}

const bytesOf = (id: number): string[] => logFiles(id).map((file) => readFileSync(file).toString('hex'));

/** Of a broker that is down: one bit in the middle of a batch of its nth segment. */
function flip(id: number, segment = 0, at = 500): void {
  const file = logFiles(id)[segment]!;
  const bytes = readFileSync(file);
  bytes[at]! ^= 0x10;
  writeFileSync(file, bytes);
}

/** Reads all as a consumer does, asking again as clients do; any other error ends it. */
async function readAll(id: number): Promise<{ values: string[]; errors: string[] }> {
  const values: string[] = [];
  const errors: string[] = [];
  const end = Date.now() + 20_000;
  while (values.length < VALUES.length && Date.now() < end) {
    const answer = await cluster.fetch(id, TOPIC, values.length);
    if (answer.errorCode === 0) values.push(...answer.values.slice(0));
    else {
      const error = errorName(answer.errorCode) ?? '';
      errors.push(error);
      if (error !== 'KAFKA_STORAGE_ERROR' && error !== 'NOT_LEADER_OR_FOLLOWER') break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return { values, errors };
}

async function rot(id: number, segment = 0, at = 500): Promise<void> {
  await cluster.stopBroker(id);
  flip(id, segment, at);
  await cluster.startBroker(id);
}

const state = () => cluster.metadata.image.partition(TOPIC, 0)!;
const inSync = (count: number) => until(() => state().isr.length === count, `${count} in sync`);

test('a follower that finds a flipped bit when it is read from mends it; the reader sees every record and no damage', async () => {
  await filled([1, 2, 3]);
  const before = bytesOf(2);
  await rot(2);
  await inSync(3);
  const { values, errors } = await readAll(2);
  expect(values).toEqual(everything);
  // Asked again by the client itself, without a word to its user.
  expect(new Set(errors)).toEqual(new Set(['KAFKA_STORAGE_ERROR']));
  expect(bytesOf(2)).toEqual(before);
  expect(cluster.eventsOf(2, 'replica.repaired')).toMatchObject([{ topic: TOPIC, partition: 0, from: 1 }]);
  await until(() => cluster.broker(2).context.repairs.count === 0, 'nothing left to mend');
  // Nothing was cut, and nobody had to leave.
  expect(cluster.eventsOf(2, 'replica.truncated')).toEqual([]);
  expect(state().isr).toHaveLength(3);
});

test('a leader mends its log from a follower, while it goes on leading', async () => {
  await filled([1, 2, 3]);
  const before = bytesOf(1);
  await rot(1);
  await inSync(3);
  cluster.metadata.set(TOPIC, 0, { leader: 1, leaderEpoch: state().leaderEpoch + 1 });
  const { values } = await readAll(1);
  expect(values).toEqual(everything);
  expect(bytesOf(1)).toEqual(before);
  expect((await cluster.produce(1, ['after'])).errorCode).toBe(0);
  expect(state()).toMatchObject({ leader: 1 });
});

test('the only replica has nobody to ask: that range is refused, the rest is served, nothing is cut, and it is said', async () => {
  await filled([1]);
  await rot(1);
  const damaged = bytesOf(1);
  const first = await readAll(1);
  expect(first.errors).toEqual(['CORRUPT_MESSAGE']);
  expect(first.values).toEqual(everything.slice(0, first.values.length));
  const behind = await cluster.fetch(1, TOPIC, VALUES.length - 1);
  expect(behind).toMatchObject({ errorCode: 0, values: everything.slice(-1) });
  await until(() => cluster.eventsOf(1, 'replica.repairFailed').length > 0, 'an event');
  expect(cluster.eventsOf(1, 'replica.repairFailed')[0]!.reason).toContain('no other replica is up');
  expect(cluster.broker(1).metrics.damagedReplicas.read!()).toBe(1);
  expect((await cluster.produce(1, ['goes on'])).errorCode).toBe(0);
  expect(bytesOf(1).slice(0, 2)).toEqual(damaged.slice(0, 2));
  expect(cluster.partition(1, TOPIC).log.startOffset).toBe(0);
});

test('with the others down it is refused, and mended when one of them comes back', async () => {
  await filled([1, 2]);
  await cluster.stopBroker(2);
  await rot(1);
  await until(() => state().leader === 1, 'broker 1 leads');
  expect((await readAll(1)).errors.at(-1)).toBe('CORRUPT_MESSAGE');
  await cluster.startBroker(2);
  await until(() => cluster.eventsOf(1, 'replica.repaired').length > 0, 'it is mended', 20_000);
  expect(await readAll(1)).toMatchObject({ values: everything });
});

test('damage that recovery finds is mended without anybody reading', async () => {
  // What recovery looks at is the newest segment.
  await filled([1, 2], { 'log.durability': 'fsync' }, 1_000_000);
  await cluster.broker(2).context.logs.checkpoint();
  const before = bytesOf(2);
  await cluster.kill(2);
  flip(2, 0);
  await cluster.startBroker(2);
  expect(cluster.eventsOf(2, 'storage.logDamaged').length).toBeGreaterThan(0);
  await until(() => cluster.eventsOf(2, 'replica.repaired').length > 0, 'it is mended');
  expect(await readAll(2)).toMatchObject({ values: everything });
  // It goes on in a segment of its own behind the damage.
  expect(bytesOf(2)).toEqual([...before, '']);
});

test('access rules of the topic do not keep brokers from mending: who has CLUSTER_ACTION has everything', async () => {
  await filled([1, 2], {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
  });
  await rot(1);
  await inSync(2);
  const rule = { patternType: 3, host: '*', permissionType: 3 };
  cluster.metadata.append([
    {
      kind: 'aclSet',
      acl: { ...rule, id: 'a', resourceType: 2, resourceName: TOPIC, principal: 'User:somebody', operation: 3 },
    },
    {
      kind: 'aclSet',
      acl: {
        ...rule,
        id: 'b',
        resourceType: 4,
        resourceName: 'kafka-cluster',
        principal: 'User:ANONYMOUS',
        operation: 9,
      },
    },
  ]);
  const read = { bytesMax: 1_000, end: VALUES.length, wholeFirstBatch: true };
  for (let offset = 0; offset < 4; offset++) await cluster.partition(1, TOPIC).log.read({ offset, ...read });
  await until(() => cluster.eventsOf(1, 'replica.repaired').length > 0, 'it is mended');
});

test('two replicas that are damaged in different places mend each other', async () => {
  await filled([1, 2]);
  const before = bytesOf(1);
  await rot(1, 0);
  await inSync(2);
  await rot(2, 1);
  await inSync(2);
  for (const id of [1, 2]) {
    expect(await readAll(id)).toMatchObject({ values: everything });
    expect(bytesOf(id)).toEqual(before);
  }
});

test('where all of them are damaged in the same place readers are told in the end', async () => {
  await filled([1, 2]);
  await rot(1);
  await inSync(2);
  await rot(2);
  await inSync(2);
  for (const id of [1, 2]) expect((await readAll(id)).errors.at(-1)).toBe('CORRUPT_MESSAGE');
});

test('a new replica copies nothing damaged from a leader, and all of it once that is mended', async () => {
  await filled([1, 2]);
  await rot(1);
  await inSync(2);
  await cluster.startBroker(3);
  cluster.metadata.set(TOPIC, 0, {
    ...{ leader: 1, leaderEpoch: state().leaderEpoch + 1 },
    ...{ replicas: [1, 2, 3], addingReplicas: [3] },
  });
  await until(() => state().isr.includes(3), 'the new replica is in sync', 20_000);
  expect(await cluster.contents(3, TOPIC)).toEqual(everything);
  expect(cluster.eventsOf(1, 'replica.repaired')).toMatchObject([{ from: 2 }]);
});

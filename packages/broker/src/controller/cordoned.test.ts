// cordoned.log.dirs (KIP-1066) with real brokers: what is set in the file, and what is set while they run.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestCluster } from '../test/test-cluster.ts';

let directory: string;
let cluster: TestCluster | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moldau-cordoned-'));
});
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function create(name: string, replicationFactor: number, numPartitions = 4) {
  const client = await cluster!.broker(1).connect();
  const topics = [{ name, numPartitions, replicationFactor, assignments: [], configs: [] }];
  const { topics: made } = await client.call('CreateTopics', 7, { topics, timeoutMs: 5_000, validateOnly: false });
  return made[0]!;
}

const partitionsIn = async (path: string) => (await readdir(path)).filter((name) => /-\d+$/.test(name)).length;

/** Through the broker that is asked, for another one. */
async function cordon(asked: number, ofBroker: number, value: string | null) {
  const client = await cluster!.broker(asked).connect();
  const configs = [{ name: 'cordoned.log.dirs', configOperation: value === null ? 1 : 0, value }];
  const resources = [{ resourceType: 4, resourceName: String(ofBroker), configs }];
  const { responses } = await client.call('IncrementalAlterConfigs', 1, { resources, validateOnly: false });
  expect(responses[0]).toMatchObject({ errorCode: 0 });
}

test('a directory that the file closes gets no new logs, and one that is closed while the broker runs neither', async () => {
  const [a, b] = [join(directory, 'a'), join(directory, 'b')];
  cluster = await TestCluster.start(1, { 'log.dirs': `${a},${b}`, 'cordoned.log.dirs': b });
  expect(await create('one', 1)).toMatchObject({ errorCode: 0 });
  expect([await partitionsIn(a), await partitionsIn(b)]).toEqual([4, 0]);
  expect(cluster.image.broker(1)?.cordoned).toBe(false);
  await cordon(1, 1, a);
  await create('two', 1);
  expect([await partitionsIn(a), await partitionsIn(b)]).toEqual([4, 4]);
  const client = await cluster.broker(1).connect();
  const topics = [{ name: 'two', partitions: [0] }];
  const moved = await client.call('AlterReplicaLogDirs', 2, { dirs: [{ path: a, topics }] });
  expect(moved.results[0]?.partitions[0]?.errorCode).toBe(39);
  const { results } = await client.call('DescribeLogDirs', 5, { topics: null });
  expect(results.map(({ logDir, isCordoned }) => [logDir, isCordoned])).toEqual([
    [a, true],
    [b, false],
  ]);
  // The words of the file hold again.
  await cordon(1, 1, null);
  await create('three', 1);
  expect([await partitionsIn(a), await partitionsIn(b)]).toEqual([8, 4]);
});

test('a broker all of whose directories are closed is passed over by placement until one is open again', async () => {
  cluster = await TestCluster.start(2);
  for (const [asked, closed] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const open = 3 - closed;
    await cordon(asked, closed, '*');
    await until(() => cluster!.image.broker(closed)?.cordoned === true);
    expect(await create(`away-from-${closed}`, 1)).toMatchObject({ errorCode: 0 });
    const { partitions } = cluster.image.topic(`away-from-${closed}`)!;
    expect(new Set(partitions.flatMap(({ replicas }) => replicas))).toEqual(new Set([open]));
    expect(await create('too-many', 2)).toMatchObject({ errorCode: 38 });
    await cordon(asked, closed, null);
    await until(() => cluster!.image.broker(closed)?.cordoned === false);
  }
  expect(await create('both', 2)).toMatchObject({ errorCode: 0 });
});

test('who was closed is closed after a restart, before its first word to the controller too', async () => {
  cluster = await TestCluster.start(2, {}, (id) => (id === 2 ? { 'cordoned.log.dirs': '*' } : {}));
  await until(() => cluster!.image.broker(2)?.cordoned === true);
  const { brokerEpoch } = cluster.image.broker(2)!;
  await cluster.broker(2).close();
  await cluster.broker(2).open();
  expect(cluster.image.broker(2)!.brokerEpoch).toBeGreaterThan(brokerEpoch);
  expect(cluster.image.broker(2)?.cordoned).toBe(true);
});

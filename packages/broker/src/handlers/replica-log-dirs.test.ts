// Moves between the log directories of one broker, as clients see them: ordered by AlterReplicaLogDirs, told by
// DescribeLogDirs, served meanwhile, carried on after a restart. What is on disk at which point: storage/log-move.test.ts.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorName } from '@moldau/protocol/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordsIn } from '../test/batches.ts';
import type { RawClient } from '../test/raw-client.ts';
import { TestBroker } from '../test/test-broker.ts';
import { TestCluster } from '../test/test-cluster.ts';
import { createTopic, fetchFrom, produceTo } from '../test/topic-client.ts';

let directory: string;
let a: string;
let b: string;
let broker: TestBroker | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'moldau-replica-log-dirs-'));
  [a, b] = [join(directory, 'a'), join(directory, 'b')];
});
afterEach(async () => {
  await broker?.stop();
  broker = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function move(client: RawClient, path: string, partition = 0): Promise<string> {
  const dirs = [{ path, topics: [{ name: 't', partitions: [partition] }] }];
  const { results } = await client.call('AlterReplicaLogDirs', 2, { dirs });
  return errorName(results[0]!.partitions[0]!.errorCode);
}

/** `a current`, `b future 2` (with its lag). */
async function places(client: RawClient): Promise<string[]> {
  const { results } = await client.call('DescribeLogDirs', 4, { topics: [{ topic: 't', partitions: [0] }] });
  return results.flatMap(({ logDir, topics }) =>
    topics.flatMap(({ partitions }) =>
      partitions.map(
        ({ isFutureKey, offsetLag }) => `${logDir.at(-1)} ${isFutureKey ? `future ${offsetLag}` : 'current'}`,
      ),
    ),
  );
}

async function produceValues(client: RawClient, topic: string, values: readonly string[]): Promise<void> {
  for (const value of values) expect((await produceTo(client, [value], { topic })).errorCode).toBe(0);
}

async function fetchValues(client: RawClient, topic: string): Promise<string[]> {
  const { errorCode, values } = await fetchFrom(client, { topic });
  expect(errorCode).toBe(0);
  return values.map((value) => value.replace(/^\d+:/, ''));
}

async function throttle(client: RawClient, rate: number): Promise<void> {
  const configs = [{ name: 'replica.alter.log.dirs.io.max.bytes.per.second', configOperation: 0, value: String(rate) }];
  const resources = [{ resourceType: 4, resourceName: '1', configs }];
  const { responses } = await client.call('IncrementalAlterConfigs', 1, { resources, validateOnly: false });
  expect(responses[0]?.errorCode).toBe(0);
}

async function start(durability: 'os' | 'fsync') {
  broker = await TestBroker.start({ 'log.dirs': `${a},${b}`, 'log.durability': durability });
  const client = await broker.connect();
  await createTopic(client, 't');
  return client;
}

test.each(['os', 'fsync'] as const)('a replica moves while it is written and read (%s)', async (durability) => {
  const client = await start(durability);
  const values = Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(2_000)}`);
  await produceValues(client, 't', values);
  // Slow enough to be seen.
  await throttle(client, 2_000);
  expect(await places(client)).toEqual(['a current']);
  expect(await move(client, b)).toBe('NONE');
  expect(await places(client)).toEqual(['a current', 'b future 40']);
  expect(await move(client, b)).toBe('NONE');
  await produceValues(client, 't', ['meanwhile']);
  expect(await places(client)).toEqual(['a current', 'b future 41']);
  await throttle(client, 9_000_000);
  await until(async () => (await places(client)).join() === 'b current');
  await produceValues(client, 't', ['afterwards']);
  expect(await fetchValues(client, 't')).toEqual([...values, 'meanwhile', 'afterwards']);
  expect(broker!.eventNames()).toEqual(expect.arrayContaining(['storage.logMoveBegun', 'storage.logMoved']));
  await broker!.restart();
  expect(await fetchValues(await broker!.connect(), 't')).toEqual([...values, 'meanwhile', 'afterwards']);
  expect((await readdir(b)).filter((name) => name.startsWith('t-0'))).toEqual(['t-0']);
});

test.each(['stop', 'crash'] as const)('a move that a %s broke off is carried on by the next start', async (how) => {
  // Of a cluster: its store outlives the broker.
  const cluster = await TestCluster.start(1, { 'log.dirs': `${a},${b}` });
  try {
    const test = cluster.broker(1);
    const client = await test.connect();
    await createTopic(client, 't');
    const values = Array.from({ length: 20 }, (_, i) => `${i} ${'x'.repeat(2_000)}`);
    await produceValues(client, 't', values);
    await throttle(client, 1_000);
    expect(await move(client, b)).toBe('NONE');
    if (how === 'stop') await test.close();
    else await cluster.crash(1);
    expect((await readdir(b)).some((name) => /^t-0\.[0-9a-f]{32}-future$/.test(name))).toBe(true);
    await test.comeBack();
    const again = await test.connect();
    expect(await places(again)).toEqual(['a current', 'b future 20']);
    await throttle(again, 9_000_000);
    await until(async () => (await places(again)).join() === 'b current');
    expect(await fetchValues(again, 't')).toEqual(values);
  } finally {
    await cluster.stop();
  }
});

test('leader and follower move while acks=all goes on: nothing is missing on either, and both stay in sync', async () => {
  const dirsOf = (id: number) => ['a', 'b'].map((name) => join(directory, `${id}${name}`));
  const settings = { 'min.insync.replicas': '2', 'log.durability': 'fsync' };
  const cluster = await TestCluster.start(2, settings, (id) => ({ 'log.dirs': dirsOf(id).join(',') }));
  try {
    const client = await cluster.broker(1).connect();
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }];
    const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments, configs: [] };
    await client.call('CreateTopics', 7, { topics: [topic], timeoutMs: 5_000, validateOnly: false });
    const logOf = (id: number) => cluster.broker(id).broker.context.partitions.get('t', 0)!.log;
    const values: string[] = [];
    for (let round = 0; round < 4; round++) {
      const to = dirsOf(1).map((path, i) => [path, dirsOf(2)[i]!] as const)[(round + 1) % 2]!;
      for (const [i, id] of [1, 2].entries()) {
        expect(await move(await cluster.broker(id).connect(), to[i]!)).toBe('NONE');
      }
      do {
        const value = `${values.length} ${'x'.repeat(500)}`;
        values.push(value);
        expect((await produceTo(client, [value], { topic: 't' })).errorCode).toBe(0);
      } while (logOf(1).directory !== to[0] || logOf(2).directory !== to[1]);
    }
    expect(cluster.image.partition('t', 0)).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2] });
    for (const id of [1, 2]) {
      const log = logOf(id);
      await until(() => log.highWatermark === values.length);
      const slice = await log.read({ offset: 0, bytesMax: 1e8, end: log.endOffset, wholeFirstBatch: true });
      if (slice.kind !== 'slice') throw new Error(slice.detail);
      expect(recordsIn(Buffer.concat(slice.chunks)).map((value) => value.replace(/^\d+:/, ''))).toEqual(values);
    }
  } finally {
    await cluster.stop();
  }
});

test('ordered back to where it is, a move ends', async () => {
  const client = await start('os');
  await produceValues(client, 't', ['x'.repeat(20_000)]);
  await throttle(client, 1_000);
  expect(await move(client, b)).toBe('NONE');
  expect(await move(client, a)).toBe('NONE');
  await until(async () => (await places(client)).join() === 'a current');
  await until(async () => (await readdir(b)).every((name) => !name.startsWith('t-0')));
  expect(await move(client, '/nowhere')).toBe('LOG_DIR_NOT_FOUND');
});

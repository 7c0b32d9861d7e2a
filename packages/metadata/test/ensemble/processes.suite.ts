// As a course does it: a ZooKeeper, three brokers from three properties files, and the tools, all as processes. Then a
// broker that began alone moves over.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../engine-contract.ts';
import { CLASS_PATH, type Ensemble, freePort, startEnsemble } from './zookeeper-process.ts';

const repository = join(import.meta.dirname, '../../../..');
const root = mkdtempSync(join(tmpdir(), 'moldau-course-'));
const running: ChildProcess[] = [];
let ensemble: Ensemble;
beforeAll(async () => {
  ensemble = await startEnsemble();
});
afterAll(async () => {
  for (const child of running) await stop(child);
  await ensemble?.stop();
  rmSync(root, { recursive: true, force: true });
});

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

function run(file: string, args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd: repository, timeout: 60_000 }, (_error, stdout, stderr) =>
      resolve({ status: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}

const tool = (name: string, line: string) => run(join(repository, 'bin', name), line.split(' '));

async function zooKeeperShell(line: string): Promise<string> {
  const main = 'org.apache.zookeeper.ZooKeeperMain';
  const { stdout } = await run('java', ['-cp', CLASS_PATH, main, '-server', ensemble.connect, ...line.split(' ')]);
  return stdout.trim().split('\n').at(-1)!;
}

interface Started {
  readonly child: ChildProcess;
  readonly file: string;
  readonly address: string;
  said(): string;
}

async function broker(
  id: number,
  lines: readonly string[],
  o: { fails?: boolean; port?: number } = {},
): Promise<Started> {
  const port = o.port ?? (await freePort());
  const file = join(root, `server-${id}.properties`);
  const address = `127.0.0.1:${port}`;
  const common = [`broker.id=${id}`, `listeners=PLAINTEXT://${address}`, `log.dirs=${join(root, `data-${id}`)}`];
  writeFileSync(file, [...common, ...lines, ''].join('\n'));
  const child = spawn(join(repository, 'bin/kafka-server-start.sh'), [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  }
  await until(() => said.includes('broker.started') || child.exitCode !== null);
  if (child.exitCode !== null && !o.fails) throw new Error(said);
  return { child, file, address, said: () => said };
}

test('three brokers, one ZooKeeper: what its shell shows, and tools that are told --zookeeper', async () => {
  const lines = [`zookeeper.connect=${ensemble.connect}/course`, 'zookeeper.session.timeout.ms=4000'];
  const brokers = await Promise.all([0, 1, 2].map((id) => broker(id, lines)));
  expect(await zooKeeperShell('ls /course/brokers/ids')).toBe('[0, 1, 2]');
  const zookeeper = `--zookeeper ${ensemble.connect}/course`;
  const created = await tool(
    'kafka-topics.sh',
    `${zookeeper} --create --topic river --partitions 3 --replication-factor 3`,
  );
  expect(created).toMatchObject({ status: 0, stdout: 'Created topic river.\n' });
  for (const { address } of brokers) {
    const { stdout } = await tool('kafka-topics.sh', `--bootstrap-server ${address} --describe --topic river`);
    expect(stdout).toContain('PartitionCount: 3\tReplicationFactor: 3');
    expect(stdout.match(/Leader: \d/g)?.sort()).toEqual(['Leader: 0', 'Leader: 1', 'Leader: 2']);
  }
  const described = await tool('kafka-configs.sh', `${zookeeper} --describe --entity-type topics --entity-name river`);
  expect(described).toMatchObject({ status: 0 });
  expect(described.stderr).toContain('Warning: --zookeeper is deprecated');
  expect(JSON.parse(await zooKeeperShell('get /course/brokers/topics/river'))).toMatchObject({ version: 3 });
  expect(JSON.parse(await zooKeeperShell('get /course/controller'))).toHaveProperty('brokerid');
  // The ids are gone at once when brokers stop in order.
  await stop(brokers[1]!.child);
  expect(await zooKeeperShell('ls /course/brokers/ids')).toBe('[0, 2]');
  for (const { child } of brokers) await stop(child);
  const nobody = await tool('kafka-topics.sh', `${zookeeper} --list`);
  expect(nobody.status).toBe(1);
  expect(nobody.stderr).toContain('no broker is registered in ZooKeeper');
}, 120_000);

/** KafkaJS, which knows nothing of us, over both partitions of `old`. */
function foreignClient(address: string) {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  return {
    produce: async (values: readonly string[]) => {
      const producer = kafka.producer();
      await producer.connect();
      const messages = values.map((value, i) => ({ value, partition: i % 2 }));
      await producer.send({ topic: 'old', acks: -1, messages });
      await producer.disconnect();
    },
    /** As a member of a group that commits what it was given, until it has had so many records. */
    consume: async (count: number): Promise<string[]> => {
      const consumer = kafka.consumer({ groupId: 'readers' });
      const had: string[] = [];
      await consumer.connect();
      await consumer.subscribe({ topic: 'old', fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ partition, message: { offset, value } }) => {
          had.push(`${partition}/${offset} ${value}`);
        },
      });
      await until(() => had.length >= count);
      // Commits, and leaves.
      await consumer.disconnect();
      return had.sort();
    },
    committed: async () => {
      const admin = kafka.admin();
      await admin.connect();
      const [{ partitions } = { partitions: [] }] = await admin.fetchOffsets({ groupId: 'readers', topics: ['old'] });
      await admin.disconnect();
      return partitions.map(({ partition, offset }) => `${partition}/${offset}`).sort();
    },
  };
}

test('a broker that began alone moves into ZooKeeper with its topics, records and groups, and a second one joins', async () => {
  const fast = 'group.initial.rebalance.delay.ms=0';
  const alone = await broker(7, [fast]);
  await tool('kafka-topics.sh', `--bootstrap-server ${alone.address} --create --topic old --partitions 2`);
  const foreign = foreignClient(alone.address);
  await foreign.produce(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(await foreign.consume(6)).toEqual(['0/0 a', '0/1 c', '0/2 e', '1/0 b', '1/1 d', '1/2 f']);
  expect(await foreign.committed()).toEqual(['0/3', '1/3']);
  // Not read before the move.
  await foreign.produce(['g', 'h']);
  const connect = `zookeeper.connect=${ensemble.connect}/moved`;
  const port = Number(alone.address.split(':')[1]);
  const move = () => tool('moldau', `move-to-zookeeper --config ${alone.file}`);
  expect((await move()).stderr).toContain('has no zookeeper.connect');
  writeFileSync(alone.file, `broker.id=7\nlog.dirs=${join(root, 'data-7')}\n${connect}\n`);
  expect((await move()).status).toBe(1);
  await stop(alone.child);
  // Not moved yet: its data is not taken for nobody's.
  const early = await broker(7, [connect], { fails: true, port });
  expect(early.said()).toContain('is missing');
  const moved = await move();
  expect(moved.stderr).toBe('');
  expect(moved.stdout).toMatch(/^Moved cluster \S+ \(2 topics, 52 partitions\)/);
  const again = await broker(7, [connect, fast], { port });
  // The group goes on where it was, with what it had not read and what comes now.
  expect(await foreign.committed()).toEqual(['0/3', '1/3']);
  await foreign.produce(['i', 'j']);
  expect(await foreign.consume(4)).toEqual(['0/3 g', '0/4 i', '1/3 h', '1/4 j']);
  expect(await foreign.committed()).toEqual(['0/5', '1/5']);
  const second = await broker(8, [connect]);
  const { stdout } = await tool('kafka-topics.sh', `--bootstrap-server ${second.address} --describe --topic old`);
  expect(stdout).toContain('Leader: 7');
  await stop(second.child);
  await stop(again.child);
  // Without ZooKeeper it would be an empty cluster over old data.
  const back = await broker(7, [], { fails: true, port });
  expect(back.said()).toContain('is missing');
}, 120_000);

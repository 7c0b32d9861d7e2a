// The lesson on clusters of a Kafka course, typed: a ZooKeeper, three brokers from three properties files, a topic with three
// replicas, a broker killed, and everything in order again.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Place, type Typed, type } from '../course/shell.ts';
import { freePorts } from '../peer/free-ports.ts';
import { repository } from '../peer/paths.ts';
import { startZooKeeper, type ZooKeeperEnsemble } from '../peer/zookeeper.ts';
import { eventually } from '../suite/eventually.ts';

const directory = mkdtempSync(join(tmpdir(), 'cluster-course-'));
const place: Place = {
  directory,
  environment: { LOG_DIR: join(directory, 'logs'), MOLDAU_RUN_DIR: join(directory, 'run') },
};
let zookeeper: ZooKeeperEnsemble;
let ports: number[];

beforeAll(async () => {
  zookeeper = await startZooKeeper();
  symlinkSync(join(repository, 'bin'), join(directory, 'bin'));
  ports = await freePorts(3);
  const shipped = readFileSync(join(repository, 'config/server.properties'), 'utf8');
  for (const [id, port] of ports.entries()) {
    // What the course has its readers change in three copies of the file that is shipped.
    const text = shipped
      .replace(/^#?(node|broker)\.id=.*$/m, `broker.id=${id}`)
      .replace(/^#?listeners=.*$/m, `listeners=PLAINTEXT://localhost:${port}`)
      .replace(/^log\.dirs=.*$/m, `log.dirs=${join(directory, `kafka-logs-${id}`)}`);
    writeFileSync(join(directory, `server-${id}.properties`), `${text}\nzookeeper.connect=${zookeeper.connect}\n`);
  }
});
afterAll(async () => {
  await type(place, 'bin/kafka-server-stop.sh').catch(() => {});
  for (const pid of pids().values()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // stopped in order
    }
  }
  await zookeeper?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Process ids of the brokers by node id. */
function pids(): Map<number, number> {
  try {
    const files = readdirSync(join(directory, 'run')).map((name) => join(directory, 'run', name));
    return new Map(files.map((file) => JSON.parse(readFileSync(file, 'utf8'))).map(({ nodeId, pid }) => [nodeId, pid]));
  } catch {
    return new Map();
  }
}

/** `localhost:9092` and its neighbours in a line are the three brokers, `localhost:2181` ZooKeeper. */
async function typed(line: string, status = 0): Promise<Typed> {
  const here = ports
    .reduce((text, port, id) => text.replaceAll(`localhost:${9092 + id}`, `localhost:${port}`), line)
    .replaceAll('localhost:2181', zookeeper.connect);
  const done = await type(place, here);
  expect(done.status, `${line}\n${done.stdout}\n${done.stderr}`).toBe(status);
  return done;
}

const zkCli = (words: string) =>
  `/usr/share/zookeeper/bin/zkCli.sh -server localhost:2181 ${words} 2>/dev/null | tail -1`;

interface Row {
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

async function describe(): Promise<Row[]> {
  const { stdout } = await typed('bin/kafka-topics.sh --bootstrap-server localhost:9093 --describe --topic replicated');
  const numbers = (text: string) => text.split(',').map(Number);
  return [...stdout.matchAll(/Partition: (\d+)\tLeader: (\d+)\tReplicas: ([\d,]+)\tIsr: ([\d,]+)/g)].map(
    ([, partition, leader, replicas, isr]) => ({
      partition: Number(partition),
      leader: Number(leader),
      replicas: numbers(replicas!),
      isr: numbers(isr!),
    }),
  );
}

test('three brokers from three files', async () => {
  for (const id of [0, 1, 2]) await typed(`bin/kafka-server-start.sh -daemon server-${id}.properties`);
  expect([...pids().keys()].sort()).toEqual([0, 1, 2]);
});

test('ZooKeeper’s own shell shows them, and who decides', async () => {
  expect((await typed(zkCli('ls /brokers/ids'))).stdout).toBe('[0, 1, 2]\n');
  expect(JSON.parse((await typed(zkCli('get /brokers/ids/1'))).stdout)).toMatchObject({ port: ports[1] });
  const controller = JSON.parse((await typed(zkCli('get /controller'))).stdout);
  expect([0, 1, 2]).toContain(controller.brokerid);
});

test('a topic with three replicas: leader, replicas and those in sync', async () => {
  await typed(
    'bin/kafka-topics.sh --bootstrap-server localhost:9092 --create --topic replicated --partitions 3 --replication-factor 3 --config min.insync.replicas=2',
  );
  expect((await typed(zkCli('ls /brokers/topics'))).stdout).toContain('replicated');
  const rows = await describe();
  expect(rows.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  expect(rows.map(({ leader }) => leader).sort()).toEqual([0, 1, 2]);
  for (const { leader, replicas, isr } of rows) {
    expect(leader).toBe(replicas[0]);
    expect([...replicas].sort()).toEqual([0, 1, 2]);
    expect([...isr].sort()).toEqual([0, 1, 2]);
  }
});

test('what is written through one broker is read through another', async () => {
  await typed(
    'seq 1 1000 | bin/kafka-console-producer.sh --bootstrap-server localhost:9092 --topic replicated --producer-property acks=all',
  );
  const { stdout } = await typed(
    'bin/kafka-console-consumer.sh --bootstrap-server localhost:9094 --topic replicated --from-beginning --max-messages 1000 | sort -n | md5sum',
  );
  expect(stdout).toBe((await type(place, 'seq 1 1000 | md5sum')).stdout);
});

test('a broker is killed: another leads, and what was written is there', async () => {
  process.kill(pids().get(0)!, 'SIGKILL');
  const rows = await eventually('leaders among the living', async () => {
    const now = await describe();
    return now.every(({ leader, isr }) => leader !== 0 && leader >= 0 && !isr.includes(0)) && now;
  });
  for (const { replicas, isr } of rows) {
    expect([...replicas].sort()).toEqual([0, 1, 2]);
    expect([...isr].sort()).toEqual([1, 2]);
  }
  // Nor does any group stand still: with the file that is shipped their offsets have replicas too.
  const offsets = await typed(
    'bin/kafka-topics.sh --bootstrap-server localhost:9093 --describe --topic __consumer_offsets --unavailable-partitions',
  );
  expect(offsets.stdout).toBe('');
  await eventually('gone from ZooKeeper', async () => (await typed(zkCli('ls /brokers/ids'))).stdout === '[1, 2]\n');
  const under = await typed(
    'bin/kafka-topics.sh --bootstrap-server localhost:9093 --describe --topic replicated --under-replicated-partitions',
  );
  expect(under.stdout.match(/Partition: /g)?.length).toBe(3);
  const atMin = await typed(
    'bin/kafka-topics.sh --bootstrap-server localhost:9093 --describe --topic replicated --at-min-isr-partitions',
  );
  expect(atMin.stdout.match(/Partition: /g)?.length).toBe(3);
  const { stdout } = await typed(
    'bin/kafka-console-consumer.sh --bootstrap-server localhost:9093 --topic replicated --from-beginning --max-messages 1000 | sort -n | md5sum',
  );
  expect(stdout).toBe((await type(place, 'seq 1 1000 | md5sum')).stdout);
});

test('it comes back, catches up, and leads again when asked', async () => {
  await typed('bin/kafka-server-start.sh -daemon server-0.properties');
  await eventually('three in sync', async () => (await describe()).every(({ isr }) => isr.length === 3));
  expect((await typed(zkCli('ls /brokers/ids'))).stdout).toBe('[0, 1, 2]\n');
  await typed(
    'bin/kafka-leader-election.sh --bootstrap-server localhost:9093 --election-type preferred --all-topic-partitions',
  );
  await eventually('preferred leaders', async () =>
    (await describe()).every(({ leader, replicas }) => leader === replicas[0]),
  );
});

test('the brokers stop in order, one and then the rest', async () => {
  await typed('bin/kafka-server-stop.sh --node-id 2');
  const rows = await describe();
  expect(rows.every(({ leader }) => leader !== 2)).toBe(true);
  await typed('bin/kafka-server-stop.sh');
  expect(pids().size).toBe(0);
  expect((await typed(zkCli('ls /brokers/ids'))).stdout).toBe('[]\n');
});

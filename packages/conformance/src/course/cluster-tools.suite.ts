// The tools for clusters beside Kafka's own, against one cluster of three Apache Kafka brokers: the same words typed, line
// for line the same on standard output and the same status. What changes the cluster is typed twice, so that both tools meet
// it in the same state.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApacheCluster, startApacheCluster } from '../peer/apache-cluster.ts';
import { javaAvailable } from '../peer/apache-jars.ts';
import { repository } from '../peer/paths.ts';
import { type KafkaTool, runTool } from '../peer/tools.ts';
import { eventually } from '../suite/eventually.ts';
import { type } from './shell.ts';

const directory = mkdtempSync(join(tmpdir(), 'cluster-tools-'));
let cluster: ApacheCluster;

beforeAll(async () => {
  if (!javaAvailable()) throw new Error('this suite runs Apache Kafka: it needs Java 17 and Maven');
  cluster = await startApacheCluster({ heap: '256M' });
  const created = await runTool('kafka-topics', [
    ...['--bootstrap-server', cluster.bootstrap, '--create', '--topic', 'moves', '--replica-assignment', '1:2,2:3,3:1'],
  ]);
  expect(created.status, created.stderr).toBe(0);
  file('topics.json', { topics: [{ topic: 'moves' }], version: 1 });
  file('move.json', plan([2, 3], [1, 2, 3]));
  file('back.json', plan([1, 2], [2, 3]));
  file('nothing.json', { version: 1, partitions: [{ topic: 'nothing', partition: 0, replicas: [1] }] });
  file('unknown.json', plan([2, 9], [1]));
  file('fewer.json', plan([1], [1]));
  file('nowhere.json', {
    version: 1,
    partitions: [{ topic: 'moves', partition: 2, replicas: [3, 1], log_dirs: ['/nowhere', 'any'] }],
  });
  file('elect.json', { partitions: [{ topic: 'moves', partition: 1 }] });
}, 120_000);
afterAll(async () => {
  await cluster?.close();
  rmSync(directory, { recursive: true, force: true });
});

function file(name: string, content: unknown): void {
  writeFileSync(join(directory, name), JSON.stringify(content));
}
function plan(...replicas: number[][]): unknown {
  return { version: 1, partitions: replicas.map((of, partition) => ({ topic: 'moves', partition, replicas: of })) };
}

interface Printed {
  readonly status: number | null;
  readonly stdout: string;
}

/** Kafka's print of an error goes on with the stack of the exception, and here its log comes between; what is in the order of a hash map is put in order. */
function comparable({ status, stdout }: Printed): Printed {
  const lines = stdout
    .split('\n')
    .filter(
      (line) =>
        !/^\s+(at |\.\.\. \d+ more)|^Caused by: |^[\w.]+(Exception|Error): |^\d\d:\d\d:\d\d\.\d{3} \[/.test(line),
    )
    .map((line) => (line.startsWith('{"brokers":') ? sortedLogDirs(line) : line));
  return { status, stdout: lines.join('\n').trimEnd() };
}

function sortedLogDirs(line: string): string {
  const told = JSON.parse(line);
  for (const { logDirs } of told.brokers) {
    for (const { partitions } of logDirs) {
      partitions.sort((a: { partition: string }, b: { partition: string }) => (a.partition < b.partition ? -1 : 1));
    }
  }
  return JSON.stringify(told);
}

const settled = () =>
  eventually('no moves under way', async () =>
    (await kafkas('kafka-reassign-partitions', '--list')).stdout.startsWith('No '),
  );

async function kafkas(tool: KafkaTool, words: string): Promise<Printed> {
  const args = [...words.split(' ').map(here), '--bootstrap-server', cluster.bootstrap];
  return comparable(await runTool(tool, args));
}

async function ours(tool: KafkaTool, words: string): Promise<Printed> {
  const script = join(repository, 'bin', `${tool}.sh`);
  const place = { directory, environment: {} };
  const line = `${script} ${words.split(' ').map(here).join(' ')} --bootstrap-server ${cluster.bootstrap}`;
  return comparable(await type(place, line));
}

const here = (word: string) => (word.endsWith('.json') ? join(directory, word) : word);

const SAME: readonly (readonly [KafkaTool, string])[] = [
  ['kafka-cluster', 'cluster-id'],
  ['kafka-cluster', 'list-endpoints'],
  ['kafka-cluster', 'unregister --id 7'],
  ['kafka-log-dirs', '--describe --topic-list moves'],
  ['kafka-log-dirs', '--describe --broker-list 1,9'],
  ['kafka-topics', '--describe --topic moves'],
  ['kafka-topics', '--describe --topic moves --under-replicated-partitions'],
  ['kafka-topics', '--describe --topic moves --at-min-isr-partitions'],
  ['kafka-topics', '--describe --topic moves --under-min-isr-partitions'],
  ['kafka-topics', '--describe --topic moves --unavailable-partitions'],
  ['kafka-reassign-partitions', '--list'],
  ['kafka-reassign-partitions', '--verify --reassignment-json-file move.json'],
  ['kafka-reassign-partitions', '--execute --reassignment-json-file move.json --throttle 50000000'],
  ['kafka-reassign-partitions', '--verify --reassignment-json-file move.json'],
  ['kafka-reassign-partitions', '--cancel --reassignment-json-file move.json'],
  ['kafka-reassign-partitions', '--cancel --preserve-throttles --reassignment-json-file move.json'],
  ['kafka-reassign-partitions', '--execute --additional --reassignment-json-file back.json'],
  ['kafka-reassign-partitions', '--verify --preserve-throttles --reassignment-json-file back.json'],
  ['kafka-reassign-partitions', '--execute --reassignment-json-file nothing.json'],
  ['kafka-reassign-partitions', '--execute --reassignment-json-file unknown.json'],
  ['kafka-reassign-partitions', '--execute --reassignment-json-file fewer.json --disallow-replication-factor-change'],
  ['kafka-reassign-partitions', '--list --throttle 5'],
  ['kafka-leader-election', '--election-type preferred --topic moves --partition 2'],
  ['kafka-leader-election', '--election-type preferred --path-to-json-file elect.json'],
  ['kafka-leader-election', '--election-type unclean --topic moves --partition 2'],
  ['kafka-leader-election', '--election-type preferred --topic nothing --partition 0'],
  ['kafka-leader-election', '--topic moves --partition 0'],
];

for (const [i, [tool, words]] of SAME.entries()) {
  test(`${i + 1}. ${tool} ${words}`, async () => {
    // What a command changes, Kafka's does first and ours again: a move to where the replicas are already changes nothing.
    if (/--execute .*(move|back)\.json|--election-type/.test(words)) {
      await kafkas(tool, words);
      await settled();
    }
    const theirs = await kafkas(tool, words);
    if (words.includes('--execute')) await settled();
    expect(await ours(tool, words)).toEqual(theirs);
  });
}

test('what --generate proposes is valid and spreads the leaders, like the proposal of Kafka’s tool', async () => {
  const words = '--generate --topics-to-move-json-file topics.json --broker-list 1,2,3';
  for (const tool of [kafkas, ours]) {
    const { status, stdout } = await tool('kafka-reassign-partitions', words);
    expect(status).toBe(0);
    const [title, current, blank, second, proposal] = stdout.split('\n');
    expect([title, blank, second]).toEqual([
      'Current partition replica assignment',
      '',
      'Proposed partition reassignment configuration',
    ]);
    expect(JSON.parse(current!).partitions[2]).toMatchObject({ topic: 'moves', partition: 2, replicas: [3, 1] });
    const proposed = JSON.parse(proposal!).partitions as { replicas: number[]; log_dirs: string[] }[];
    expect(proposed.map(({ log_dirs }) => log_dirs)).toEqual([1, 2, 3].map(() => ['any', 'any']));
    expect(proposed.map(({ replicas }) => replicas[0]).sort()).toEqual([1, 2, 3]);
  }
});

test('a directory that a broker has not is refused by both', async () => {
  for (const tool of [kafkas, ours]) {
    const { status, stdout } = await tool(
      'kafka-reassign-partitions',
      '--execute --reassignment-json-file nowhere.json',
    );
    expect([status, stdout]).toEqual([1, expect.stringContaining('\nError: Failed to alter dir for moves-2-3')]);
    await settled();
  }
});

test('all replicas of a topic are verified while it is written to', async () => {
  const script = join(repository, 'bin/kafka-replica-verification.sh');
  const producer = join(repository, 'bin/kafka-verifiable-producer.sh');
  const place = { directory, environment: {} };
  const line =
    `${producer} --bootstrap-server ${cluster.bootstrap} --topic moves --max-messages 3000 > /dev/null && ` +
    `timeout -s INT 4 ${script} --broker-list ${cluster.bootstrap} --topics-include moves --time -2 --report-interval-ms 1000`;
  const { stdout } = await type(place, line);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: verification process is started$/);
  expect(lines.at(-1)).toMatch(/: max lag is 0 for partition moves-\d at offset \d+ among 3 partitions$/);
  expect(lines.filter((one) => /checksum|match/.test(one))).toEqual([]);
});

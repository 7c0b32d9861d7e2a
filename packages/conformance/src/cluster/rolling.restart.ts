// Maintenance under load: all brokers restarted one after the other, and brokers that come and go. Clients of three kinds
// write, read and commit meanwhile; nobody gets an error, and nothing is lost.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin } from '@moldau/client';
import { check, History } from '@moldau/history';
import { expect, test } from 'vitest';
import { type Place, type } from '../course/shell.ts';
import { readAll, runCampaign } from '../faults/cluster/campaign.ts';
import { reportLines } from '../faults/cluster/report.ts';
import { inhabit } from '../faults/cluster/workload.ts';
import { startMoldauCluster } from '../peer/moldau-cluster.ts';
import { repository } from '../peer/paths.ts';
import { eventually, sleep } from '../suite/eventually.ts';
import { targetKind } from '../suite/target.ts';
import { java } from '../suites/java/adapter.ts';
import { confluentPython } from '../suites/python/adapters.ts';

test('a rolling restart: no client sees an error', { timeout: 240_000 }, async () => {
  const report = await runCampaign({
    target: targetKind === 'apache' ? 'apache' : 'moldau',
    brokers: 3,
    zooKeeperServers: 1,
    fileSystem: 'ext4',
    seed: 1,
    seconds: 10,
    nemeses: ['rolling-restart'],
    outside: [confluentPython, java],
    onProgress: (line) => console.log(line),
  });
  const [figures, ...findings] = reportLines(report);
  expect(findings, figures).toEqual([]);
  expect(report.verdict.failed, figures).toBe(0);
  expect(report.verdict.acked).toBeGreaterThan(1_000);
});

test('a broker joins, takes partitions over, and another leaves', { timeout: 240_000 }, async () => {
  const cluster = await startMoldauCluster();
  const directory = mkdtempSync(join(tmpdir(), 'moves-'));
  const place: Place = { directory, environment: {} };
  const admin = new Admin({ bootstrapServers: cluster.bootstrap });
  const TOPIC = 'survivor';
  const PARTITIONS = 6;
  const tool = async (name: string, words: string) => {
    const typed = await type(
      place,
      `${join(repository, 'bin', name)} --bootstrap-server ${cluster.bootstrap} ${words}`,
    );
    expect(typed.status, `${typed.stdout}${typed.stderr}`).toBe(0);
    return typed.stdout;
  };
  const replicas = async () => {
    const described = (await admin.describeTopics([TOPIC])).get(TOPIC);
    if (described === undefined || described instanceof Error) throw described ?? new Error('no answer');
    return described.partitions;
  };
  /** Moves everything to these brokers and waits until it is there, in sync. */
  const moveTo = async (brokers: readonly number[]) => {
    writeFileSync(join(directory, 'topics.json'), JSON.stringify({ topics: [{ topic: TOPIC }], version: 1 }));
    const proposed = await tool(
      'kafka-reassign-partitions.sh',
      `--generate --topics-to-move-json-file topics.json --broker-list ${brokers.join()}`,
    );
    writeFileSync(join(directory, 'plan.json'), proposed.trimEnd().split('\n').at(-1)!);
    await tool('kafka-reassign-partitions.sh', '--execute --reassignment-json-file plan.json');
    await eventually(
      `everything on ${brokers.join()}`,
      async () => {
        const text = await tool('kafka-reassign-partitions.sh', '--verify --reassignment-json-file plan.json');
        return (text.match(/ is completed\./g)?.length ?? 0) === PARTITIONS;
      },
      60_000,
    );
    await eventually('in sync', async () => (await replicas()).every(({ isr }) => isr.length === 3), 60_000);
    for (const { replicas: of } of await replicas()) for (const { id } of of) expect(brokers).toContain(id);
  };
  const history = new History();
  const complaints: string[] = [];
  try {
    const made = await admin.createTopics([
      { name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
    ]);
    expect(made.get(TOPIC)).not.toBeInstanceOf(Error);
    const inhabitants = inhabit({
      bootstrap: cluster.bootstrap,
      topic: TOPIC,
      partitions: PARTITIONS,
      history,
      now: () => Math.round(performance.now()),
      complain: (text) => complaints.push(text),
      mayBeDethroned: () => false,
      outside: [confluentPython],
    });
    await eventually('the first acknowledgement', () => history.events.some(({ kind }) => kind === 'acked'));
    await cluster.addBroker();
    await eventually('four brokers', async () => (await admin.describeCluster()).nodes.length === 4);
    await moveTo([2, 3, 4]);
    await cluster.broker(1).stop();
    await eventually('three brokers', async () => (await admin.describeCluster()).nodes.length === 3);
    await sleep(1_000);
    await Promise.all(inhabitants.map((inhabitant) => inhabitant.stop()));
    const finals = await readAll(
      cluster.brokers
        .slice(1)
        .map(({ bootstrap }) => bootstrap)
        .join(),
    );
    const verdict = check(history, finals);
    expect(complaints).toEqual([]);
    expect(verdict.violations).toEqual([]);
    expect([verdict.failed, verdict.acked > 1_000]).toEqual([0, true]);
  } finally {
    await admin.close();
    await cluster.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

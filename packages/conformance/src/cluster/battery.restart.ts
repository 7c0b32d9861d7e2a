// The short battery of faults on real processes: three brokers, a ZooKeeper ensemble, clients of three kinds, a minute
// of strikes, a flipped bit always among them (MOLDAU_CONFORMANCE_SEED, MOLDAU_CONFORMANCE_SECONDS). The long one: src/faults/cluster/main.ts.
import { expect, test } from 'vitest';
import { runCampaign } from '../faults/cluster/campaign.ts';
import { reportLines } from '../faults/cluster/report.ts';
import { targetKind } from '../suite/target.ts';
import { java } from '../suites/java/adapter.ts';
import { confluentPython } from '../suites/python/adapters.ts';

const seed = Number(process.env.MOLDAU_CONFORMANCE_SEED ?? Date.now() % 1_000_000);
const seconds = Number(process.env.MOLDAU_CONFORMANCE_SECONDS ?? 60);

test(`nothing acknowledged is lost, doubled or reordered whatever happens to machines (seed ${seed})`, {
  timeout: 240_000 + seconds * 4_000,
}, async () => {
  const report = await runCampaign({
    target: targetKind === 'apache' ? 'apache' : 'moldau',
    brokers: 3,
    zooKeeperServers: seed % 3 === 0 ? 1 : 3,
    fileSystem: seed % 2 === 0 ? 'ext4' : 'xfs',
    seed,
    seconds,
    sure: ['bit-flip'],
    outside: [confluentPython, java],
    onProgress: (line) => console.log(line),
  });
  const [figures, ...findings] = reportLines(report);
  console.log(figures);
  expect(findings, figures).toEqual([]);
  // A run in which nobody wrote or read would find nothing either.
  expect(report.verdict.acked).toBeGreaterThan(1_000);
  expect(report.verdict.polled).toBeGreaterThan(report.verdict.acked);
  expect(report.verdict.commits).toBeGreaterThan(0);
});

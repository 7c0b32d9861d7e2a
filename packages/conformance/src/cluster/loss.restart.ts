// The harness finds what it must: brokers that acknowledge from the page cache and all lose power at once have lost records,
// and it says so. A tester that stays silent here would be worth nothing where it is silent otherwise.
import { expect, test } from 'vitest';
import { runCampaign } from '../faults/cluster/campaign.ts';

test('power cut from brokers that acknowledge from the page cache is found as loss', { timeout: 180_000 }, async () => {
  const report = await runCampaign({
    target: 'moldau',
    brokers: 3,
    zooKeeperServers: 1,
    fileSystem: 'ext4',
    durability: 'os',
    seed: 4,
    seconds: 5,
    nemeses: ['power-all'],
    outside: [],
  });
  const kinds = new Set(report.verdict.violations.map(({ kind }) => kind));
  expect([...kinds].some((kind) => kind === 'lost' || kind === 'inconsistent')).toBe(true);
});

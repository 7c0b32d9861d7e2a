// Fifty kills (MOLDAU_CONFORMANCE_KILLS) at random moments (MOLDAU_CONFORMANCE_SEED): nothing acknowledged is lost, doubled
// or out of order, and the group goes on where it committed.
import { expect, test } from 'vitest';
import { broker, fresh, host, port } from '../suite/target.ts';
import { reportLines, runKills } from './kills.ts';

const kills = Number(process.env.MOLDAU_CONFORMANCE_KILLS ?? 50);
const seed = Number(process.env.MOLDAU_CONFORMANCE_SEED ?? Date.now() % 1_000_000);

test(`kill -9, ${kills} times (seed ${seed})`, { timeout: 60_000 + kills * 30_000 }, async () => {
  const onProgress = (line: string): void => console.log(line);
  const report = await runKills({
    host,
    port,
    topic: fresh('kills'),
    group: fresh('g'),
    kills,
    seed,
    broker,
    onProgress,
  });
  const lines = reportLines(report);
  console.log(lines.join('\n'));
  expect(lines.slice(1)).toEqual([]);
  expect(report.commits).toBeGreaterThan(0);
  expect(report.repeatedBatches).toBeGreaterThan(0);
});

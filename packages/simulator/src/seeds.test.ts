// Every seed that ever found something is run again: what was mended stays mended.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { FaultName } from './faults/fault-plan.ts';
import { runSeed } from './run.ts';

interface Regression {
  readonly seed: string;
  readonly brokers?: number;
  readonly chaosMs?: number;
  readonly without?: readonly FaultName[];
  /** What it found, and when that was mended. */
  readonly found: string;
}

const folder = fileURLToPath(new URL('../seeds/', import.meta.url));
const regressions = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Regression] as const);

test.each(regressions)('%s', async (_name, { found, ...options }) => {
  const { failure } = await runSeed(options);
  expect(failure, `found once: ${found}`).toBeUndefined();
});

test('a seed is the same run twice, to the last event', async () => {
  const events: string[][] = [];
  const results = [];
  for (let i = 0; i < 2; i++) {
    const trace: string[] = [];
    events.push(trace);
    const onEvent = (at: number, machine: string, label: string) => trace.push(`${at} ${machine} ${label}`);
    results.push(await runSeed({ seed: 'twice', chaosMs: 10_000, onEvent }));
  }
  expect(events[0]!.length).toBeGreaterThan(1_000);
  expect(events[1]).toEqual(events[0]);
  expect(results[1]).toEqual(results[0]);
});

// A short run of the fuzzer among the other suites; the long one is main.ts beside this file. MOLDAU_FUZZ_FRAMES and
// MOLDAU_FUZZ_SEED set how many frames each API and version gets (default 50) and which.
import { describe, expect, test } from 'vitest';
import { host, port, targetKind } from '../suite/target.ts';
import { decodeFuzz, describedPairs } from './decode-fuzz.ts';
import { titleOf } from './frames.ts';
import { wireFuzz } from './wire-fuzz.ts';

const frames = Number(process.env.MOLDAU_FUZZ_FRAMES ?? 50);
const seed = Number(process.env.MOLDAU_FUZZ_SEED ?? 1);

describe('our request codecs refuse or read mutated frames', () => {
  test.each(describedPairs().map((pair) => ({ title: titleOf(pair), pair })))('$title', ({ pair }) => {
    expect(decodeFuzz(pair, frames, seed).findings).toEqual([]);
  });
});

// Apache Kafka leaves some of these frames without an answer (Produce with null records), so it is not asked.
if (targetKind !== 'apache') {
  test('the broker answers or closes the connection, and serves the next one', async () => {
    const run = { host, port, frames, seed, connections: 4, residentMaxMb: Number.POSITIVE_INFINITY, log: () => {} };
    const { failures, passed } = await wireFuzz(run);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(100);
  });
}

// The shrinker finds the few faults that matter among many, keeps to what was found first, and what it prints is what it ran.
import { expect, test } from 'vitest';
import type { SimCluster } from './cluster/sim-cluster.ts';
import type { Strike } from './faults/fault-schedule.ts';
import { Broken } from './oracles/broken.ts';
import { type RunOptions, runSeed } from './run.ts';
import { numbersOf, type Runs, rangesOf, shrink } from './shrink.ts';
import { Prng } from './world/prng.ts';

const KINDS = ['kill', 'reset', 'clog', 'stall'] as const;
const all: Strike[] = Array.from({ length: 40 }, (_, i) => ({
  number: i + 1,
  fault: KINDS[i % KINDS.length]!,
  delayMs: 1,
  at: i * 1_000,
  target: 'broker-1',
  draws: new Prng(String(i)),
}));

/** Fails when all of `needed` strike, within a chaos that is long enough. */
function defect(needed: readonly number[], alsoFails: readonly number[] = []): Runs {
  return async ({ script, chaosMs = 60_000 }: RunOptions) => {
    const strikes = all.filter(({ number, at }) => !script?.skip.has(number) && at < chaosMs);
    const has = (numbers: readonly number[]) => numbers.every((one) => strikes.some(({ number }) => number === one));
    const finding = has(needed) ? 7 : has(alsoFails) && alsoFails.length > 0 ? 'liveness' : undefined;
    return { failure: finding && `it is ${finding}`, finding, strikes, virtualMs: 0 };
  };
}

test.each([[[12]], [[3, 4]], [[5, 18, 37]], [[]]])('%j are what is left of forty', async (needed) => {
  const small = await shrink(defect(needed), { seed: '1' });
  expect(small?.strikes.map(({ number }) => number)).toEqual(needed);
  expect(small?.strikesAtFirst).toBe(40);
});

test('a smaller run that finds something else is not taken', async () => {
  const small = await shrink(defect([5, 6], [6]), { seed: '1' });
  expect(small?.finding).toBe(7);
  expect(small?.strikes.map(({ number }) => number)).toEqual([5, 6]);
});

test('a seed that finds nothing is not made small', async () => {
  expect(await shrink(defect([99]), { seed: '1' })).toBeUndefined();
});

/** A whole cluster in which a kill of broker 2 that comes after a stall breaks a promise. */
const planted: Runs = (options) => {
  let stalled = false;
  const onCluster = ({ world, nodes }: SimCluster) => {
    for (const { machine } of nodes) {
      const stall = machine.stall.bind(machine);
      machine.stall = (durationMs) => {
        stalled = true;
        stall(durationMs);
      };
    }
    const node = nodes[1]!;
    const kill = node.kill.bind(node);
    node.kill = () => {
      if (stalled) world.fail(new Broken(99, 'killed after a stall'));
      kill();
    };
  };
  return runSeed({ ...options, onCluster });
};

test('of a whole run two strikes are left, and the run with only these finds it again', async () => {
  const seed = await seedThatFails();
  const small = await shrink(planted, { seed, brokers: 3, chaosMs: 10_000 });
  expect(small?.finding).toBe(99);
  expect(small!.strikesAtFirst).toBeGreaterThan(small!.strikes.length);
  // A disk that stalls under a call that blocks stalls the machine too.
  expect(small!.strikes).toHaveLength(2);
  const { strikes: script } = await planted({ seed, brokers: 3, chaosMs: 10_000 });
  const { skip, calm, chaosMs } = small!;
  const options = { seed, brokers: 3, chaosMs: chaosMs ?? 10_000, calm };
  const again = await planted({ ...options, script: { strikes: script, skip: new Set(skip) } });
  expect(again.failure).toContain('killed after a stall');
}, 120_000);

async function seedThatFails(): Promise<string> {
  for (let seed = 1; ; seed++) {
    const { finding, strikes } = await planted({ seed: `shrink-${seed}`, brokers: 3, chaosMs: 10_000 });
    if (finding === 99 && strikes.length > 3 && strikes.length < 9) return `shrink-${seed}`;
  }
}

test('a script of which nothing is left out is the run itself', async () => {
  for (let seed = 1; seed <= 3; seed++) {
    const options = { seed: `script-${seed}`, chaosMs: 8_000 };
    const first = await runSeed(options);
    const again = await runSeed({ ...options, script: { strikes: first.strikes, skip: new Set() } });
    expect(again.strikes.map(({ at, fault }) => `${at} ${fault}`)).toEqual(
      first.strikes.map(({ at, fault }) => `${at} ${fault}`),
    );
  }
});

test('numbers are written as ranges and read back', () => {
  expect(rangesOf([1, 2, 3, 7])).toBe('1-3,7');
  expect(numbersOf('1-3,7')).toEqual([1, 2, 3, 7]);
  expect(() => numbersOf('x')).toThrow('--skip');
});

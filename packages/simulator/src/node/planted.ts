// Mutation test of the tester: plants one bug after the other in a copy of the sources and counts the seeds until the
// simulator finds it. The real tree is never touched.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLANTED_BUGS, type PlantedBug } from '../planted/bugs.ts';
import type { RunOptions } from '../run.ts';
import { runPool } from './seed-pool.ts';
import { copySources, edited, root } from './source-copy.ts';

export interface HuntOptions {
  /** Names of bugs, separated by commas, or 'all'. */
  readonly name: string;
  readonly workers: number;
  readonly stuckMs: number;
}

interface Hunt {
  readonly bug: PlantedBug;
  readonly seeds: number;
  /** Undefined: not found. */
  readonly found: { readonly seed: string; readonly how: string } | undefined;
  readonly secs: number;
  readonly virtualHours: number;
}

/** What the simulator runs. */
const PACKAGES = ['kernel', 'protocol', 'storage', 'metadata', 'broker', 'client', 'history', 'simulator'];

/** The exit status: 0 when every planted bug was found within its budget. */
export async function huntPlanted(options: HuntOptions): Promise<number> {
  const chosen =
    options.name === 'all' ? PLANTED_BUGS : PLANTED_BUGS.filter(({ name }) => options.name.split(',').includes(name));
  if (chosen.length === 0) {
    const names = PLANTED_BUGS.map(({ name }) => name).join('\n  ');
    process.stderr.write(`no planted bug is called ${options.name}; there are\n  ${names}\n`);
    return 2;
  }
  // Before an hour of work: every text is where it was when the list was written.
  for (const bug of chosen) edited(bug, root);
  const hunts: Hunt[] = [];
  for (const bug of chosen) {
    const hunt = await huntOne(bug, options);
    hunts.push(hunt);
    process.stdout.write(`${rowOf(hunt)}\n`);
  }
  const silent = hunts.filter(({ found }) => !found);
  process.stdout.write(`\n${hunts.length - silent.length} passed, ${silent.length} failed\n`);
  return silent.length === 0 ? 0 : 1;
}

async function huntOne(bug: PlantedBug, { workers, stuckMs }: HuntOptions): Promise<Hunt> {
  const startedAt = performance.now();
  const copy = copySources(PACKAGES);
  let seeds = 0;
  let virtualMs = 0;
  let found: Hunt['found'];
  try {
    writeFileSync(join(copy, 'packages', bug.file), edited(bug, copy));
    const settings = bug.brokers !== undefined && { brokers: bug.brokers };
    while (!found && seeds < bug.budget) {
      let suspect: Hunt['found'];
      await runPool({
        workers,
        stuckMs,
        workerFile: join(copy, 'packages/simulator/src/node/seed-worker.ts'),
        next: () => (suspect || seeds >= bug.budget ? undefined : { seed: `planted-${++seeds}`, ...settings }),
        onAnswer: ({ seed, failure, virtualMs: ms }) => {
          virtualMs += ms;
          if (failure !== undefined) suspect ??= { seed, how: failure };
        },
      });
      // A seed that fails without the bug too has not found it.
      if (suspect && (await passes({ seed: suspect.seed, ...settings }, stuckMs))) found = suspect;
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const secs = (performance.now() - startedAt) / 1000;
  return { bug, seeds, found, secs, virtualHours: virtualMs / 3_600_000 };
}

async function passes(seed: RunOptions, stuckMs: number): Promise<boolean> {
  const seeds = [seed];
  let passed = false;
  await runPool({
    workers: 1,
    stuckMs,
    next: () => seeds.pop(),
    onAnswer: ({ failure }) => {
      passed = failure === undefined;
    },
  });
  return passed;
}

function rowOf({ bug, seeds, found, secs, virtualHours }: Hunt): string {
  const verdict = found ? `found by ${found.seed}` : 'NOT FOUND';
  const how = found ? oneLine(found.how) : bug.what;
  const cost = `${seeds}/${bug.budget} seeds, ${secs.toFixed(0)} s, ${virtualHours.toFixed(2)} h`;
  return `${bug.name.padEnd(40)} ${verdict.padEnd(22)} ${cost.padEnd(32)} ${how}`;
}

function oneLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
}

// Mutation test of the tester: plants one bug after the other in a copy of the sources and counts the seeds until the
// simulator finds it, by one of the oracles that are there to find it: what another one says is told, and does not count.
// The real tree is never touched.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../oracles/finding.ts';
import { PLANTED_BUGS, type PlantedBug } from '../planted/bugs.ts';
import type { RunOptions, runSeed } from '../run.ts';
import type { shrink } from '../shrink.ts';
import { runPool } from './seed-pool.ts';
import { printShrunk } from './shrunk-report.ts';
import { copySources, edited, root } from './source-copy.ts';

export interface HuntOptions {
  /** Names of bugs, separated by commas, or 'all'. */
  readonly name: string;
  readonly workers: number;
  readonly stuckMs: number;
  /** The seed that finds a bug is made small. */
  readonly shrinks?: boolean;
}

interface Found {
  readonly seed: string;
  readonly finding: Finding;
  readonly how: string;
}

interface Hunt {
  readonly bug: PlantedBug;
  readonly seeds: number;
  /** Undefined: not found. */
  readonly found: Found | undefined;
  /** Oracles that said something before, and are not among those that are to. */
  readonly others: readonly Finding[];
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
  table(hunts);
  process.stdout.write(`\n${hunts.length - silent.length} passed, ${silent.length} failed\n`);
  return silent.length === 0 ? 0 : 1;
}

async function huntOne(bug: PlantedBug, options: HuntOptions): Promise<Hunt> {
  const { workers, stuckMs } = options;
  const startedAt = performance.now();
  const copy = copySources(PACKAGES);
  let seeds = 0;
  let virtualMs = 0;
  let found: Found | undefined;
  const others = new Set<Finding>();
  try {
    writeFileSync(join(copy, 'packages', bug.file), edited(bug, copy));
    const settings = {
      ...(bug.brokers !== undefined && { brokers: bug.brokers }),
      ...(bug.engine !== undefined && { engine: bug.engine }),
    };
    while (!found && seeds < bug.budget) {
      let suspect: Found | undefined;
      await runPool({
        workers,
        stuckMs,
        workerFile: join(copy, 'packages/simulator/src/node/seed-worker.ts'),
        next: () => (suspect || seeds >= bug.budget ? undefined : { seed: `planted-${++seeds}`, ...settings }),
        onAnswer: ({ seed, failure, finding, virtualMs: ms }) => {
          virtualMs += ms;
          if (failure === undefined || finding === undefined) return;
          if (bug.by.includes(finding)) suspect ??= { seed, finding, how: failure };
          else others.add(finding);
        },
      });
      // A seed that fails without the bug too has not found it.
      if (suspect && (await passes({ seed: suspect.seed, ...settings }, stuckMs))) found = suspect;
    }
    if (found && options.shrinks) await shrinkIn(copy, { seed: found.seed, ...settings });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const secs = (performance.now() - startedAt) / 1000;
  return { bug, seeds, found, others: [...others], secs, virtualHours: virtualMs / 3_600_000 };
}

/** With the code of the copy, where the bug is. */
async function shrinkIn(copy: string, options: RunOptions): Promise<void> {
  const from = <T>(file: string) => import(join(copy, 'packages/simulator/src', file)) as Promise<T>;
  const { runSeed: run } = await from<{ runSeed: typeof runSeed }>('run.ts');
  const { shrink: made } = await from<{ shrink: typeof shrink }>('shrink.ts');
  const small = await made(run, options);
  const { brokers, engine } = options;
  const again = `${brokers === undefined ? '' : ` --brokers ${brokers}`}${engine === undefined ? '' : ` --engine ${engine}`}`;
  if (small) printShrunk(small, again);
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

function rowOf({ bug, seeds, found, others, secs, virtualHours }: Hunt): string {
  const verdict = found ? `found by ${found.finding}` : 'NOT FOUND';
  const how = found ? oneLine(found.how) : `${bug.what}${others.length > 0 ? ` (but seen: ${others.join(', ')})` : ''}`;
  const cost = `${seeds}/${bug.budget} seeds, ${secs.toFixed(0)} s, ${virtualHours.toFixed(2)} h`;
  return `${bug.name.padEnd(40)} ${verdict.padEnd(22)} ${cost.padEnd(32)} ${how}`;
}

function table(hunts: readonly Hunt[]): void {
  const rows = hunts.map(({ bug, found, others }) => [
    bug.name,
    bug.by.join(', '),
    found ? String(found.finding) : 'NOT FOUND',
    found?.seed ?? '-',
    String(bug.budget),
    others.join(', '),
  ]);
  const heads = ['bug', 'to be found by', 'found by', 'seed', 'budget', 'others before'];
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)));
  process.stdout.write('\n');
  for (const row of [heads, ...rows]) {
    process.stdout.write(
      `${row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}

function oneLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
}

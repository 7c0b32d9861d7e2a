// npm run simulate: seeds over all cores with a progress bar and a table; one seed with its trace, or made small; planted bugs.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { EngineName } from '../cluster/settings.ts';
import { CALM, FAULTS, type Knob, LATER_FAULTS } from '../faults/fault-plan.ts';
import { type RunOptions, runSeed } from '../run.ts';
import { numbersOf, shrink } from '../shrink.ts';
import { huntPlanted } from './planted.ts';
import { runPool, type SeedAnswer } from './seed-pool.ts';
import { printShrunk } from './shrunk-report.ts';

const USAGE = `npm run simulate -- [options]

  --seed N         one seed; the same again every time
  --seeds A..B     all of these (default 1..20)
  --hours H        seeds from A on, until H hours of cluster time are over
  --trace          print every event and every log line of the seed
  --shrink         leave faults out of the failing seed until nothing more can go, and print what is left
  --skip 1-3,7     these strikes of the seed's faults do not happen (what --shrink prints)
  --calm A,B       of the plan, set to rest: ${Object.keys(CALM).join(', ')}
  --brokers N      in place of the drawn number of brokers
  --engine NAME    model (of ZooKeeper) or embedded (all brokers in one process), in place of the drawn one
  --chaos SECONDS  virtual seconds of chaos (default: drawn, 30 to 90)
  --workers N      processes (default: one per core)
  --planted NAME   plant a bug in a copy of the sources and look for it; 'all' plants one after the other;
                   with --shrink the seed that finds it is made small
`;

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    hours: { type: 'string' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    skip: { type: 'string' },
    calm: { type: 'string' },
    brokers: { type: 'string' },
    engine: { type: 'string' },
    chaos: { type: 'string' },
    workers: { type: 'string' },
    planted: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const fixed = {
  ...(given.calm !== undefined && { calm: given.calm.split(',').map(knobOf) }),
  ...(given.brokers !== undefined && { brokers: Number(given.brokers) }),
  ...(given.engine !== undefined && { engine: engineOf(given.engine) }),
  ...(given.chaos !== undefined && { chaosMs: Number(given.chaos) * 1000 }),
};
const shape = `${given.brokers ? ` --brokers ${given.brokers}` : ''}${given.engine ? ` --engine ${given.engine}` : ''}`;
const again = `${shape}${given.chaos ? ` --chaos ${given.chaos}` : ''}`;
const workers = Number(given.workers ?? availableParallelism());
/** Real time for one seed before it counts as stuck. */
const STUCK_MS = 120_000;

if (given.help) {
  process.stdout.write(USAGE);
} else if (given.planted !== undefined) {
  quiet();
  process.exitCode = await huntPlanted({ name: given.planted, workers, stuckMs: STUCK_MS, shrinks: given.shrink });
} else if (given.shrink) {
  process.exitCode = await shrunk(given.seed ?? '1');
} else if (given.trace || given.skip !== undefined) {
  process.exitCode = await traced(given.seed ?? '1');
} else {
  const [first, last] = given.seed ? [given.seed, given.seed] : (given.seeds ?? '1..20').split('..');
  process.exitCode = await many(Number(first), Number(last ?? first), given.hours ? Number(given.hours) : undefined);
}

async function traced(seed: string): Promise<number> {
  const options: RunOptions = { seed, ...fixed };
  const tracing: Partial<RunOptions> = given.trace
    ? {
        onEvent: (at, machine, label) => process.stdout.write(`${at.toFixed(3)} ${machine} ${label}\n`),
        onLog: (at, broker, text) => process.stdout.write(`${at.toFixed(3)} broker-${broker} log ${text}\n`),
      }
    : {};
  let script: RunOptions['script'];
  if (given.skip !== undefined) {
    // Which strike is which is known from a run with all of them.
    const skip = new Set(given.skip === '' ? [] : numbersOf(given.skip));
    script = {
      strikes: (await runSeed({ seed, ...(given.brokers && { brokers: Number(given.brokers) }) })).strikes,
      skip,
    };
  }
  const result = await runSeed({ ...options, ...tracing, ...(script && { script }) });
  process.stdout.write(`${result.description}\ntrace ${result.traceHash}\n${result.failure ?? 'nothing found'}\n`);
  return result.failure ? 1 : 0;
}

async function shrunk(seed: string): Promise<number> {
  quiet();
  const small = await shrink(runSeed, { seed, ...fixed });
  if (!small) {
    process.stdout.write('nothing found\n');
    return 0;
  }
  printShrunk(small, shape);
  return 1;
}

/** Warnings of clients are everyday here. */
function quiet(): void {
  process.removeAllListeners('warning');
  process.on('warning', () => {});
}

function engineOf(name: string): EngineName {
  if (name === 'model' || name === 'embedded') return name;
  throw new Error(`--engine takes model or embedded and not '${name}'`);
}

function knobOf(name: string): Knob {
  if (name in CALM) return name as Knob;
  throw new Error(`--calm takes some of ${Object.keys(CALM).join(', ')} and not '${name}'`);
}

async function many(first: number, last: number, hours: number | undefined): Promise<number> {
  const answers: SeedAnswer[] = [];
  const failed: SeedAnswer[] = [];
  const startedAt = performance.now();
  let virtualMs = 0;
  let cpuMs = 0;
  let seed = first;
  const wanted = hours === undefined ? last - first + 1 : undefined;
  await runPool({
    workers: Math.min(workers, wanted ?? workers),
    stuckMs: STUCK_MS,
    next: () => {
      const over = hours === undefined ? seed > last : virtualMs >= hours * 3_600_000;
      return over ? undefined : { seed: String(seed++), ...fixed };
    },
    onAnswer: (answer) => {
      answers.push(answer);
      virtualMs += answer.virtualMs;
      cpuMs += answer.cpuMs;
      if (answer.failure !== undefined) {
        failed.push(answer);
        process.stdout.write(`\rseed ${answer.seed}: ${answer.failure}\n  ${answer.description}\n`);
        process.stdout.write(`  again: npm run simulate -- --seed ${answer.seed}${again} --trace\n`);
      }
      progress(answers.length, wanted, hours, virtualMs, failed.length);
    },
  });
  if (process.stdout.isTTY) process.stdout.write('\n');
  summary(answers, virtualMs, cpuMs, performance.now() - startedAt);
  process.stdout.write(`${answers.length - failed.length} passed, ${failed.length} failed\n`);
  return failed.length === 0 ? 0 : 1;
}

function progress(
  done: number,
  wanted: number | undefined,
  hours: number | undefined,
  ms: number,
  failed: number,
): void {
  if (!process.stdout.isTTY) return;
  const share = wanted !== undefined ? done / wanted : ms / 3_600_000 / (hours ?? 1);
  const width = 30;
  const full = Math.min(width, Math.round(share * width));
  const bar = '█'.repeat(full) + '░'.repeat(width - full);
  process.stdout.write(`\r${bar} ${done}${wanted ? `/${wanted}` : ''} seeds, ${failed} failed `);
}

function summary(answers: readonly SeedAnswer[], virtualMs: number, cpuMs: number, realMs: number): void {
  const sum = (read: (answer: SeedAnswer) => number) => answers.reduce((total, answer) => total + read(answer), 0);
  const tally = <K>(read: (answer: SeedAnswer) => readonly (readonly [K, number])[]) => {
    const total = new Map<K, number>();
    for (const answer of answers)
      for (const [key, count] of read(answer)) total.set(key, (total.get(key) ?? 0) + count);
    return total;
  };
  const faults = tally((answer) => answer.faults);
  const looks = tally((answer) => answer.looks);
  const row = (name: string, value: string) => process.stdout.write(`  ${name.padEnd(26)}${value}\n`);
  process.stdout.write('\n');
  row('seeds', String(answers.length));
  row('cluster time', `${(virtualMs / 3_600_000).toFixed(2)} h in ${(realMs / 1000).toFixed(0)} s`);
  row('cluster-hours a core-hour', cpuMs > 0 ? (virtualMs / cpuMs).toFixed(0) : '-');
  row('events', sum((answer) => answer.events).toLocaleString('en'));
  row('records sent, acked, read', [sum((a) => a.sent), sum((a) => a.acked), sum((a) => a.polled)].join(', '));
  row('commits', String(sum((answer) => answer.commits)));
  row(
    'faults',
    [...faults]
      .sort((a, b) => b[1] - a[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none',
  );
  const rot = (read: (one: SeedAnswer['rot']) => number) => sum((answer) => read(answer.rot));
  row('bits flipped', `${rot((r) => r.flipped)}, told of ${rot((r) => r.noticed)}, mended ${rot((r) => r.mended)}`);
  const never = [...FAULTS, ...LATER_FAULTS].filter((name) => !faults.has(name));
  if (never.length > 0) row('faults that never happened', never.join(', '));
  row(
    'looks at invariants',
    [...looks]
      .sort((a, b) => a[0] - b[0])
      .map(([n, count]) => `${n}: ${count}`)
      .join(', '),
  );
  process.stdout.write('\n');
}

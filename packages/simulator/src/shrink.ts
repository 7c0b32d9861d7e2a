// Makes a failing seed small: runs it again and again with faults left out, by halves and then one by one, with less else
// going wrong and less time, as long as it still finds the same; and answers the smallest that it came to.
// In the flow: the first run writes down each fault that struck with its draws; later runs are given that as a script, so
// that what is left strikes when and where it did. Whatever a fault changes changes what comes after it, so a smaller run
// may miss what the larger one found by chance; then it is not taken, however needless the fault was.
import { CALM, type Knob } from './faults/fault-plan.ts';
import type { Strike } from './faults/fault-schedule.ts';
import type { RunOptions, RunResult } from './run.ts';

export type Runs = (options: RunOptions) => Promise<Pick<RunResult, 'failure' | 'finding' | 'strikes' | 'virtualMs'>>;

export interface Shrunk {
  readonly seed: string;
  readonly finding: RunResult['finding'];
  readonly failure: string;
  /** What still strikes. */
  readonly strikes: readonly Strike[];
  /** Numbers of what does not, of the first run. */
  readonly skip: readonly number[];
  readonly calm: readonly Knob[];
  readonly chaosMs: number | undefined;
  /** Faults that struck before anything was left out. */
  readonly strikesAtFirst: number;
  readonly runs: number;
}

interface Cut {
  readonly chaosMs: number | undefined;
  readonly calm: readonly Knob[];
  readonly skip: ReadonlySet<number>;
}

/** Runs after which the smallest so far is answered. */
const RUNS_MAX = 150;
const CHAOS_MS_MIN = 1_000;

/** Undefined: the seed finds nothing. */
export async function shrink(run: Runs, options: RunOptions): Promise<Shrunk | undefined> {
  let runs = 1;
  const first = await run(options);
  if (first.failure === undefined) return undefined;
  const script = first.strikes;
  let cut: Cut = { chaosMs: options.chaosMs, calm: options.calm ?? [], skip: new Set() };
  let best = first;
  const tries = async (change: Partial<Cut>) => {
    if (runs >= RUNS_MAX) return false;
    runs++;
    const wish = { ...cut, ...change };
    const { chaosMs, calm, skip } = wish;
    const time = chaosMs !== undefined && { chaosMs };
    const found = await run({ ...options, ...time, calm, script: { strikes: script, skip } });
    if (found.failure === undefined || found.finding !== first.finding) return false;
    cut = wish;
    best = found;
    return true;
  };
  const leaveOut = (numbers: readonly number[]) => tries({ skip: new Set([...cut.skip, ...numbers]) });

  // Time: half of it, as long as that will do.
  for (let ms = (cut.chaosMs ?? 90_000) / 2; ms >= CHAOS_MS_MIN && (await tries({ chaosMs: ms })); ms /= 2);
  // Whole kinds of faults.
  for (const kind of new Set(script.map(({ fault }) => fault))) {
    const numbers = best.strikes.filter(({ fault }) => fault === kind).map(({ number }) => number);
    if (numbers.length > 0) await leaveOut(numbers);
  }
  // Single ones: by halves, quarters, ... and at last each.
  for (let parts = 2; best.strikes.length > 0; parts *= 2) {
    const left = best.strikes.map(({ number }) => number);
    const length = Math.ceil(left.length / parts);
    for (let at = 0; at < left.length; at += length) await leaveOut(left.slice(at, at + length));
    if (length <= 1) break;
  }
  for (const knob of Object.keys(CALM) as Knob[]) await tries({ calm: [...cut.calm, knob] });
  return {
    ...{ seed: options.seed, finding: first.finding, failure: best.failure ?? '', strikes: best.strikes },
    ...{ skip: [...cut.skip].sort((a, b) => a - b), calm: cut.calm, chaosMs: cut.chaosMs },
    ...{ strikesAtFirst: script.length, runs },
  };
}

/** `1-3,7` of 1, 2, 3 and 7. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** 1, 2, 3 and 7 of `1-3,7`. Throws when it is something else. */
export function numbersOf(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [from, to] = range.split('-').map(Number);
    if (!Number.isInteger(from) || !Number.isInteger(to ?? from)) {
      throw new Error(`--skip takes numbers of strikes as 1-3,7 and not '${ranges}'`);
    }
    return Array.from({ length: (to ?? from!) - from! + 1 }, (_, i) => from! + i);
  });
}

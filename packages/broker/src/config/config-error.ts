// What is said when settings cannot be used: every problem at once, each with where it stands, the key, the value and
// what is allowed.

export interface ConfigProblem {
  /** Where the setting was given: `server.properties:12`, `--override`, `environment KAFKA_LOG_DIRS`. */
  readonly source: string;
  readonly key: string;
  /** Undefined when the value is secret or does not matter. */
  readonly value: string | undefined;
  /** What is wrong and what is allowed. */
  readonly detail: string;
}

/** Settings that a broker cannot start with. The message lists all problems, one a line. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(describeProblem);
    super(lines.length === 1 ? lines[0] : `${lines.length} settings cannot be used:\n  ${lines.join('\n  ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export function describeProblem(problem: ConfigProblem): string {
  const shown = problem.value === undefined ? problem.key : `${problem.key}=${problem.value}`;
  return `${problem.source}: ${shown}: ${problem.detail}`;
}

/** The entry of `known` that was probably meant; undefined when none is near. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(typed.length / 6)) + 1;
  for (const name of known) {
    if (Math.abs(name.length - typed.length) >= least) continue;
    const distance = editDistance(typed.toLowerCase(), name, least);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

/** Letters to insert, remove, replace or swap with a neighbour; `bound` or more when it is at least that. */
function editDistance(a: string, b: string, bound: number): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    if (Math.min(...row) >= bound) return bound;
    before = last;
    last = row;
  }
  return last[b.length]!;
}

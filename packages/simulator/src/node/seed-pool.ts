// Spreads seeds over processes, one per core. A process that dies takes its seed for failed and is replaced; one that is
// stuck (a loop that never comes back to the event loop) is killed at a bound of real time.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunOptions, RunResult } from '../run.ts';

/** A result as it travels between processes. */
export type SeedAnswer = Omit<RunResult, 'faults' | 'strikes' | 'looks' | 'clientErrors'> & {
  readonly faults: readonly (readonly [string, number])[];
  readonly looks: readonly (readonly [number, number])[];
  readonly clientErrors: readonly (readonly [string, number])[];
  readonly cpuMs: number;
};

export interface PoolOptions {
  readonly workers: number;
  /** The worker's file: that of a patched copy of the tree for planted bugs. */
  readonly workerFile?: string;
  /** Real milliseconds for one seed. */
  readonly stuckMs: number;
  /** The next seed, undefined when there are no more. Asked when a process is free. */
  readonly next: () => RunOptions | undefined;
  readonly onAnswer: (answer: SeedAnswer) => void;
}

const WORKER = fileURLToPath(new URL('./seed-worker.ts', import.meta.url));

/** Answers when `next` has no more and every process ended. */
export async function runPool(options: PoolOptions): Promise<void> {
  await Promise.all(Array.from({ length: options.workers }, () => runOne(options)));
}

async function runOne({ workerFile = WORKER, stuckMs, next, onAnswer }: PoolOptions): Promise<void> {
  let child: ChildProcess | undefined;
  for (let seed = next(); seed; seed = next()) {
    child ??= fork(workerFile, { execArgv: ['--max-semi-space-size=32'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const answer = await ask(child, seed, stuckMs);
    if (answer.died) child = undefined;
    onAnswer(answer.answer);
  }
  child?.disconnect();
}

function ask(
  child: ChildProcess,
  options: RunOptions,
  stuckMs: number,
): Promise<{ readonly answer: SeedAnswer; readonly died: boolean }> {
  return new Promise((resolve) => {
    let told = '';
    const hear = (chunk: Buffer) => {
      told = (told + chunk.toString()).slice(-2_000);
    };
    const stuck = setTimeout(() => {
      told = `no end within ${stuckMs} ms of real time`;
      child.kill('SIGKILL');
    }, stuckMs);
    const settle = (answer: SeedAnswer, died: boolean) => {
      clearTimeout(stuck);
      child.off('message', answered);
      child.off('exit', ended);
      child.stderr?.off('data', hear);
      resolve({ answer, died });
    };
    const answered = (answer: SeedAnswer) => settle(answer, false);
    const ended = (code: number | null, signal: string | null) =>
      settle(
        {
          seed: options.seed,
          failure: `the process ended (${signal ?? code}): ${told}`,
          finding: 'process',
          traceHash: '',
          virtualMs: 0,
          events: 0,
          sent: 0,
          acked: 0,
          polled: 0,
          commits: 0,
          description: '',
          rot: { flipped: 0, noticed: 0, mended: 0 },
          faults: [],
          looks: [],
          clientErrors: [],
          cpuMs: 0,
        },
        true,
      );
    child.on('message', answered);
    child.on('exit', ended);
    child.stderr?.on('data', hear);
    child.send(options);
  });
}

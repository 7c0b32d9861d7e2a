// What the runner allows to be tried again (vitest.config.ts says where, and why) shall not be hidden by it: a reporter of
// vitest that writes every test with more than one try, and what the first of them failed with, for main.ts to tell.
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export interface Retried {
  /** With the names of what it stands in. */
  readonly test: string;
  /** Tries after the first. */
  readonly again: number;
  /** First line of the first failure. */
  readonly because: string;
}

/** Where it is written, as a list of `Retried` in JSON. */
export const RETRIES_FILE = 'MOLDAU_CONFORMANCE_RETRIES';

export default class RetriesReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const file = process.env[RETRIES_FILE];
    if (file === undefined) return;
    const retried: Retried[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const again = test.diagnostic()?.retryCount ?? 0;
        if (again === 0) continue;
        const because = test.result().errors?.[0]?.message.split('\n')[0] ?? 'nothing was said';
        retried.push({ test: test.fullName, again, because });
      }
    }
    writeFileSync(file, JSON.stringify(retried));
  }
}

/** For people: one line for each test. */
export function retriesText(retried: readonly Retried[]): string {
  return retried.map(({ test, again, because }) => `tried again ${again}x: ${test}: ${because}\n`).join('');
}

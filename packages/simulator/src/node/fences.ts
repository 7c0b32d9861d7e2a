// Takes one fence after the other out of a copy of the sources and runs the test that must fail then:
//   node packages/simulator/src/node/fences.ts [part of a fence's name]
// A test that passes without its fence shows nothing; the run then ends with status 1.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FENCES, type Fence } from '../planted/fences.ts';
import { copySources, edited, root } from './source-copy.ts';

const PACKAGES = ['kernel', 'protocol', 'storage', 'metadata', 'broker', 'client'];
const wanted = process.argv[2] ?? '';
const chosen = FENCES.filter(({ fence, name }) => `${fence} ${name}`.includes(wanted));
if (chosen.length === 0) {
  process.stderr.write(`no fence has ${wanted} in its name\n`);
  process.exit(2);
}
// Before minutes of work: every text is where it was when the list was written.
for (const one of chosen) edited(one, root);

/** How the test named by the fence ends in this tree: its number of failed tests, or undefined when none ran. */
function failedIn(tree: string, { test }: Fence): number | undefined {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const pattern = test.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = join(tree, 'report.json');
  rmSync(found, { force: true });
  const output = ['--reporter', 'json', '--outputFile', found];
  const args = [vitest, 'run', '--root', tree, ...output, '-t', pattern, `packages/${test.file}`];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: tree, maxBuffer: 64 << 20 });
  if (!existsSync(found)) throw new Error(`no report of packages/${test.file}\n${stdout}${stderr}`);
  const report: { numFailedTests: number; numPassedTests: number } = JSON.parse(readFileSync(found, 'utf8'));
  return report.numFailedTests + report.numPassedTests === 0 ? undefined : report.numFailedTests;
}

const copy = copySources(PACKAGES, { tests: true });
let silent = 0;
try {
  copyFileSync(join(root, 'vitest.config.ts'), join(copy, 'vitest.config.ts'));
  copyFileSync(join(root, 'package.json'), join(copy, 'package.json'));
  for (const one of chosen) {
    const file = join(copy, 'packages', one.file);
    const whole = failedIn(copy, one);
    writeFileSync(file, edited(one, copy));
    const without = failedIn(copy, one);
    copyFileSync(join(root, 'packages', one.file), file);
    const holds = whole === 0 && without !== undefined && without > 0;
    if (!holds) silent++;
    const how =
      whole === undefined
        ? 'no such test'
        : whole > 0
          ? 'FAILS WITH IT TOO'
          : holds
            ? 'fails without it'
            : 'PASSES WITHOUT IT';
    process.stdout.write(`${one.fence.padEnd(20)} ${one.name.padEnd(44)} ${how.padEnd(20)} ${one.test.name}\n`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(`\n${chosen.length - silent} passed, ${silent} failed\n`);
process.exitCode = silent === 0 ? 0 : 1;

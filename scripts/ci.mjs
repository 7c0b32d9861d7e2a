#!/usr/bin/env node
// The road of CI: one step after the other (two cores are not shared between steps, so that timing-sensitive suites
// see a quiet machine), each with its own log under .cache/ci/, and one sum at the end. Plain JavaScript: it runs on
// the machine's own Node before anything is installed.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const logs = join(root, '.cache', 'ci');
mkdirSync(logs, { recursive: true });
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const moldau = (script, ...args) => ['node', [join(root, 'scripts/bootstrap.mjs'), 'run', script, ...args]];
const conformance = 'packages/conformance/src/main.ts';
const clients =
  'kafkajs,platformatic,confluent,kcat,java,python,moldau-client,interop,transactions,client-admin,authorization,kafkajs-examples,nestjs,runtimes';

/** Steps in order. A step without counts of its own counts as one test. `minutes` is its deadline. */
const steps = [
  { name: 'npm test', run: [npm, ['test']], minutes: 10 },
  { name: 'npm run check', run: [npm, ['run', 'check']], minutes: 5 },
  // Whole clusters under drawn faults: some five hours of cluster time.
  { name: 'simulate', run: moldau('packages/simulator/src/node/simulate.ts', '--seeds', '1..200'), minutes: 6 },
  // Each fence of replication is taken out of a copy: a test that passes without it shows nothing.
  { name: 'fences', run: moldau('packages/simulator/src/node/fences.ts'), minutes: 5 },
  { name: 'install peers', run: moldau('packages/conformance/src/install.ts'), minutes: 15 },
  {
    name: 'conformance: Moldau',
    run: moldau(
      conformance,
      '--target',
      'moldau',
      '--suite',
      `${clients},moldau-consumer,client-cluster,bad-input,course`,
    ),
    minutes: 14,
  },
  // The same suites must pass against the original, or they would test our habits and not Kafka's.
  {
    name: 'conformance: Apache Kafka',
    run: moldau(conformance, '--target', 'apache', '--suite', `${clients},bad-input`),
    minutes: 14,
  },
  {
    name: 'our client: Apache Kafka, secured',
    run: moldau(conformance, '--target', 'apache', '--suite', 'client-security'),
    minutes: 5,
  },
  {
    name: 'our client: Apache Kafka 3.9',
    run: moldau(
      ...[conformance, '--target', 'apache', '--kafka-version', '3.9.1'],
      ...['--suite', 'client-admin,client-security,moldau-client'],
    ),
    minutes: 10,
  },
  // Three brokers of Apache Kafka: groups by KIP-848, which only it has. The rest of the suite would take minutes.
  {
    name: 'our client: three brokers of Apache Kafka',
    run: moldau(conformance, '--target', 'apache', '--suite', 'client-cluster', '-t', '^KIP-848'),
    minutes: 5,
  },
  // The long runs (50 kills, an hour of faults) are commands of their own: packages/conformance/README.md.
  {
    name: 'kill -9, durable',
    run: moldau(conformance, '--target', 'moldau', '--suite', 'faults', '--kills', '30'),
    minutes: 6,
  },
  {
    name: 'kill -9, page cache',
    run: moldau(conformance, '--target', 'moldau', '--suite', 'faults', '--kills', '12', '--durability', 'os'),
    minutes: 4,
  },
  // Machines that are killed, frozen, cut off, full, without power; a rolling restart; brokers that come and go.
  {
    name: 'three brokers under faults',
    run: moldau(conformance, '--target', 'moldau', '--suite', 'cluster'),
    minutes: 8,
  },
  {
    name: 'a real ZooKeeper',
    run: moldau(
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'packages/metadata/test/ensemble/vitest.config.ts',
    ),
    minutes: 8,
  },
  {
    name: 'fuzz the codecs',
    run: moldau('packages/conformance/src/fuzz/main.ts', '--in-process', '--frames', '1000'),
    minutes: 5,
  },
  {
    name: 'fuzz the broker',
    run: moldau('packages/conformance/src/fuzz/main.ts', '--target', 'moldau', '--frames', '1000'),
    minutes: 8,
  },
];

const only = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
/** Tests that passed or failed with more than one try: only suites against Apache Kafka have any. */
let retried = 0;
const again = (count = 0) => (count > 0 ? `, ${count} tried again` : '');
/** What failed, said once more at the end: the middle of a long output is what nobody keeps. */
const failures = [];
const startedAt = Date.now();
const seconds = (ms) => `${(ms / 1000).toFixed(0)} s`;

for (const step of steps) {
  if (only.length > 0 && !only.some((word) => step.name.includes(word))) continue;
  const log = join(logs, `${step.name.replaceAll(/[^a-z]+/gi, '-').toLowerCase()}.log`);
  process.stdout.write(`\n== ${step.name}\n`);
  const stepStartedAt = Date.now();
  const { status, timedOut } = await runStep(step, log);
  const text = stripVTControlCharacters(readFileSync(log, 'utf8'));
  const counts = countsOf(text) ?? { passed: 0, failed: 0, skipped: 0, none: true };
  if (counts.none) {
    if (status === 0) counts.passed = 1;
  }
  // A step that failed without naming a failed test still failed.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (counts.failed > 0) failures.push({ step: step.name, lines: failuresOf(text) });
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  retried += counts.retried ?? 0;
  const verdict = counts.failed === 0 ? 'ok' : timedOut ? `FAILED: no end within ${step.minutes} min` : 'FAILED';
  process.stdout.write(
    `== ${step.name}: ${verdict}, ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${again(counts.retried)}, ${seconds(Date.now() - stepStartedAt)}\n`,
  );
}

for (const { step, lines } of failures) process.stdout.write(`\nfailed in ${step}:\n  ${lines.join('\n  ')}\n`);
process.stdout.write(`\nall steps: ${seconds(Date.now() - startedAt)}${again(retried)}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exit(total.failed === 0 ? 0 : 1);

function runStep(step, log) {
  return new Promise((resolve) => {
    const [file, args] = step.run;
    const out = createWriteStream(log);
    let timedOut = false;
    const child = spawn(file, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    const timeout = setTimeout(() => {
      timedOut = true;
      // The whole group of this step, so that no server outlives it.
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // it ended meanwhile
      }
    }, step.minutes * 60_000);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        out.write(chunk);
        process.stdout.write(chunk);
      });
    }
    child.on('error', (error) => out.write(`${error}\n`));
    child.on('close', (code) => {
      clearTimeout(timeout);
      out.end(() => resolve({ status: timedOut ? 1 : (code ?? 1), timedOut }));
    });
  });
}

/** The names of failed tests with the first words of each error, and failed seeds; of a step that names none, its last lines. */
function failuresOf(text) {
  const lines = text.split('\n');
  const named = lines.flatMap((line, index) => {
    if (/^\r?seed \d+: /.test(line)) return [line];
    if (!/^\s*FAIL\s/.test(line)) return [];
    const error = lines.slice(index + 1, index + 6).find((next) => next.trim() !== '' && !/^\s*FAIL\s/.test(next));
    return [line.trim(), ...(error === undefined ? [] : [`  ${error.trim().slice(0, 300)}`])];
  });
  return named.length > 0 ? named.slice(0, 60) : lines.filter((line) => line.trim() !== '').slice(-15);
}

/** Our own closing line, or vitest's `Tests  3 failed | 40 passed | 1 skipped (44)`; the last one in the log holds. */
function countsOf(plain) {
  const own = [...plain.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?(?: \(.*\))?$/gm)].at(-1);
  if (own) {
    const tries = Number(/, (\d+) tried again/.exec(own[0])?.[1] ?? 0);
    return { passed: Number(own[1]), failed: Number(own[2]), skipped: Number(own[3] ?? 0), retried: tries };
  }
  const vitest = [...plain.matchAll(/^\s*Tests\s+(.*)$/gm)].at(-1);
  if (!vitest) return undefined;
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(vitest[1])?.[1] ?? 0);
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') + count('todo') };
}

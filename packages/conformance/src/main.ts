// The runner: `node packages/conformance/src/main.ts --target moldau|apache|host:port [--suite kafkajs,java]`.
// Starts the target, gives the suites its address and a hook to restart it, runs them with vitest, and ends with one line:
// `N passed, N failed, N skipped`. Exit status 1 when anything failed or nothing ran.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { QUICK_GROUPS } from './contract/consumer-protocol.ts';
import { install, suiteNeeds } from './install.ts';
import { apacheJars, apacheVersion, apacheVersionOld, jarsThere } from './peer/apache-jars.ts';
import { startApacheKafka } from './peer/apache-kafka.ts';
import { exitOnSignals, type Peer } from './peer/broker-process.ts';
import { startMoldau } from './peer/moldau.ts';
import { node, repository } from './peer/paths.ts';
import { serveControl } from './suite/control.ts';
import { RETRIES_FILE, type Retried, retriesText } from './suite/retries.ts';

const here = join(repository, 'packages/conformance');
/** Suites that start brokers of their own and need no other. */
const withOwnBrokers = ['authorization', 'client-cluster'];
/** Suites that live beside `src/suites` because they are more than one client. */
const besides = ['bad-input', 'cluster', 'course', 'faults', 'fuzz'];

function suiteNames(): string[] {
  const folders = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  const own = folders(join(here, 'src')).filter((name) => besides.includes(name));
  return [...folders(join(here, 'src/suites')), ...own];
}

const usage = `Usage: node packages/conformance/src/main.ts [options]
  --target moldau|apache|HOST:PORT   what to run against (default moldau)
  --kafka-version V                  release of Apache Kafka (default ${apacheVersion}; also tested: ${apacheVersionOld})
  --suite a,b                        default all: ${suiteNames().join(', ')}
  --durability fsync|os              log.durability of Moldau (default: Moldau's own)
  --set KEY=VALUE                    a setting of the broker's server.properties; may be repeated
  --kills N, --seed N                of the suite faults (default 50, and a seed of the day)
  --no-install                       fail instead of installing what a suite needs
  -t PATTERN                         only tests whose name matches
`;

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'moldau' },
    'kafka-version': { type: 'string', default: apacheVersion },
    suite: { type: 'string' },
    durability: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    kills: { type: 'string' },
    seed: { type: 'string' },
    'no-install': { type: 'boolean', default: false },
    t: { type: 'string', short: 't' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
const suites = values.suite?.split(',') ?? suiteNames();
for (const suite of suites) {
  if (!suiteNames().includes(suite)) {
    process.stderr.write(`no suite ${suite}; there are ${suiteNames().join(', ')}\n`);
    process.exit(2);
  }
}

/** It is for the runner, or for the suites, to start it. */
const ownsTarget = values.target === 'apache' || values.target === 'moldau';

async function startTarget(): Promise<Peer | undefined> {
  const properties = Object.fromEntries(
    values.set.map((setting) => [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)]),
  );
  // A broker killed with -9 comes back at once: Apache Kafka's controller would keep its registration for nine seconds.
  const apache = { 'broker.session.timeout.ms': 2_000, 'broker.heartbeat.interval.ms': 500, ...QUICK_GROUPS };
  if (ownsTarget && suites.every((suite) => withOwnBrokers.includes(suite))) return undefined;
  switch (values.target) {
    case 'apache':
      return startApacheKafka({ version: values['kafka-version'], properties: { ...apache, ...properties } });
    case 'moldau': {
      const durability = values.durability;
      if (durability !== undefined && durability !== 'fsync' && durability !== 'os') {
        throw new Error(`--durability is fsync or os, not ${durability}`);
      }
      return startMoldau({ properties, ...(durability ? { durability } : {}) });
    }
    default:
      if (!/:\d+$/.test(values.target))
        throw new Error(`--target is moldau, apache or host:port, not ${values.target}`);
      return undefined;
  }
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Tests that were asked for and not run; those that `-t` leaves out were not asked for. */
function skippedOf({ testResults }: Report): number {
  const asked = new RegExp(values.t ?? '');
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return all.filter(({ fullName, status }) => status !== 'passed' && status !== 'failed' && asked.test(fullName))
    .length;
}

function runVitest(environment: Record<string, string>, reportFile: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const args = ['run', '--config', join(here, 'vitest.config.ts'), '--reporter=verbose', '--reporter=json'];
    args.push(`--reporter=${join(here, 'src/suite/retries.ts')}`);
    args.push(`--outputFile.json=${reportFile}`, ...(values.t ? ['-t', values.t] : []));
    args.push(...suites.map((suite) => (besides.includes(suite) ? `src/${suite}/` : `src/suites/${suite}/`)));
    const child = spawn(node, [join(repository, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: here,
      env: { ...process.env, ...environment, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    process.once('exit', () => child.kill('SIGTERM'));
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
}

const startedAt = performance.now();
const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;

/** Installs what is missing and starts the target. What goes wrong here is said in a sentence, not by a stack. */
async function prepare(): Promise<Peer | undefined> {
  try {
    const needs = new Set(suites.flatMap(suiteNeeds));
    if (values.target === 'apache') needs.add('jars');
    install([...needs], { allowed: !values['no-install'] });
    const version = values['kafka-version'];
    if (version !== apacheVersion && !jarsThere(version)) {
      if (values['no-install']) throw new Error(`Apache Kafka ${version} is missing; run without --no-install`);
      apacheJars(version);
    }
    return await startTarget();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.stdout.write(`0 passed, 1 failed, 0 skipped (${values.target}, ${seconds()})\n`);
    process.exit(1);
  }
}

exitOnSignals();
const peer = await prepare();
const control = peer ? await serveControl(peer) : undefined;
const reports = mkdtempSync(join(tmpdir(), 'conformance-'));
let failed = true;
try {
  const bootstrap = peer?.bootstrap ?? (ownsTarget ? '127.0.0.1:9092' : values.target);
  const where =
    !peer && ownsTarget ? `Brokers of the suite's own: ${values.target}` : `${peer?.name ?? 'Broker'} at ${bootstrap}`;
  process.stdout.write(`${where} (${seconds()}); suites: ${suites.join(', ')}\n`);
  const reportFile = join(reports, 'report.json');
  const retriesFile = join(reports, 'retries.json');
  const status = await runVitest(
    {
      MOLDAU_CONFORMANCE_BOOTSTRAP: bootstrap,
      MOLDAU_CONFORMANCE_TARGET: ownsTarget ? values.target : 'other',
      MOLDAU_CONFORMANCE_KAFKA_VERSION: values['kafka-version'],
      [RETRIES_FILE]: retriesFile,
      ...(values.kills ? { MOLDAU_CONFORMANCE_KILLS: values.kills } : {}),
      ...(values.seed ? { MOLDAU_CONFORMANCE_SEED: values.seed } : {}),
      ...(control ? { MOLDAU_CONFORMANCE_CONTROL: control.url } : {}),
    },
    reportFile,
  );
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const retried = JSON.parse(readFileSync(retriesFile, 'utf8')) as Retried[];
  // A file that could not even be loaded has no tests to count.
  const unloadable =
    report.numFailedTests === 0 ? report.testResults.filter((file) => file.status === 'failed').length : 0;
  const failures = report.numFailedTests + unloadable;
  failed = status !== 0 || failures > 0 || report.numPassedTests === 0;
  if (failed && peer) process.stdout.write(`--- the broker's last words ---\n${peer.output(20)}\n`);
  process.stdout.write(retriesText(retried));
  const again = retried.length > 0 ? `, ${retried.length} tried again` : '';
  process.stdout.write(
    `${report.numPassedTests} passed, ${failures} failed, ${skippedOf(report)} skipped (${values.target}${again}, ${seconds()})\n`,
  );
} finally {
  control?.close();
  await peer?.close();
  rmSync(reports, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

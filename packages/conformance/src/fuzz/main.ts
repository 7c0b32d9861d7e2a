// The fuzzer as a command. Against a broker: `node packages/conformance/src/fuzz/main.ts --bootstrap-server HOST:PORT
// [--pid PID]`; against one that it starts and stops itself: `--target moldau`; the codecs alone, in this process:
// `--in-process`. Ends with one line, `N passed, N failed, N skipped`, where each API in each version is a test; exit
// status 1 when one failed. The same seed sends the same frames.
import { parseArgs } from 'node:util';
import { startApacheKafka } from '../peer/apache-kafka.ts';
import type { Peer } from '../peer/broker-process.ts';
import { startMoldau } from '../peer/moldau.ts';
import { decodeFuzz, describedPairs } from './decode-fuzz.ts';
import { titleOf } from './frames.ts';
import { wireFuzz } from './wire-fuzz.ts';

const usage = `Usage: node packages/conformance/src/fuzz/main.ts [options]
  --bootstrap-server HOST:PORT  the broker to fuzz
  --target moldau|apache        start a broker for it, and stop it afterwards
  --in-process                  fuzz the request codecs in this process instead
  --pid PID                     of the broker, to watch its memory (known with --target)
  --frames N                    for each API and version (default 1000)
  --seed N                      default 1
  --connections N               at a time (default 4)
  --only Fetch:12,Produce       only these
  --resident-max-mb N           of the broker (default 768)
  --verbose                     one line for each API and version
`;

const { values } = parseArgs({
  options: {
    'bootstrap-server': { type: 'string' },
    target: { type: 'string' },
    'in-process': { type: 'boolean', default: false },
    pid: { type: 'string' },
    frames: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    connections: { type: 'string', default: '4' },
    only: { type: 'string' },
    'resident-max-mb': { type: 'string', default: '768' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const FAILURES_SHOWN = 50;
const frames = Number(values.frames);
const seed = Number(values.seed);
const startedAt = performance.now();
const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;

if (values.help) process.stdout.write(usage);
else if (values['in-process']) process.exitCode = inProcess();
else process.exitCode = await overTheWire();

function inProcess(): number {
  let failed = 0;
  let decoded = 0;
  const pairs = describedPairs();
  for (const pair of pairs) {
    const result = decodeFuzz(pair, frames, seed);
    decoded += result.decoded;
    if (result.findings.length > 0) failed++;
    for (const { index, problem, frame } of result.findings.slice(0, 3)) {
      process.stdout.write(`${titleOf(pair)}: frame ${index}: ${problem} (${frame})\n`);
    }
  }
  const resident = process.memoryUsage().rss / 1024 / 1024;
  process.stdout.write(
    `seed ${seed}, ${frames * pairs.length} frames, ${decoded} decoded, ${resident.toFixed(0)} MB, ${seconds()}\n` +
      `${pairs.length - failed} passed, ${failed} failed, 0 skipped\n`,
  );
  return failed === 0 ? 0 : 1;
}

async function overTheWire(): Promise<number> {
  const peer = await startTarget();
  const bootstrap = peer?.bootstrap ?? values['bootstrap-server'];
  if (bootstrap === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  try {
    const pid = peer?.pid ?? (values.pid === undefined ? undefined : Number(values.pid));
    const result = await wireFuzz({
      host: bootstrap.slice(0, bootstrap.lastIndexOf(':')),
      port: Number(bootstrap.slice(bootstrap.lastIndexOf(':') + 1)),
      pid,
      frames,
      seed,
      connections: Number(values.connections),
      only: values.only?.split(','),
      residentMaxMb: Number(values['resident-max-mb']),
      log: (line) => {
        if (values.verbose) process.stdout.write(`${line}\n`);
      },
    });
    for (const failure of result.failures.slice(0, FAILURES_SHOWN)) process.stdout.write(`${failure}\n`);
    if (result.failures.length > FAILURES_SHOWN)
      process.stdout.write(`and ${result.failures.length - FAILURES_SHOWN} more\n`);
    if (result.failures.length > 0 && peer)
      process.stdout.write(`--- the broker's last words ---\n${peer.output(20)}\n`);
    const { residentMb: mb, latencyMs: ms } = result;
    process.stdout.write(
      `seed ${seed}, ${result.frames} frames on ${result.connections} connections, ${result.parked} parked, ${seconds()}; ` +
        `broker ${mb.start.toFixed(0)} MB at the start, ${mb.peak.toFixed(0)} at most, ${mb.end.toFixed(0)} at the end; ` +
        `others were answered in ${ms.p50.toFixed(1)} ms (median), ${ms.p99.toFixed(0)} (p99), ${ms.max.toFixed(0)} (worst)\n` +
        `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped\n`,
    );
    return result.failed === 0 && result.passed > 0 ? 0 : 1;
  } finally {
    await peer?.close();
  }
}

async function startTarget(): Promise<Peer | undefined> {
  if (values.target === undefined) return undefined;
  if (values.target === 'moldau') return startMoldau();
  if (values.target === 'apache') return startApacheKafka();
  throw new Error(`--target is moldau or apache, not ${values.target}`);
}

// `npm run bench -- [options]`: every figure we quote, with Apache Kafka beside us in the same run.
import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { apacheJars, apacheVersion } from '@moldau/conformance/peer/apache-jars';
import { exitOnSignals, type Peer } from '@moldau/conformance/peer/broker-process';
import { runLoad } from './load/run.ts';
import { resultsFolder, writeResults } from './report/files.ts';
import { Progress } from './report/progress.ts';
import { type Measured, type Results, summary, terminalTable } from './report/results.ts';
import { javaRows } from './rows/java.ts';
import { lightRows } from './rows/light.ts';
import { processRows } from './rows/process.ts';
import { type Figure, freshTopic, type Row } from './rows/row.ts';
import { defaultSides, type Side, sides } from './sides.ts';

const rows: readonly Row[] = [...lightRows, ...javaRows, ...processRows];
const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    sides: { type: 'string', default: defaultSides.join(',') },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    name: { type: 'string' },
    'no-files': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(`Usage: npm run bench -- [options]
  --rows a,b       only these (a trailing * matches any end: produce-*); default all
  --sides a,b      ${sides.map(({ key }) => key).join(', ')} (default ${defaultSides.join(',')})
  --quick          short loads and small sizes: a minute or two instead of about fifteen
  --seconds N      measured seconds of a load (default 4, quick 2)
  --name NAME      name of the files in ${resultsFolder} (default latest; a run of some rows: partial)
  --no-files       only print
  --list           name the rows and end
`);
  process.exit(0);
}
if (values.list) {
  for (const row of rows) process.stdout.write(`${row.key.padEnd(28)}${row.group}: ${row.title}\n`);
  process.exit(0);
}

function chosen<T extends { key: string }>(all: readonly T[], names: string | undefined, what: string): T[] {
  if (names === undefined) return [...all];
  return names.split(',').flatMap((name) => {
    const found = all.filter(({ key }) => (name.endsWith('*') ? key.startsWith(name.slice(0, -1)) : key === name));
    if (found.length === 0) {
      process.stderr.write(`no such ${what}: ${name}; there are ${all.map(({ key }) => key).join(', ')}\n`);
      process.exit(2);
    }
    return found;
  });
}

const wantedRows = chosen(rows, values.rows, 'row');
const wantedSides = chosen(sides, values.sides, 'side');
const seconds = Number(values.seconds ?? (values.quick ? 2 : 4));
const progress = new Progress();
const brokers = new Map<string, Peer>();

/** The side's long-lived broker, started on first use and warmed up: a JVM needs some seconds of load to be itself. */
async function brokerOf(side: Side): Promise<Peer> {
  const running = brokers.get(side.key);
  if (running) return running;
  progress.now(`starting and warming up ${side.title} ...`);
  const peer = await side.start();
  brokers.set(side.key, peer);
  const topic = freshTopic('warm-up');
  const base = { bootstrap: peer.bootstrap, partitions: 4 };
  const warm = values.quick ? 3 : 10;
  await runLoad('produce', {
    ...base,
    topic,
    create: true,
    warmup: 0,
    seconds: warm,
    'record-bytes': 1024,
    'max-bytes': 2e9,
  });
  await runLoad('fetch', { ...base, topic, warmup: 0, seconds: warm / 2, 'record-bytes': 1024, delete: true });
  const small = { topic: freshTopic('warm-up'), 'record-bytes': 100, 'batch-bytes': 1 };
  await runLoad('produce', { ...base, ...small, create: true, warmup: 0, seconds: warm / 2, delete: true });
  return peer;
}

function moldauVersion(): string {
  const described = spawnSync('git', ['describe', '--always', '--dirty'], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  return described.status === 0 ? described.stdout.trim() : 'unknown';
}

const measured: Measured[] = [];
const results = (): Results => ({
  at: new Date().toISOString().slice(0, 16).replace('T', ' '),
  machine: {
    cores: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  },
  versions: { 'Apache Kafka': apacheVersion, Moldau: moldauVersion(), Node: process.versions.node },
  quick: values.quick,
  sides: wantedSides.map(({ key, title }) => ({ key, title })),
  rows: measured,
});

async function measureAll(): Promise<void> {
  apacheJars();
  const bySide = (row: string): Map<string, readonly Figure[]> => {
    const found = measured.find((one) => one.row === row)?.sides ?? {};
    return new Map(
      Object.entries(found).flatMap(([side, figures]) => (typeof figures === 'string' ? [] : [[side, figures]])),
    );
  };
  let step = 0;
  for (const row of wantedRows) {
    const found: Record<string, readonly Figure[] | string> = {};
    measured.push({ row: row.key, title: row.title, group: row.group, sides: found });
    for (const side of wantedSides) {
      step++;
      const head = `[${step}/${wantedRows.length * wantedSides.length}] ${side.title}:`;
      const say = (text: string): void => progress.now(`${head} ${row.key}, ${text}`);
      say(row.title);
      try {
        const figures = await row.measure({
          side,
          broker: () => brokerOf(side),
          quick: values.quick,
          seconds,
          before: bySide(row.key),
          measured: (other) => bySide(other).get(side.key),
          measuredBy: bySide,
          say,
        });
        found[side.key] = figures;
        progress.done(`${head} ${summary(row, figures)}`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        found[side.key] = why.split('\n')[0] ?? why;
        progress.done(`${head} ${row.key} failed: ${why}`);
        // A broker that went down says why, and the next row deserves a fresh one.
        const peer = brokers.get(side.key);
        if (peer && !peer.running) {
          progress.done(`${side.title} has ended:\n${peer.output(15)}`);
          brokers.delete(side.key);
          await peer.close();
        }
      }
    }
  }
}

exitOnSignals();
try {
  await measureAll();
} finally {
  await Promise.all([...brokers.values()].map((peer) => peer.close()));
}
const all = results();
process.stdout.write(`\n${terminalTable(all, process.stdout.isTTY === true)}`);
if (!values['no-files']) {
  const name = values.name ?? (values.rows === undefined && !values.quick ? 'latest' : 'partial');
  for (const path of writeResults(all, name)) process.stdout.write(`${path}\n`);
}
process.exit(measured.some(({ sides: found }) => Object.values(found).some((one) => typeof one === 'string')) ? 1 : 0);

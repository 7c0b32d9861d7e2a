// `npm run bench:cluster -- [options]`: three brokers, with Apache Kafka's three beside them in the same run.
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { Admin } from '@moldau/client';
import { apacheJars, apacheVersion } from '@moldau/conformance/peer/apache-jars';
import { exitOnSignals, keepFilesUntilExit } from '@moldau/conformance/peer/broker-process';
import { writeResults } from '../report/files.ts';
import { Progress } from '../report/progress.ts';
import { type Measured, type Results, shown, terminalTable } from '../report/results.ts';
import type { Figure } from '../rows/row.ts';
import { type ClusterRow, clusterRows, warmUp } from './rows.ts';
import { type ClusterSide, clusterSides } from './sides.ts';
import { wide } from './wide.ts';

const rows: readonly ClusterRow[] = [...clusterRows, wide];
const { values } = parseArgs({
  options: {
    rows: { type: 'string' },
    sides: { type: 'string' },
    seconds: { type: 'string' },
    'half-load': { type: 'string' },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    name: { type: 'string' },
    'no-files': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(`Usage: npm run bench:cluster -- [options]
  --rows a,b       only these (a trailing * matches any end: gap-*); default all
  --sides a,b      ${clusterSides.map(({ key }) => key).join(', ')}; default all
  --quick          short loads, few strikes, 1,000 partitions: five minutes instead of about twelve
  --seconds N      measured seconds of a load (default 4, quick 2)
  --half-load N    MB/s at which latency is measured (default: half of what the first side takes in at 1 KiB, 20 without that row)
  --name NAME      name of the files in packages/bench/results (default cluster; a run of some rows: cluster-partial)
  --no-files       only print
  --list           name the rows and end
`);
  process.exit(0);
}
if (values.list) {
  for (const row of rows) process.stdout.write(`${row.key.padEnd(24)}${row.group}: ${row.title}\n`);
  process.exit(0);
}

function chosen<T extends { key: string }>(all: readonly T[], names: string | undefined, what: string): T[] {
  if (names === undefined) return [...all];
  const found = all.filter(({ key }) =>
    names.split(',').some((name) => (name.endsWith('*') ? key.startsWith(name.slice(0, -1)) : key === name)),
  );
  if (found.length > 0) return found;
  process.stderr.write(`no such ${what}: ${names}; there are ${all.map(({ key }) => key).join(', ')}\n`);
  process.exit(2);
}

const wantedRows = chosen(rows, values.rows, 'row');
const wantedSides = chosen(clusterSides, values.sides, 'side');
const seconds = Number(values.seconds ?? (values.quick ? 2 : 4));
const progress = new Progress();
const measured: (Measured & { sides: Record<string, readonly Figure[] | string> })[] = wantedRows.map((row) => ({
  row: row.key,
  title: row.title,
  group: row.group,
  sides: {},
}));

/** The same load on every side, so that of the first decides. */
function halfOfFirst(): number | undefined {
  const figures = measured.find(({ row }) => row === 'produce-1KiB')?.sides[wantedSides[0]!.key];
  return typeof figures === 'string' || figures === undefined ? undefined : figures[0]!.value / 2;
}

async function measure(side: ClusterSide): Promise<void> {
  progress.now(`starting ${side.title} ...`);
  const cluster = await side.start();
  const admin = new Admin({ bootstrapServers: cluster.bootstrap });
  try {
    progress.now(`warming up ${side.title} ...`);
    await warmUp({ cluster, admin, quick: values.quick });
    for (const [i, row] of wantedRows.entries()) {
      const head = `${side.title}, ${row.key}:`;
      const say = (text: string): void => progress.now(`${head} ${text}`);
      say(row.title);
      try {
        const halfLoad = Number(values['half-load'] ?? halfOfFirst() ?? 20);
        const figures = await row.measure({ side, cluster, admin, quick: values.quick, seconds, halfLoad, say });
        measured[i]!.sides[side.key] = figures;
        const told = figures.map(({ name, value, unit }) => `${name} ${shown(value)} ${unit}`.trimEnd());
        progress.done(`${head} ${told.join(', ')}`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        measured[i]!.sides[side.key] = why.split('\n')[0] ?? why;
        progress.done(`${head} failed: ${why}`);
        for (const broker of cluster.brokers) if (!broker.running) await broker.start();
      }
    }
  } finally {
    await admin.close();
    await cluster.close();
  }
}

exitOnSignals();
keepFilesUntilExit();
apacheJars();
for (const side of wantedSides) {
  try {
    await measure(side);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    progress.done(`${side.title} failed: ${why}`);
    for (const one of measured) one.sides[side.key] ??= why.split('\n')[0] ?? why;
  }
}
const results: Results = {
  title: 'Three brokers beside Apache Kafka’s three',
  note:
    'acks=all, three replicas, min.insync.replicas=2. Apache Kafka (KRaft) and "Moldau" acknowledge what is in the page cache ' +
    'of the replicas in sync; "durable" is Moldau in its default, where their disks have it. Processor seconds are those of all ' +
    'three brokers, per 10^9 bytes of record values. One cluster is up at a time.',
  at: new Date().toISOString().slice(0, 16).replace('T', ' '),
  machine: {
    cores: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  },
  versions: { 'Apache Kafka': apacheVersion, Node: process.versions.node },
  quick: values.quick,
  sides: wantedSides.map(({ key, title }) => ({ key, title })),
  rows: measured,
};
process.stdout.write(`\n${terminalTable(results, process.stdout.isTTY === true)}`);
if (!values['no-files']) {
  const name = values.name ?? (values.rows === undefined && !values.quick ? 'cluster' : 'cluster-partial');
  for (const path of writeResults(results, name)) process.stdout.write(`${path}\n`);
}
process.exit(measured.some(({ sides }) => Object.values(sides).some((one) => typeof one === 'string')) ? 1 : 0);

// The long battery, by one command: as many runs as fit, each with a seed of its own, and a page that tells of them.
//   node packages/conformance/src/faults/cluster/main.ts --minutes 60
//   node packages/conformance/src/faults/cluster/main.ts --seed 7 --seconds 120 --nemeses kill,power --target apache
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { install } from '../../install.ts';
import { exitOnSignals } from '../../peer/broker-process.ts';
import { cache } from '../../peer/paths.ts';
import { java } from '../../suites/java/adapter.ts';
import { confluentPython } from '../../suites/python/adapters.ts';
import { type CampaignReport, runCampaign } from './campaign.ts';
import { NEMESES } from './nemeses.ts';
import { failures, GAP_MS_TOLD, givenUp, largestGap, reportLines, reportPage } from './report.ts';

const usage = `Usage: node packages/conformance/src/faults/cluster/main.ts [options]
  --target moldau|apache   whose brokers (default moldau)
  --seed N                 of the first run (default: of the day); runs after it count on
  --seconds N              of strikes in each run (default 120)
  --minutes N              go on with runs until then (default: one run)
  --nemeses a,b            only these
  --clients own,librdkafka,java     who writes and reads (default all)
  --file-system ext4|xfs   of the brokers' disks (default: by turns)
  --zookeeper 1|3          servers of ZooKeeper (default 3)
  --durability fsync|os    of Moldau (default fsync)
  --ballast N              bytes more in each record (default 80): segments roll sooner
  --set KEY=VALUE          a setting of every broker; may be repeated
  --report FILE            where the page goes (default .cache/faults/report.md; failing histories, and what brokers printed, lie beside it)

Nemeses:
${NEMESES.map(({ name, what }) => `  ${name.padEnd(18)} ${what}\n`).join('')}`;

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'moldau' },
    seed: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    minutes: { type: 'string' },
    nemeses: { type: 'string' },
    clients: { type: 'string', default: 'own,librdkafka,java' },
    'file-system': { type: 'string' },
    zookeeper: { type: 'string', default: '3' },
    durability: { type: 'string' },
    ballast: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    report: { type: 'string', default: join(cache, 'faults/report.md') },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
  process.stderr.write(`--${name} is one of ${allowed.join(', ')}, not ${value}\n`);
  process.exit(2);
}
const target = oneOf('target', values.target, ['moldau', 'apache'])!;
const fileSystem = oneOf('file-system', values['file-system'], ['ext4', 'xfs']);
const durability = oneOf('durability', values.durability, ['fsync', 'os']);
const clients = values.clients.split(',');
const outside = [
  ...(clients.includes('librdkafka') ? [confluentPython] : []),
  ...(clients.includes('java') ? [java] : []),
];

exitOnSignals();
install(['zookeeper', 'machine', 'jars', 'python'], { allowed: true });
const firstSeed = Number(values.seed ?? Date.now() % 1_000_000);
const deadline = performance.now() + Number(values.minutes ?? 0) * 60_000;
const reports: CampaignReport[] = [];
const folder = join(values.report, '..');
mkdirSync(folder, { recursive: true });
let failed = 0;
let seed = firstSeed;
do {
  try {
    const report = await runCampaign({
      target,
      brokers: 3,
      zooKeeperServers: Number(values.zookeeper),
      fileSystem: fileSystem ?? (seed % 2 === 0 ? 'ext4' : 'xfs'),
      ...(durability ? { durability } : {}),
      ...(values.ballast ? { ballastBytes: Number(values.ballast) } : {}),
      properties: Object.fromEntries(
        values.set.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
      ),
      seed,
      seconds: Number(values.seconds),
      ...(values.nemeses ? { nemeses: values.nemeses.split(',') } : {}),
      outside,
      onProgress: (line) => process.stdout.write(`${line}\n`),
    });
    reports.push(report);
    const lines = [
      ...reportLines(report),
      ...givenUp(report).map(([what, count]) => `given up ${count} times: ${what}`),
    ];
    process.stdout.write(`${lines.join('\n')}\n\n`);
    if (failures(report) > 0) failed++;
    if (failures(report) > 0 || givenUp(report).length > 0) {
      writeFileSync(join(folder, `history-${seed}.jsonl`), report.history.toLines());
      writeFileSync(join(folder, `log-${seed}.json`), JSON.stringify(report.finals));
    }
    if (failures(report) > 0 || largestGap(report.strikes).writeGapMs > GAP_MS_TOLD) {
      for (const [i, output] of report.outputs.entries()) {
        writeFileSync(join(folder, `broker-${seed}-${i + 1}.log`), output);
      }
    }
  } catch (error) {
    failed++;
    process.stdout.write(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n\n`);
  }
  writeFileSync(values.report, reportPage(reports));
  seed++;
} while (performance.now() < deadline);
process.stdout.write(`${seed - firstSeed - failed} runs without a finding, ${failed} with; ${values.report}\n`);
process.exit(failed > 0 ? 1 : 0);

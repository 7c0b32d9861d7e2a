// `npm run bench:clients -- [options]`: our client beside the other clients for Node, on the same broker in the same run.
// Every cell of the table is a process of its own; the clients of a row run one right after the other.
import { spawn } from 'node:child_process';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { startApacheKafka } from '@moldau/conformance/peer/apache-kafka';
import { exitOnSignals, type Peer } from '@moldau/conformance/peer/broker-process';
import { startMoldau } from '@moldau/conformance/peer/moldau';
import { runLoad } from '../load/run.ts';
import { createTopics, deleteTopics } from '../load/topics.ts';
import { Progress } from '../report/progress.ts';
import { candidates, type NamedCandidate } from './candidates.ts';
import { type ClientCell, type ClientResults, clientTable, writeClientResults } from './report.ts';
import type { WorkerResult } from './worker.ts';
import { recordSizes, topicBytes, type WorkloadRow, workloads } from './workloads.ts';

/** The last line of Kafka that KafkaJS can talk to: 4.0 took the versions away that it insists on. */
const apacheForAll = '3.9.1';
const partitions = 4;

const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: 'moldau,apache' },
    clients: { type: 'string', default: candidates.map(({ key }) => key).join(',') },
    rows: { type: 'string', default: workloads.map(({ key }) => key).join(',') },
    sizes: { type: 'string', default: recordSizes.join(',') },
    seconds: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    name: { type: 'string' },
    'no-files': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(`Usage: npm run bench:clients -- [options]
  --brokers a,b    moldau, apache (${apacheForAll}); default both
  --clients a,b    ${candidates.map(({ key }) => key).join(', ')}; default all
  --rows a,b       ${workloads.map(({ key }) => key).join(', ')}; default all
  --sizes a,b      bytes of a record; default ${recordSizes.join(',')}
  --rounds N       the best of N is kept (default 1)
  --seconds N      measured seconds of a cell (default 3, quick 1)
  --quick          a few minutes in place of about a quarter of an hour
  --name NAME      name of the files in packages/bench/results (default clients)
  --no-files       only print
`);
  process.exit(0);
}

const named = (text: string): string[] => text.split(',').filter((one) => one !== '');
const chosenClients = candidates.filter(({ key }) => named(values.clients).includes(key));
const chosenRows = workloads.filter(({ key }) => named(values.rows).includes(key));
const chosenSizes = named(values.sizes).map(Number);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds ?? (values.quick ? 1 : 3));
const progress = new Progress();

function measure(
  client: NamedCandidate,
  row: WorkloadRow,
  o: { bootstrap: string; topic: string; recordBytes: number; records: number },
): Promise<WorkerResult> {
  const args = Object.entries({
    client: client.key,
    workload: row.key,
    bootstrap: o.bootstrap,
    topic: o.topic,
    'record-bytes': o.recordBytes,
    records: o.records,
    seconds,
    warmup: values.quick ? 0.5 : 1,
  }).map(([key, value]) => `--${key}=${value}`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [new URL('./worker.ts', import.meta.url).pathname, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000 + 60_000);
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(timer);
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (status === 0 && line.startsWith('{')) resolve(JSON.parse(line) as WorkerResult);
      else reject(new Error(stderr.trim().split('\n')[0] || `ended with ${status} and no figures`));
    });
  });
}

const startBroker: Readonly<Record<string, () => Promise<Peer>>> = {
  moldau: () => startMoldau({ durability: 'os', properties: { 'log.segment.delete.delay.ms': 0 } }),
  apache: () => startApacheKafka({ version: apacheForAll, properties: { 'log.segment.delete.delay.ms': 0 } }),
};
const brokerTitle: Readonly<Record<string, string>> = { moldau: 'Moldau', apache: `Apache Kafka ${apacheForAll}` };

exitOnSignals();
const cells: ClientCell[] = [];
const brokers = named(values.brokers);
const total = brokers.length * chosenSizes.length * chosenRows.length * chosenClients.length;
let done = 0;
for (const broker of brokers) {
  const start = startBroker[broker];
  if (!start) throw new Error(`no such broker: ${broker}`);
  progress.now(`starting ${brokerTitle[broker]} ...`);
  const peer = await start();
  const [host = '', port = ''] = peer.bootstrap.split(':');
  try {
    for (const recordBytes of chosenSizes) {
      const filled = `clients-${recordBytes}-filled`;
      let records = 0;
      if (chosenRows.some(({ workload }) => workload.kind === 'consume')) {
        progress.now(`${brokerTitle[broker]}: filling a topic with records of ${recordBytes} B ...`);
        const load = await runLoad('produce', {
          bootstrap: peer.bootstrap,
          topic: filled,
          partitions,
          create: true,
          warmup: 0,
          seconds: 60,
          'record-bytes': recordBytes,
          'max-bytes': topicBytes(recordBytes, values.quick),
        });
        records = load.records;
      }
      for (const row of chosenRows) {
        for (const client of chosenClients) {
          done++;
          const head = `[${done}/${total}] ${brokerTitle[broker]}, ${client.title}: ${row.key} ${recordBytes} B`;
          progress.now(`${head} ...`);
          let best: WorkerResult | undefined;
          let failure: string | undefined;
          for (let round = 0; round < rounds; round++) {
            const topic = row.workload.kind === 'consume' ? filled : `clients-${done}-${round}`;
            try {
              if (topic !== filled) await createTopics(host, Number(port), [{ name: topic, partitions }]);
              const result = await measure(client, row, { bootstrap: peer.bootstrap, topic, recordBytes, records });
              if (!best || result.recordsPerSecond > best.recordsPerSecond) best = result;
            } catch (error) {
              failure = error instanceof Error ? error.message : String(error);
            }
            if (topic !== filled) await deleteTopics(host, Number(port), [topic]);
          }
          const shown = best ? `${Math.round(best.recordsPerSecond).toLocaleString('en-US')} records/s` : failure;
          progress.done(`${head}: ${shown}`);
          cells.push({ broker, client: client.key, row: row.key, recordBytes, result: best, failure });
        }
      }
      await deleteTopics(host, Number(port), [filled]);
    }
  } finally {
    await peer.close();
  }
}

const results: ClientResults = {
  at: new Date().toISOString().slice(0, 16).replace('T', ' '),
  machine: `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Linux ${release()}, Node ${process.versions.node}`,
  quick: values.quick,
  brokers: brokers.map((key) => ({ key, title: brokerTitle[key] ?? key })),
  clients: chosenClients.map(({ key, title, ours }) => ({ key, title, ours })),
  rows: chosenRows.map(({ key, title }) => ({ key, title })),
  sizes: chosenSizes,
  cells,
};
process.stdout.write(`\n${clientTable(results, process.stdout.isTTY === true)}`);
if (!values['no-files']) {
  for (const path of writeClientResults(results, values.name ?? 'clients')) process.stdout.write(`${path}\n`);
}
process.exit(cells.some(({ result }) => !result) ? 1 : 0);

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
    rounds: { type: 'string' },
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
  --rounds N       so often the clients of a row take turns, back and forth; the best of each is kept (default 2)
  --seconds N      measured seconds of a cell (default 2, quick 1)
  --quick          six minutes in place of twenty
  --name NAME      name of the files in packages/bench/results (default clients)
  --no-files       only print
`);
  process.exit(0);
}

const named = (text: string): string[] => text.split(',').filter((one) => one !== '');
const chosenClients = candidates.filter(({ key }) => named(values.clients).includes(key));
const chosenRows = workloads.filter(({ key }) => named(values.rows).includes(key));
const chosenSizes = named(values.sizes).map(Number);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 2));
const seconds = Number(values.seconds ?? (values.quick ? 1 : 2));
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

/** Every client writes each way once, unmeasured: a JVM that has just started answers the first of them at a quarter of
 * the pace. A client that fails here fails in its row, where it is told. */
async function warm(broker: string, bootstrap: string): Promise<void> {
  const [host = '', port = ''] = bootstrap.split(':');
  const producing = workloads.filter(({ workload }) => workload.kind === 'produce');
  for (const row of producing) {
    for (const client of chosenClients) {
      progress.now(`${brokerTitle[broker]}: warming up, ${row.title}, ${client.title} ...`);
      const topic = `warm-${row.key}-${client.key}`;
      await createTopics(host, Number(port), [{ name: topic, partitions }]);
      await measure(client, row, { bootstrap, topic, recordBytes: 1024, records: 0 }).catch(() => {});
      await deleteTopics(host, Number(port), [topic]);
    }
  }
}

exitOnSignals();
const cells: ClientCell[] = [];
const brokers = named(values.brokers);
const total = brokers.length * chosenSizes.length * chosenRows.length * chosenClients.length * rounds;
let done = 0;
for (const broker of brokers) {
  const start = startBroker[broker];
  if (!start) throw new Error(`no such broker: ${broker}`);
  progress.now(`starting ${brokerTitle[broker]} ...`);
  const peer = await start();
  const [host = '', port = ''] = peer.bootstrap.split(':');
  try {
    await warm(broker, peer.bootstrap);
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
        const best = new Map<string, WorkerResult>();
        const failures = new Map<string, string>();
        for (let round = 0; round < rounds; round++) {
          // Back and forth: whoever comes first meets the broker colder than those after it.
          for (const client of round % 2 === 0 ? chosenClients : chosenClients.toReversed()) {
            const head = `[${++done}/${total}] ${brokerTitle[broker]}, ${client.title}: ${row.key} ${recordBytes} B`;
            progress.now(`${head} ...`);
            const topic = row.workload.kind === 'consume' ? filled : `clients-${done}`;
            let shown: string;
            try {
              if (topic !== filled) await createTopics(host, Number(port), [{ name: topic, partitions }]);
              const result = await measure(client, row, { bootstrap: peer.bootstrap, topic, recordBytes, records });
              if (result.recordsPerSecond > (best.get(client.key)?.recordsPerSecond ?? 0)) best.set(client.key, result);
              shown = `${Math.round(result.recordsPerSecond).toLocaleString('en-US')} records/s`;
            } catch (error) {
              shown = error instanceof Error ? error.message : String(error);
              failures.set(client.key, shown);
            }
            if (topic !== filled) await deleteTopics(host, Number(port), [topic]);
            progress.done(`${head}: ${shown}`);
          }
        }
        for (const { key } of chosenClients) {
          const result = best.get(key);
          cells.push({ broker, client: key, row: row.key, recordBytes, result, failure: failures.get(key) });
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

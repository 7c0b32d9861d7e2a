// The light load as a command, a process of its own so that it never shares a core's time slice with what it measures:
//   node packages/bench/src/load/main.ts produce|fetch|end-to-end --bootstrap 127.0.0.1:9092 [options]
// Prints one line of JSON (see LoadResult). `--create` makes the topic first, `--delete` removes it at the end.
import { parseArgs } from 'node:util';
import { runEndToEndLoad } from './end-to-end.ts';
import { runFetchLoad } from './fetch.ts';
import { type LoadResult, runProduceLoad } from './produce.ts';
import { createTopics, deleteTopics } from './topics.ts';

const usage = `Usage: load/main.ts produce|fetch|end-to-end [options]
  --bootstrap HOST:PORT     broker (default 127.0.0.1:9092)
  --topic NAME              default bench
  --partitions N            partitions of the topic (default 4)
  --connections N           default 2 (end-to-end: always one each way)
  --record-bytes N          size of a record's value (default 1024)
  --batch-bytes N           batch.size; one record at least goes in (default 16384)
  --in-flight N             requests under way per connection (default 5)
  --acks -1|0|1             default -1
  --seconds N               measured time (default 5)
  --warmup N                seconds before that (default 2)
  --max-bytes N             stop early after so many bytes of values (produce)
  --requests-per-second N   pace (produce: default as fast as can be; end-to-end: default 1000)
  --pid N[,N]               the brokers' processes: adds their processor time
  --leaders H:P[,H:P]       leader of each partition, where it is not one broker for all (produce)
  --create, --delete        make the topic before, remove it after
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bootstrap: { type: 'string', default: '127.0.0.1:9092' },
    topic: { type: 'string', default: 'bench' },
    partitions: { type: 'string', default: '4' },
    connections: { type: 'string', default: '2' },
    'record-bytes': { type: 'string', default: '1024' },
    'batch-bytes': { type: 'string', default: '16384' },
    'in-flight': { type: 'string', default: '5' },
    acks: { type: 'string', default: '-1' },
    seconds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '2' },
    'max-bytes': { type: 'string', default: '0' },
    'requests-per-second': { type: 'string', default: '0' },
    pid: { type: 'string' },
    leaders: { type: 'string' },
    create: { type: 'boolean', default: false },
    delete: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const kind = positionals[0];
if (values.help || kind === undefined) {
  process.stdout.write(usage);
  process.exit(values.help ? 0 : 2);
}
const separator = values.bootstrap.lastIndexOf(':');
const host = values.bootstrap.slice(0, separator);
const port = Number(values.bootstrap.slice(separator + 1));
const base = {
  host,
  port,
  topic: values.topic,
  partitions: Number(values.partitions),
  connections: Number(values.connections),
  recordBytes: Number(values['record-bytes']),
  batchBytes: Number(values['batch-bytes']),
  acks: Number(values.acks),
  warmupSeconds: Number(values.warmup),
  seconds: Number(values.seconds),
  ...(values.pid === undefined ? {} : { pids: values.pid.split(',').map(Number) }),
};
const pace = Number(values['requests-per-second']);

async function run(): Promise<LoadResult> {
  switch (kind) {
    case 'produce':
      return runProduceLoad({
        ...base,
        inFlight: Number(values['in-flight']),
        bytesMax: Number(values['max-bytes']),
        requestsPerSecond: pace,
        ...(values.leaders === undefined ? {} : { leaders: values.leaders.split(',') }),
      });
    case 'fetch':
      return runFetchLoad({ ...base, partitionMaxBytes: 1024 * 1024 });
    case 'end-to-end':
      return runEndToEndLoad({ ...base, requestsPerSecond: pace || 1000 });
    default:
      process.stderr.write(usage);
      process.exit(2);
  }
}

try {
  if (values.create) await createTopics(host, port, [{ name: base.topic, partitions: base.partitions }]);
  const result = await run();
  if (values.delete) await deleteTopics(host, port, [base.topic]);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

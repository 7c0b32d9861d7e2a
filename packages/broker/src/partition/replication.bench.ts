// Replication of three brokers in one process: `node packages/broker/src/partition/replication.bench.ts [row]`.
// Produces with acks=all over real sockets, as many requests in flight as fit 4 MiB, and prints throughput, the time of one
// request alone, and processor time per GB produced (all threads; the three brokers and the producer share the process).
// The row `idle` makes 10,000 partitions of three replicas and prints what share of one core they take when nobody writes.
import { APIS, type Api, encodeRequest, ZERO_UUID } from '@moldau/protocol';
import { batchOf } from '../test/batches.ts';
import { ReplicaCluster } from '../test/replica-cluster.ts';

const IN_FLIGHT_BYTES = 4 << 20;

interface Load {
  readonly name: string;
  readonly durability: 'fsync' | 'os';
  readonly valueBytes: number;
  readonly recordsPerBatch: number;
  readonly partitions: number;
  readonly totalBytes: number;
}

const loads: readonly Load[] = [
  { name: '100 B', durability: 'os', valueBytes: 100, recordsPerBatch: 140, partitions: 6, totalBytes: 200e6 },
  { name: '1 KiB', durability: 'os', valueBytes: 1024, recordsPerBatch: 15, partitions: 6, totalBytes: 300e6 },
  { name: '10 KiB', durability: 'os', valueBytes: 10_240, recordsPerBatch: 10, partitions: 6, totalBytes: 600e6 },
  { name: '1 KiB', durability: 'fsync', valueBytes: 1024, recordsPerBatch: 15, partitions: 6, totalBytes: 200e6 },
  { name: '10 KiB', durability: 'fsync', valueBytes: 10_240, recordsPerBatch: 10, partitions: 6, totalBytes: 400e6 },
];

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function run(load: Load): Promise<void> {
  const cluster = await ReplicaCluster.start([1, 2, 3], {
    'log.durability': load.durability,
    'log.segment.bytes': '1073741824',
  });
  const replicas = Array.from({ length: load.partitions }, (_, i) => [0, 1, 2].map((k) => ((i + k) % 3) + 1));
  cluster.createTopic('bench', replicas);
  const client = await Promise.all([1, 2, 3].map((id) => cluster.connect(id)));
  const records = batchOf(Array.from({ length: load.recordsPerBatch }, () => 'x'.repeat(load.valueBytes)));
  const frames = Array.from({ length: load.partitions }, (_, index) =>
    Buffer.concat(
      encodeRequest({ api: APIS.Produce as Api, apiVersion: 9, correlationId: 1, clientId: 'bench' }, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 30_000,
        topicData: [{ name: 'bench', topicId: ZERO_UUID, partitionData: [{ index, records }] }],
      } as never),
    ),
  );
  const send = (index: number) => {
    const to = client[(index % load.partitions) % 3]!;
    to.bytes(frames[index % load.partitions]!);
    return to.frame();
  };
  await Promise.all(replicas.map((_, index) => send(index)));
  let aloneMs = 0;
  for (let i = 0; i < 50; i++) {
    const at = performance.now();
    await send(0);
    aloneMs += performance.now() - at;
  }
  const count = Math.ceil(load.totalBytes / records.length);
  const inFlightMax = Math.max(3, Math.floor(IN_FLIGHT_BYTES / records.length));
  let sent = 0;
  const startedAt = performance.now();
  const cpuBefore = cpuSeconds();
  const worker = async () => {
    while (sent < count) await send(sent++);
  };
  await Promise.all(Array.from({ length: inFlightMax }, worker));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuSeconds() - cpuBefore;
  const mb = (count * records.length) / 1e6;
  const perSecond = ((count * load.recordsPerBatch) / seconds).toFixed(0);
  process.stdout.write(
    `${`${load.name} ${load.durability}`.padEnd(16)} ${(mb / seconds).toFixed(0).padStart(5)} MB/s ${perSecond.padStart(8)} records/s ${(aloneMs / 50).toFixed(2).padStart(6)} ms alone ${(cpu / (mb / 1000)).toFixed(1).padStart(6)} CPU s/GB\n`,
  );
  await cluster.stop();
}

async function idle(partitions: number): Promise<void> {
  const cluster = await ReplicaCluster.start([1, 2, 3]);
  const startedAt = performance.now();
  cluster.createTopic(
    'many',
    Array.from({ length: partitions }, (_, i) => [0, 1, 2].map((k) => ((i + k) % 3) + 1)),
  );
  for (let id = 1; id <= 3; id++) {
    for (const partition of cluster.broker(id).context.partitions.all()) {
      while (partition.isLeader && partition.leading!.followers.some(({ logEnd }) => logEnd < 0)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }
  const madeMs = performance.now() - startedAt;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = cpuSeconds();
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const share = ((cpuSeconds() - before) / 10) * 100;
  process.stdout.write(
    `${partitions} partitions idle: ${share.toFixed(1)} % of a core for three brokers; made and copied after ${madeMs.toFixed(0)} ms\n`,
  );
  await cluster.stop();
}

const [wanted] = process.argv.slice(2);
for (const load of loads) {
  if (wanted === undefined || `${load.name} ${load.durability}`.startsWith(wanted)) await run(load);
}
if (wanted === undefined || wanted === 'idle') await idle(10_000);
process.exit(0);

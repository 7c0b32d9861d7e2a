// Appends and reads of one log: `node packages/storage/src/log.bench.ts`. Prints throughput and processor time per GB
// (all threads of the process), with as many appends in flight as fit 4 MiB.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { DEFAULT_LOG_CONFIG } from './log-config.ts';
import type { PartitionLog } from './partition-log.ts';
import { LogStore } from './store/log-store.ts';
import { batch } from './test/batches.ts';

const directory = mkdtempSync(join(tmpdir(), 'moldau-log-bench-'));
const IN_FLIGHT_BYTES = 4 << 20;
let partition = 0;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function report(name: string, bytes: number, count: number, seconds: number, cpu: number): void {
  const gb = bytes / 1e9;
  process.stdout.write(
    `${name.padEnd(36)} ${(bytes / 1e6 / seconds).toFixed(0).padStart(6)} MB/s ${(count / seconds).toFixed(0).padStart(8)}/s ${((seconds / count) * 1e6).toFixed(1).padStart(7)} us each ${(cpu / gb).toFixed(2).padStart(7)} CPU s/GB\n`,
  );
}

async function append(
  store: LogStore,
  durability: 'fsync' | 'os',
  valueBytes: number,
  totalBytes: number,
  inFlightMax: number,
) {
  const config = { ...DEFAULT_LOG_CONFIG, durability };
  const log = store.create({ topic: 'bench', topicId: 'p2Jc0bMkS3uLAYbkL0aWgA', partition: partition++, config });
  const template = batch({ values: ['x'.repeat(valueBytes)], timestamp: Date.now() });
  const count = Math.ceil(totalBytes / template.length);
  let sent = 0;
  let done = 0;
  const startedAt = performance.now();
  const startedCpu = cpuSeconds();
  await new Promise<void>((resolve, reject) => {
    const more = () => {
      while (sent < count && sent - done < inFlightMax) {
        sent++;
        const records = Buffer.allocUnsafeSlow(template.length);
        template.copy(records);
        const answer = log.append(records, { leaderEpoch: 0, origin: 'client', now: Date.now() });
        if (answer.kind !== 'appended') return reject(new Error(answer.detail));
        log.whenPersisted(answer.lastOffset + 1, () => {
          done++;
          if (done === count) resolve();
          else if (sent - done === Math.floor(inFlightMax / 2)) more();
        });
      }
    };
    more();
  });
  const seconds = (performance.now() - startedAt) / 1e3;
  report(
    `append ${template.length} B, ${durability}, ${inFlightMax} in flight`,
    log.sizeBytes,
    count,
    seconds,
    cpuSeconds() - startedCpu,
  );
  return log;
}

async function read(log: PartitionLog, name: string): Promise<void> {
  const startedAt = performance.now();
  const startedCpu = cpuSeconds();
  let bytes = 0;
  let count = 0;
  for (let offset = 0; offset < log.endOffset; ) {
    const slice = await log.read({ offset, bytesMax: 1 << 20, end: log.endOffset, wholeFirstBatch: true });
    if (slice.kind !== 'slice') throw new Error(slice.detail);
    const last = slice.chunks.at(-1)!;
    bytes += slice.sizeBytes;
    count++;
    // One record a batch here: as many offsets as batches.
    offset = slice.firstBatchOffset + Math.round(slice.sizeBytes / (log.sizeBytes / log.endOffset));
    void last;
    slice.release?.();
  }
  report(name, bytes, count, (performance.now() - startedAt) / 1e3, cpuSeconds() - startedCpu);
}

const store = await LogStore.open({
  ports: nodePorts,
  directories: [directory],
  brokerId: 1,
  defaults: DEFAULT_LOG_CONFIG,
  events: () => {},
});
for (const durability of ['os', 'fsync'] as const) {
  for (const [valueBytes, totalBytes] of [
    [100, 20e6],
    [1_024, 200e6],
    [10_240, 1e9],
    [1_000_000, 2e9],
  ] as const) {
    const inFlight = Math.max(2, Math.floor(IN_FLIGHT_BYTES / (valueBytes + 80)));
    const log = await append(store, durability, valueBytes, totalBytes, inFlight);
    if (durability === 'os' && valueBytes > 1_000) await read(log, `read ${valueBytes} B in 1 MiB fetches`);
    await store.delete(log.topic, log.partition);
  }
}
await append(store, 'fsync', 1_024, 1e6, 1);
await append(store, 'os', 1_024, 10e6, 1);
await store.close();
rmSync(directory, { recursive: true, force: true });

// librdkafka#2076: gigabytes with a hundred partitions of records of 1 MiB, because buffers were bounded by partition. Here over
// three brokers, so that answers of all of them come at once.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin, Producer } from '@moldau/client';
import { expect, test } from 'vitest';
import { startApacheCluster } from '../peer/apache-cluster.ts';
import { startMoldauCluster } from '../peer/moldau-cluster.ts';
import { node, repository } from '../peer/paths.ts';
import { targetKind } from '../suite/target.ts';
import type { SlowConsumerReport } from './slow-consumer.ts';

const run = promisify(execFile);
const MIB = 1 << 20;
const PARTITIONS = 100;
const RECORDS_EACH = 4;
/** fetch.max.bytes, and with it max.buffered.bytes, by default. */
const BOUND_BYTES = 50 * MIB;
/** What the last poll answered, and what the collector has not taken yet of polls before it. */
const HANDED_OUT_BYTES = 2 * BOUND_BYTES;
/** Code that is compiled on the way, sockets, the heap's own room. */
const RUNTIME_BYTES = 64 * MIB;

test('librdkafka#2076, node-rdkafka#720, #246: a slow consumer of 100 partitions of 1 MiB records stays within its bound', {
  timeout: 240_000,
}, async () => {
  const cluster = targetKind === 'apache' ? await startApacheCluster() : await startMoldauCluster();
  try {
    const admin = new Admin({ bootstrapServers: cluster.bootstrap });
    const topic = 'large-records';
    const configs = { 'max.message.bytes': String(2 * MIB), 'min.insync.replicas': '1' };
    const made = await admin.createTopics([{ name: topic, numPartitions: PARTITIONS, replicationFactor: 1, configs }]);
    expect(made.get(topic)).not.toBeInstanceOf(Error);
    await admin.close();
    const producer = new Producer({
      bootstrapServers: cluster.bootstrap,
      maxRequestSize: 2 * MIB,
      bufferMemory: 256 * MIB,
    });
    const value = Buffer.alloc(MIB, 'moldau ');
    for (let i = 0; i < RECORDS_EACH; i++) {
      const sent = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, value }));
      await Promise.all(sent.map((record) => producer.send(record)));
    }
    await producer.close();

    const { stdout } = await run(node, [
      join(repository, 'packages/conformance/src/cluster/slow-consumer.ts'),
      ...['--bootstrap', cluster.bootstrap, '--topic', topic],
      ...['--partitions', String(PARTITIONS), '--records', String(PARTITIONS * RECORDS_EACH)],
    ]);
    const report: SlowConsumerReport = JSON.parse(stdout);
    const inMiB = (bytes: number) => `${Math.round(bytes / MIB)} MiB`;
    const { bufferedBytesMax, residentBytesBefore, residentBytesMax } = report;
    console.log(
      `${inMiB(report.bytes)} read; buffered at most ${inMiB(bufferedBytesMax)} of ${inMiB(BOUND_BYTES)}; resident ${inMiB(residentBytesBefore)} before, ${inMiB(residentBytesMax)} at most`,
    );
    expect(report).toMatchObject({
      ...{ records: PARTITIONS * RECORDS_EACH, partitions: PARTITIONS, bytes: PARTITIONS * RECORDS_EACH * MIB },
    });
    // One answer may exceed the room by its first batch, no more.
    expect(bufferedBytesMax).toBeLessThanOrEqual(BOUND_BYTES + 2 * MIB);
    expect(residentBytesMax - residentBytesBefore).toBeLessThanOrEqual(BOUND_BYTES + HANDED_OUT_BYTES + RUNTIME_BYTES);
  } finally {
    await cluster.close();
  }
});

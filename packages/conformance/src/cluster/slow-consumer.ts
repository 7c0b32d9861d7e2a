// A consumer that is slower than its brokers, in a process of its own so that its memory is its own:
//   node packages/conformance/src/cluster/slow-consumer.ts --bootstrap HOST:PORT --topic T --partitions 100 --records 400
// Reads every record of every partition, a few milliseconds with each, and prints one line of JSON (`SlowConsumerReport`).
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Consumer } from '@moldau/client';

export interface SlowConsumerReport {
  readonly records: number;
  readonly bytes: number;
  /** Partitions that anything came from. */
  readonly partitions: number;
  /** By the consumer's own count, at most. */
  readonly bufferedBytesMax: number;
  /** Resident memory before the first fetch, and at most. */
  readonly residentBytesBefore: number;
  readonly residentBytesMax: number;
}

const { values } = parseArgs({
  options: {
    bootstrap: { type: 'string', default: '' },
    topic: { type: 'string', default: '' },
    partitions: { type: 'string', default: '1' },
    records: { type: 'string', default: '1' },
    'max-buffered-bytes': { type: 'string' },
  },
});
const bound = values['max-buffered-bytes'];
const consumer = new Consumer({
  bootstrapServers: values.bootstrap,
  autoOffsetReset: 'earliest',
  ...(bound === undefined ? {} : { maxBufferedBytes: Number(bound) }),
});
consumer.assign(
  Array.from({ length: Number(values.partitions) }, (_, partition) => ({ topic: values.topic, partition })),
);
const residentBytesBefore = process.memoryUsage.rss();
let residentBytesMax = residentBytesBefore;
let bufferedBytesMax = 0;
const watch = setInterval(() => {
  residentBytesMax = Math.max(residentBytesMax, process.memoryUsage.rss());
  bufferedBytesMax = Math.max(bufferedBytesMax, consumer.bufferedBytes);
}, 10);
let records = 0;
let bytes = 0;
const partitions = new Set<number>();
while (records < Number(values.records)) {
  for (const record of await consumer.poll(1_000)) {
    records++;
    bytes += record.value?.length ?? 0;
    partitions.add(record.partition);
    await sleep(5);
  }
}
clearInterval(watch);
await consumer.close();
const report: SlowConsumerReport = {
  ...{ records, bytes, partitions: partitions.size },
  ...{ bufferedBytesMax, residentBytesBefore, residentBytesMax },
};
process.stdout.write(`${JSON.stringify(report)}\n`);

// The latency load: one connection sends batches at a fixed rate, another follows the tail of the same partition, and
// every batch is timed from the moment it was due (not from when it got sent, so that a stall counts against all that
// had to wait behind it) until its last offset is in the consumer's hands.
import { processorSeconds } from '../process/usage.ts';
import { encodeBatch, recordsPerBatch } from './batch.ts';
import { LoadConnection } from './connection.ts';
import { Histogram } from './histogram.ts';
import { type LoadResult, loadResult } from './produce.ts';
import {
  CORRELATION_AT,
  type FetchPosition,
  fetchRequest,
  produceAnswer,
  produceRequest,
  walkFetchAnswer,
} from './wire.ts';

export interface EndToEndLoad {
  readonly host: string;
  readonly port: number;
  /** A fresh topic; only its partition 0 is used, and nobody else writes to it. */
  readonly topic: string;
  readonly recordBytes: number;
  readonly batchBytes: number;
  readonly acks: number;
  /** Batches (= requests) per second. */
  readonly requestsPerSecond: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  readonly pids?: readonly number[];
}

/** Runs the load; the latencies of the result are end to end. */
export async function runEndToEndLoad(o: EndToEndLoad): Promise<LoadResult> {
  const perBatch = recordsPerBatch(o.recordBytes, o.batchBytes);
  const batch = encodeBatch({ records: perBatch, recordBytes: o.recordBytes, now: Date.now() });
  const latencies = new Histogram();
  const position: FetchPosition = { partition: 0, offset: 0, highWatermark: -1 };
  let startedAt = 0;
  let measureFrom = Number.POSITIVE_INFINITY;
  let records = 0;
  let requests = 0;
  let stopping = false;
  let fail: (error: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});
  const dueAt = (index: number): number => startedAt + (index / o.requestsPerSecond) * 1000;

  const limits = { maxWaitMs: 500, minBytes: 1, partitionMaxBytes: 1024 * 1024 };
  const consumer = await LoadConnection.open(
    o.host,
    o.port,
    (frame) => {
      const now = performance.now();
      walkFetchAnswer(frame, [position], (_, baseOffset, lastOffset) => {
        const due = dueAt(baseOffset / perBatch);
        if (due < measureFrom) return;
        latencies.add(now - due);
        records += lastOffset - baseOffset + 1;
        requests++;
      });
      if (!stopping) consumer.send(fetchRequest(o.topic, [position], limits));
    },
    (error) => fail(error),
  );
  const producer = await LoadConnection.open(
    o.host,
    o.port,
    (frame) => {
      const { errorCode } = produceAnswer(frame, o.topic);
      if (errorCode !== 0) throw new Error(`Produce answered with error ${errorCode}`);
    },
    (error) => fail(error),
  );
  consumer.send(fetchRequest(o.topic, [position], limits));

  const template = produceRequest(o.topic, [0], batch.bytes, o.acks);
  startedAt = performance.now();
  let sent = 0;
  const pacer = setInterval(() => {
    const now = performance.now();
    if (dueAt(sent) > now) return;
    producer.together(() => {
      while (dueAt(sent) <= now && !stopping) {
        const frame = Buffer.from(template); // an unsent frame must keep its own correlation id
        frame.writeInt32BE(sent & 0x7fffffff, CORRELATION_AT);
        producer.send(frame);
        sent++;
      }
    });
  }, 1);

  const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  try {
    await Promise.race([sleep(o.warmupSeconds), failure]);
    measureFrom = performance.now();
    const cpuBefore = o.pids?.map(processorSeconds);
    const ownBefore = process.cpuUsage();
    await Promise.race([sleep(o.seconds), failure]);
    const seconds = (performance.now() - measureFrom) / 1000;
    const own = process.cpuUsage(ownBefore);
    return loadResult({
      seconds,
      records,
      bytes: records * o.recordBytes,
      requests,
      latencies,
      brokerSeconds: cpuBefore && o.pids?.reduce((sum, pid, i) => sum + processorSeconds(pid) - cpuBefore[i]!, 0),
      loadSeconds: (own.user + own.system) / 1e6,
    });
  } finally {
    stopping = true;
    clearInterval(pacer);
    producer.close();
    consumer.close();
  }
}

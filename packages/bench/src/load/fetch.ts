// The light consuming load: each connection asks for its partitions, again and again, one request under way (as a
// consumer does), and walks the answer from batch to batch without opening any. At the end of the log it starts over,
// so that a run lasts as long as it was told to whatever the log holds.
import { processorSeconds } from '../process/usage.ts';
import { LoadConnection } from './connection.ts';
import { Histogram } from './histogram.ts';
import { type LoadResult, loadResult } from './produce.ts';
import { type FetchPosition, fetchRequest, walkFetchAnswer } from './wire.ts';

export interface FetchLoad {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly partitions: number;
  readonly connections: number;
  /** To count value bytes: every record of the topic is taken to hold as many. */
  readonly recordBytes: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** `max.partition.fetch.bytes`. */
  readonly partitionMaxBytes: number;
  readonly pids?: readonly number[];
}

/** Runs the load and resolves with what was measured after the warm-up. */
export async function runFetchLoad(o: FetchLoad): Promise<LoadResult> {
  const latencies = new Histogram();
  let requests = 0;
  let records = 0;
  let stopping = false;
  let fail: (error: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});
  const limits = { maxWaitMs: 500, minBytes: 1, partitionMaxBytes: o.partitionMaxBytes };

  const connections = await Promise.all(
    Array.from({ length: Math.min(o.connections, o.partitions) }, async (_, index) => {
      const positions: FetchPosition[] = Array.from({ length: o.partitions }, (__, p) => p)
        .filter((p) => p % o.connections === index)
        .map((partition) => ({ partition, offset: 0, highWatermark: -1 }));
      let sentAt = 0;
      const ask = (): void => {
        for (const position of positions) if (position.offset === position.highWatermark) position.offset = 0;
        sentAt = performance.now();
        connection.send(fetchRequest(o.topic, positions, limits));
      };
      const connection = await LoadConnection.open(
        o.host,
        o.port,
        (frame) => {
          const fetched = walkFetchAnswer(frame, positions);
          requests++;
          records += fetched.records;
          latencies.add(performance.now() - sentAt);
          if (positions.every((position) => position.highWatermark === 0)) throw new Error(`topic ${o.topic} is empty`);
          if (!stopping) ask();
        },
        (error) => fail(error),
      );
      ask();
      return connection;
    }),
  );

  const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  try {
    await Promise.race([sleep(o.warmupSeconds), failure]);
    latencies.clear();
    requests = 0;
    records = 0;
    const cpuBefore = o.pids?.map(processorSeconds);
    const ownBefore = process.cpuUsage();
    const startedAt = performance.now();
    await Promise.race([sleep(o.seconds), failure]);
    const seconds = (performance.now() - startedAt) / 1000;
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
    for (const connection of connections) connection.close();
  }
}

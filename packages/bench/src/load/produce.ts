// The light producing load: each connection keeps `inFlight` requests under way, all of the same pre-encoded batch, and
// does nothing with an answer but look at its error code. What it costs is a write and a read per request, so that on
// two cores the broker, not the load, is what gets measured.
import { processorSeconds } from '../process/usage.ts';
import { encodeBatch, recordsPerBatch } from './batch.ts';
import { LoadConnection } from './connection.ts';
import { Histogram } from './histogram.ts';
import { CORRELATION_AT, produceAnswer, produceRequest } from './wire.ts';

export interface ProduceLoad {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  /** Partitions of the topic. Connection c writes to partitions c, c + connections, … in turn. */
  readonly partitions: number;
  readonly connections: number;
  readonly inFlight: number;
  readonly recordBytes: number;
  /** The producer's `batch.size`; at least one record goes in. */
  readonly batchBytes: number;
  /** -1, 0 or 1. */
  readonly acks: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** Stop early once so many bytes of record values went in (0 = no limit). */
  readonly bytesMax: number;
  /** Requests per second over all connections; 0 = as fast as answers come. */
  readonly requestsPerSecond?: number;
  /** `host:port` of the leader of each partition, where they are not all the one above; then one connection to each. */
  readonly leaders?: readonly string[];
  /** Processes of the brokers, to measure what they use meanwhile. */
  readonly pids?: readonly number[];
}

export interface LoadResult {
  readonly seconds: number;
  readonly records: number;
  /** Bytes of record values. */
  readonly bytes: number;
  readonly requests: number;
  readonly recordsPerSecond: number;
  /** 10^6 bytes of record values per second. */
  readonly megabytesPerSecond: number;
  /** From sending a request to its answer, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the brokers' processes together; absent without `pids`. */
  readonly brokerSeconds?: number;
  readonly brokerSecondsPerGigabyte?: number;
  readonly brokerMicrosecondsPerRequest?: number;
  /** Of this process, to see that the load was not the bottleneck. */
  readonly loadSeconds: number;
}

/** Rounds for people and for JSON: figures keep `digits` significant digits. */
export function rounded(value: number, digits = 4): number {
  return value === 0 ? 0 : Number(value.toPrecision(digits));
}

export function loadResult(o: {
  seconds: number;
  records: number;
  bytes: number;
  requests: number;
  latencies: Histogram;
  brokerSeconds: number | undefined;
  loadSeconds: number;
}): LoadResult {
  return {
    seconds: rounded(o.seconds),
    records: o.records,
    bytes: o.bytes,
    requests: o.requests,
    recordsPerSecond: rounded(o.records / o.seconds),
    megabytesPerSecond: rounded(o.bytes / 1e6 / o.seconds),
    p50Ms: rounded(o.latencies.quantile(0.5), 3),
    p99Ms: rounded(o.latencies.quantile(0.99), 3),
    maxMs: rounded(o.latencies.maximum, 3),
    ...(o.brokerSeconds === undefined
      ? {}
      : {
          brokerSeconds: rounded(o.brokerSeconds),
          brokerSecondsPerGigabyte: rounded(o.brokerSeconds / (o.bytes / 1e9)),
          brokerMicrosecondsPerRequest: rounded((o.brokerSeconds / o.requests) * 1e6),
        }),
    loadSeconds: rounded(o.loadSeconds),
  };
}

interface Lane {
  readonly host: string;
  readonly port: number;
  readonly partitions: readonly number[];
}

function lanesOf(o: ProduceLoad): Lane[] {
  const all = Array.from({ length: o.partitions }, (_, partition) => partition);
  if (o.leaders) {
    return [...new Set(o.leaders)].map((address) => ({
      host: address.slice(0, address.lastIndexOf(':')),
      port: Number(address.slice(address.lastIndexOf(':') + 1)),
      partitions: all.filter((partition) => o.leaders![partition] === address),
    }));
  }
  return Array.from({ length: o.connections }, (_, index) => {
    const mine = all.filter((partition) => partition % o.connections === index);
    return { host: o.host, port: o.port, partitions: mine.length > 0 ? mine : [index % o.partitions] };
  });
}

interface Slot {
  readonly frame: Buffer;
  sentAt: number;
}

/** Runs the load and resolves with what was measured after the warm-up. Rejects on the first error of the broker. */
export async function runProduceLoad(o: ProduceLoad): Promise<LoadResult> {
  const perBatch = recordsPerBatch(o.recordBytes, o.batchBytes);
  const batch = encodeBatch({ records: perBatch, recordBytes: o.recordBytes, now: Date.now() });
  const bytesPerRequest = perBatch * o.recordBytes;
  const latencies = new Histogram();
  let requests = 0;
  let stopping = false;
  let fail: (error: Error) => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failure.catch(() => {});

  const lanes = await Promise.all(
    lanesOf(o).map(async ({ host, port, partitions }) => {
      const slots: Slot[] = Array.from({ length: Math.max(o.inFlight, partitions.length) }, (__, s) => ({
        frame: produceRequest(o.topic, [partitions[s % partitions.length] as number], batch.bytes, o.acks),
        sentAt: 0,
      }));
      // Answers come in the order of the requests, so a ring of slots needs no table of correlation ids.
      let next = 0;
      let oldest = 0;
      let underWay = 0;
      let correlation = 0;
      const send = (): void => {
        const slot = slots[next] as Slot;
        next = (next + 1) % slots.length;
        underWay++;
        slot.frame.writeInt32BE(correlation++ & 0x7fffffff, CORRELATION_AT);
        slot.sentAt = performance.now();
        connection.send(slot.frame);
      };
      const onAnswer = (frame: Buffer): void => {
        const { errorCode } = produceAnswer(frame, o.topic);
        if (errorCode !== 0) throw new Error(`Produce answered with error ${errorCode}`);
        const slot = slots[oldest] as Slot;
        oldest = (oldest + 1) % slots.length;
        underWay--;
        requests++;
        latencies.add(performance.now() - slot.sentAt);
        if (!o.requestsPerSecond && !stopping) send();
      };
      const connection = await LoadConnection.open(host, port, onAnswer, (error) => fail(error));
      return {
        /** Sends one request if a slot is free; a paced load that finds none has fallen behind. */
        offer(): boolean {
          if (underWay >= slots.length) return false;
          send();
          return true;
        },
        start: (): void => connection.together(() => slots.slice(0, o.inFlight).forEach(send)),
        close: (): void => connection.close(),
      };
    }),
  );

  let pacer: NodeJS.Timeout | undefined;
  if (o.requestsPerSecond) {
    const startedAt = performance.now();
    let sent = 0;
    let lane = 0;
    pacer = setInterval(() => {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * (o.requestsPerSecond ?? 0));
      while (sent < due && !stopping) {
        let placed = false;
        for (let tries = 0; tries < lanes.length && !placed; tries++)
          placed = lanes[lane++ % lanes.length]?.offer() ?? false;
        if (!placed) break;
        sent++;
      }
    }, 1);
  } else {
    for (const lane of lanes) lane.start();
  }

  const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  try {
    await Promise.race([sleep(o.warmupSeconds), failure]);
    latencies.clear();
    requests = 0;
    const cpuBefore = o.pids?.map(processorSeconds);
    const ownBefore = process.cpuUsage();
    const startedAt = performance.now();
    while (performance.now() - startedAt < o.seconds * 1000) {
      await Promise.race([sleep(Math.min(0.05, o.seconds)), failure]);
      if (o.bytesMax > 0 && requests * bytesPerRequest >= o.bytesMax) break;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const done = requests;
    const own = process.cpuUsage(ownBefore);
    const brokerSeconds = cpuBefore && o.pids?.reduce((sum, pid, i) => sum + processorSeconds(pid) - cpuBefore[i]!, 0);
    stopping = true;
    return loadResult({
      seconds,
      records: done * perBatch,
      bytes: done * bytesPerRequest,
      requests: done,
      latencies,
      brokerSeconds,
      loadSeconds: (own.user + own.system) / 1e6,
    });
  } finally {
    stopping = true;
    clearInterval(pacer);
    for (const lane of lanes) lane.close();
  }
}

// Rows of the light load: pre-encoded batches over two connections to a topic of four partitions, five requests under way
// on each, as a producer has them.
import { runLoad } from '../load/run.ts';
import { createTopics, deleteTopics } from '../load/topics.ts';
import { type Figure, figure, freshTopic, type Row, type RowContext } from './row.ts';

const PARTITIONS = 4;
const group = 'Light load';

/** Aims of the first round for a produce row of the light load. */
function produceFigures(result: {
  megabytesPerSecond: number;
  brokerSecondsPerGigabyte?: number;
  p99Ms: number;
}): Figure[] {
  return [
    {
      name: 'throughput',
      unit: 'MB/s',
      value: result.megabytesPerSecond,
      better: 'higher',
      aim: { of: 'peer', bound: 1.5 },
    },
    {
      name: 'processor',
      unit: 's/GB',
      value: result.brokerSecondsPerGigabyte ?? 0,
      better: 'lower',
      aim: { of: 'peer', bound: 0.67 },
    },
    { name: 'ack p99', unit: 'ms', value: result.p99Ms, better: 'lower' },
  ];
}

function produceRow(key: string, title: string, recordBytes: number, batchBytes: number): Row {
  return {
    key,
    title,
    group,
    async measure({ broker, seconds }) {
      const peer = await broker();
      const result = await runLoad('produce', {
        bootstrap: peer.bootstrap,
        pid: peer.pid,
        topic: freshTopic(key),
        partitions: PARTITIONS,
        'record-bytes': recordBytes,
        'batch-bytes': batchBytes,
        warmup: 1,
        seconds,
        'max-bytes': 2_000_000_000,
        create: true,
        delete: true,
      });
      return produceFigures(result);
    },
  };
}

const oneRecord: Row = {
  key: 'produce-one-record',
  title: 'one 100 B record per request',
  group,
  async measure({ broker, seconds }) {
    const peer = await broker();
    const result = await runLoad('produce', {
      bootstrap: peer.bootstrap,
      pid: peer.pid,
      topic: freshTopic('one'),
      partitions: PARTITIONS,
      'record-bytes': 100,
      'batch-bytes': 1,
      warmup: 1,
      seconds,
      create: true,
      delete: true,
    });
    return [
      {
        name: 'throughput',
        unit: 'requests/s',
        value: result.recordsPerSecond,
        better: 'higher',
        aim: { of: 'peer', bound: 1.5 },
      },
      {
        name: 'processor',
        unit: 'us/request',
        value: result.brokerMicrosecondsPerRequest ?? 0,
        better: 'lower',
        aim: { of: 'peer', bound: 0.67 },
      },
      { name: 'ack p99', unit: 'ms', value: result.p99Ms, better: 'lower' },
    ];
  },
};

/** Reads a log that was written just before, from its beginning, again and again. */
function catchUpRow(key: string, title: string, recordBytes: number): Row {
  return {
    key,
    title,
    group,
    async measure({ broker, seconds, quick }) {
      const peer = await broker();
      const topic = freshTopic(key);
      const base = { bootstrap: peer.bootstrap, topic, partitions: PARTITIONS, 'record-bytes': recordBytes };
      const bytes = quick ? 200_000_000 : 800_000_000;
      await runLoad('produce', { ...base, create: true, warmup: 0, seconds: 60, 'max-bytes': bytes });
      const result = await runLoad('fetch', { ...base, pid: peer.pid, warmup: 1, seconds, delete: true });
      return consumeFigures(result);
    },
  };
}

function consumeFigures(result: { megabytesPerSecond: number; brokerSecondsPerGigabyte?: number }): Figure[] {
  return [
    {
      name: 'throughput',
      unit: 'MB/s',
      value: result.megabytesPerSecond,
      better: 'higher',
      aim: { of: 'peer', bound: 1.5 },
    },
    {
      name: 'processor',
      unit: 's/GB',
      value: result.brokerSecondsPerGigabyte ?? 0,
      better: 'lower',
      aim: { of: 'peer', bound: 1 },
    },
  ];
}

/** Batches of 16 KiB at a fixed pace into one partition, followed at its tail: the same work on every side. */
async function paced(context: RowContext, requestsPerSecond: number) {
  const peer = await context.broker();
  const topic = freshTopic('paced');
  await createTopics(peer.host, peer.port, [{ name: topic, partitions: 1 }]);
  const result = await runLoad('end-to-end', {
    bootstrap: peer.bootstrap,
    pid: peer.pid,
    topic,
    'record-bytes': 1024,
    warmup: 2,
    seconds: context.seconds * 1.5,
    'requests-per-second': requestsPerSecond,
  });
  await deleteTopics(peer.host, peer.port, [topic]);
  return result;
}

const tail: Row = {
  key: 'consume-tail',
  title: '1 KiB at 50 MB/s, written and followed',
  group,
  async measure(context) {
    const result = await paced(context, Math.round(50e6 / (15 * 1024)));
    return [
      {
        name: 'processor',
        unit: 's/GB',
        value: result.brokerSecondsPerGigabyte ?? 0,
        better: 'lower',
        aim: { of: 'peer', bound: 1 },
      },
      { name: 'throughput', unit: 'MB/s', value: result.megabytesPerSecond, better: 'higher' },
    ];
  },
};

const halfLoad: Row = {
  key: 'end-to-end',
  title: '1 KiB at half load',
  group,
  async measure(context) {
    // Half of what the slowest side takes in, and the same for all. A row run by itself assumes a modest machine.
    const rates = [...context.measuredBy('produce-1KiB').values()].map((figures) => figure(figures, 'throughput') ?? 0);
    const megabytes = rates.length > 0 ? Math.min(...rates) / 2 : 60;
    const result = await paced(context, Math.round((megabytes * 1e6) / (15 * 1024)));
    return [
      { name: 'p50', unit: 'ms', value: result.p50Ms, better: 'lower' },
      { name: 'p99', unit: 'ms', value: result.p99Ms, better: 'lower', aim: { of: 'peer', bound: 1 } },
      { name: 'throughput', unit: 'MB/s', value: result.megabytesPerSecond, better: 'higher' },
    ];
  },
};

export const lightRows: readonly Row[] = [
  produceRow('produce-100B', '100 B, default batches', 100, 16_384),
  produceRow('produce-1KiB', '1 KiB, default batches', 1024, 16_384),
  produceRow('produce-10KiB', '10 KiB, default batches', 10_240, 16_384),
  produceRow('produce-1MB-batches', '1 KiB in batches of 1 MB', 1024, 1_000_000),
  oneRecord,
  catchUpRow('consume-100B', 'catching up, 100 B', 100),
  catchUpRow('consume-1KiB', 'catching up, 1 KiB', 1024),
  catchUpRow('consume-10KiB', 'catching up, 10 KiB', 10_240),
  tail,
  halfLoad,
];

// Rows of Kafka's own perf tools. On two cores the Java client is what runs out first, so their throughput says little
// about the broker; the processor time of the broker does.
import type { Peer } from '@moldau/conformance/peer/broker-process';
import { runTool } from '@moldau/conformance/peer/tools';
import { rounded } from '../load/produce.ts';
import { createTopics, deleteTopics } from '../load/topics.ts';
import { processorSeconds } from '../process/usage.ts';
import { type Figure, freshTopic, type Row } from './row.ts';

const PARTITIONS = 4;
const group = "Kafka's perf tools";
/** The tool lives long enough to deserve the full compiler. */
const jvm = ['-Xmx512M', '-XX:+UseG1GC'];

/** `N records sent, R records/sec (M MB/sec), A ms avg latency, …` of the last line. */
function produced(stdout: string): { recordsPerSecond: number; p99Ms: number } {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  const rate = /([\d.]+) records\/sec/.exec(last)?.[1];
  const p99 = /(\d+) ms 99th/.exec(last)?.[1];
  if (rate === undefined || p99 === undefined) throw new Error(`kafka-producer-perf-test said: ${stdout.slice(-500)}`);
  return { recordsPerSecond: Number(rate), p99Ms: Number(p99) };
}

async function produce(
  peer: Peer,
  topic: string,
  o: { records: number; recordBytes: number; settings?: readonly string[] },
): Promise<{ recordsPerSecond: number; p99Ms: number; brokerSeconds: number }> {
  const before = processorSeconds(peer.pid);
  const settings = (o.settings ?? []).flatMap((setting) => ['--command-property', setting]);
  const run = await runTool(
    'kafka-producer-perf-test',
    [
      ...['--bootstrap-server', peer.bootstrap, '--topic', topic, '--num-records', String(o.records)],
      ...['--record-size', String(o.recordBytes), '--throughput', '-1', ...settings],
    ],
    { jvm, timeoutMs: 180_000 },
  );
  if (run.status !== 0) throw new Error(`kafka-producer-perf-test: ${run.stderr}`);
  return { ...produced(run.stdout), brokerSeconds: processorSeconds(peer.pid) - before };
}

function produceRow(
  key: string,
  title: string,
  recordBytes: number,
  bytes: number,
  settings: readonly string[] = [],
): Row {
  return {
    key,
    title,
    group,
    async measure({ broker, quick }) {
      const peer = await broker();
      const topic = freshTopic(key);
      await createTopics(peer.host, peer.port, [{ name: topic, partitions: PARTITIONS }]);
      const records = Math.round((quick ? bytes / 4 : bytes) / recordBytes);
      const result = await produce(peer, topic, { records, recordBytes, settings });
      await deleteTopics(peer.host, peer.port, [topic]);
      const figures: Figure[] = [
        {
          name: 'throughput',
          unit: 'MB/s',
          value: rounded((result.recordsPerSecond * recordBytes) / 1e6),
          better: 'higher',
          aim: { of: 'peer', bound: 1 },
        },
        {
          name: 'processor',
          unit: 's/GB',
          value: rounded(result.brokerSeconds / ((records * recordBytes) / 1e9)),
          better: 'lower',
          aim: { of: 'peer', bound: 0.67 },
        },
        { name: 'ack p99', unit: 'ms', value: result.p99Ms, better: 'lower' },
      ];
      return figures;
    },
  };
}

function consumeRow(key: string, title: string, recordBytes: number, bytes: number): Row {
  return {
    key,
    title,
    group,
    async measure({ broker, quick }) {
      const peer = await broker();
      const topic = freshTopic(key);
      await createTopics(peer.host, peer.port, [{ name: topic, partitions: PARTITIONS }]);
      const records = Math.round((quick ? bytes / 4 : bytes) / recordBytes);
      await produce(peer, topic, { records, recordBytes });
      const before = processorSeconds(peer.pid);
      const run = await runTool(
        'kafka-consumer-perf-test',
        [
          '--bootstrap-server',
          peer.bootstrap,
          '--topic',
          topic,
          '--num-records',
          String(records),
          '--timeout',
          '30000',
        ],
        { jvm, timeoutMs: 180_000 },
      );
      const columns = (run.stdout.trimEnd().split('\n').at(-1) ?? '').split(', ').map(Number);
      const fetchMegabytes = columns[8]; // fetch.MB.sec, in units of 1024² bytes: without the joining of the group
      if (run.status !== 0 || !fetchMegabytes) throw new Error(`kafka-consumer-perf-test: ${run.stdout}${run.stderr}`);
      const brokerSeconds = processorSeconds(peer.pid) - before;
      await deleteTopics(peer.host, peer.port, [topic]);
      return [
        {
          name: 'throughput',
          unit: 'MB/s',
          value: rounded((fetchMegabytes * 1024 * 1024) / 1e6),
          better: 'higher',
          aim: { of: 'peer', bound: 1 },
        },
        {
          name: 'processor',
          unit: 's/GB',
          value: rounded(brokerSeconds / ((records * recordBytes) / 1e9)),
          better: 'lower',
          aim: { of: 'peer', bound: 1 },
        },
      ];
    },
  };
}

const oneByOne: Row = {
  key: 'java-end-to-end',
  title: 'one 100 B record at a time, end to end',
  group,
  async measure({ broker, quick }) {
    const peer = await broker();
    const topic = freshTopic('java-e2e');
    await createTopics(peer.host, peer.port, [{ name: topic, partitions: 1 }]);
    const run = await runTool(
      'kafka-e2e-latency',
      [
        ...['--bootstrap-server', peer.bootstrap, '--topic', topic, '--num-records', quick ? '1000' : '5000'],
        ...['--producer-acks', 'all', '--record-size', '100'],
      ],
      { jvm, timeoutMs: 120_000 },
    );
    const average = /Avg latency: ([\d.]+) ms/.exec(run.stdout)?.[1];
    const p99 = /99th = (\d+)/.exec(run.stdout)?.[1];
    if (average === undefined || p99 === undefined) throw new Error(`kafka-e2e-latency: ${run.stdout}${run.stderr}`);
    await deleteTopics(peer.host, peer.port, [topic]);
    return [
      { name: 'mean', unit: 'ms', value: rounded(Number(average), 3), better: 'lower' },
      { name: 'p99', unit: 'ms', value: Number(p99), better: 'lower', aim: { of: 'peer', bound: 1 } },
    ];
  },
};

export const javaRows: readonly Row[] = [
  produceRow('java-produce-100B', '100 B, default batches', 100, 300_000_000),
  produceRow('java-produce-1KiB', '1 KiB, default batches', 1024, 600_000_000),
  produceRow('java-produce-10KiB', '10 KiB, default batches', 10_240, 800_000_000),
  produceRow('java-produce-1MB-batches', '1 KiB in batches of 1 MB', 1024, 800_000_000, [
    'batch.size=1000000',
    'max.request.size=2000000',
    'linger.ms=20',
  ]),
  produceRow('java-produce-one-record', 'one 100 B record per batch', 100, 20_000_000, ['batch.size=0', 'linger.ms=0']),
  consumeRow('java-consume-100B', 'catching up, 100 B', 100, 300_000_000),
  consumeRow('java-consume-1KiB', 'catching up, 1 KiB', 1024, 600_000_000),
  consumeRow('java-consume-10KiB', 'catching up, 10 KiB', 10_240, 800_000_000),
  oneByOne,
];

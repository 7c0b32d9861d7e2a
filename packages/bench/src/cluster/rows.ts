// Rows of a cluster of three: replicated throughput, latency, and what writers feel when a broker goes.
import type { Admin } from '@moldau/client';
import type { ApacheCluster } from '@moldau/conformance/peer/apache-cluster';
import { runTool } from '@moldau/conformance/peer/tools';
import { rounded } from '../load/produce.ts';
import { runLoad } from '../load/run.ts';
import { processorSeconds } from '../process/usage.ts';
import { type Figure, freshTopic } from '../rows/row.ts';
import type { ClusterSide } from './sides.ts';
import { createReplicated, leader, leadersOf, sleep, whenInSync } from './topics.ts';
import { writeGap } from './write-gap.ts';

export interface ClusterContext {
  readonly side: ClusterSide;
  readonly cluster: ApacheCluster;
  readonly admin: Admin;
  readonly quick: boolean;
  readonly seconds: number;
  /** Megabytes a second at which latency is measured: the same on every side. */
  readonly halfLoad: number;
  say(text: string): void;
}

export interface ClusterRow {
  readonly key: string;
  readonly title: string;
  readonly group: string;
  measure(context: ClusterContext): Promise<readonly Figure[]>;
}

const PARTITIONS = 6;
const pids = (cluster: ApacheCluster): string => cluster.brokers.map(({ pid }) => pid).join();

function throughputFigures(
  side: ClusterSide,
  megabytesPerSecond: number,
  secondsPerGigabyte: number,
  p99Ms: number,
): Figure[] {
  // Our durable default against Kafka's page cache has to keep up; the same durability has to be faster.
  const bound = side.key === 'moldau-durable' ? 1 : 1.5;
  return [
    {
      name: 'throughput',
      unit: 'MB/s',
      value: megabytesPerSecond,
      better: 'higher',
      aim: { of: 'peer', bound },
    },
    { name: 'processor', unit: 's/GB', value: secondsPerGigabyte, better: 'lower', aim: { of: 'peer', bound: 0.5 } },
    { name: 'ack p99', unit: 'ms', value: p99Ms, better: 'lower' },
  ];
}

function produceRow(recordBytes: number, shown: string): ClusterRow {
  return {
    key: `produce-${shown.replace(' ', '')}`,
    title: `acks=all, ${shown}, light load`,
    group: 'Replicated writes, three replicas',
    async measure({ side, cluster, admin, seconds }) {
      const topic = freshTopic('replicated');
      await createReplicated(admin, topic, PARTITIONS);
      const result = await runLoad('produce', {
        bootstrap: cluster.brokers[0]!.bootstrap,
        leaders: (await leadersOf(admin, topic)).join(),
        pid: pids(cluster),
        topic,
        partitions: PARTITIONS,
        'record-bytes': recordBytes,
        warmup: 3,
        seconds: seconds * 1.5,
        'max-bytes': 1_500_000_000,
      });
      await admin.deleteTopics([topic]);
      return throughputFigures(side, result.megabytesPerSecond, result.brokerSecondsPerGigabyte ?? 0, result.p99Ms);
    },
  };
}

/** Kafka's own perf tool: what a Java client on the same two cores gets. */
function javaRow(recordBytes: number, shown: string, bytes: number): ClusterRow {
  return {
    key: `java-produce-${shown.replace(' ', '')}`,
    title: `acks=all, ${shown}, Kafka's perf tool`,
    group: 'Replicated writes, three replicas',
    async measure({ side, cluster, admin, quick }) {
      const topic = freshTopic('java-replicated');
      await createReplicated(admin, topic, PARTITIONS);
      const records = Math.round((quick ? bytes / 4 : bytes) / recordBytes);
      const sum = () => cluster.brokers.reduce((total, { pid }) => total + processorSeconds(pid), 0);
      const before = sum();
      const run = await runTool(
        'kafka-producer-perf-test',
        [
          ...['--bootstrap-server', cluster.bootstrap, '--topic', topic, '--num-records', String(records)],
          ...['--record-size', String(recordBytes), '--throughput', '-1', '--command-property', 'acks=all'],
        ],
        { jvm: ['-Xmx512M', '-XX:+UseG1GC'], timeoutMs: 180_000 },
      );
      const last = run.stdout.trimEnd().split('\n').at(-1) ?? '';
      const rate = /([\d.]+) records\/sec/.exec(last)?.[1];
      const p99 = /(\d+) ms 99th/.exec(last)?.[1];
      if (run.status !== 0 || rate === undefined || p99 === undefined) {
        throw new Error(`kafka-producer-perf-test: ${run.stderr}${run.stdout.slice(-300)}`);
      }
      const secondsPerGigabyte = rounded((sum() - before) / ((records * recordBytes) / 1e9));
      await admin.deleteTopics([topic]);
      return throughputFigures(side, rounded((Number(rate) * recordBytes) / 1e6), secondsPerGigabyte, Number(p99));
    },
  };
}

/** A JVM needs some seconds of load to be itself; so does ours, less. */
export async function warmUp({
  cluster,
  admin,
  quick,
}: Pick<ClusterContext, 'cluster' | 'admin' | 'quick'>): Promise<void> {
  const topic = freshTopic('warm-up');
  await createReplicated(admin, topic, PARTITIONS);
  const leaders = (await leadersOf(admin, topic)).join();
  const base = { bootstrap: cluster.brokers[0]!.bootstrap, leaders, topic, partitions: PARTITIONS, warmup: 0 };
  const seconds = quick ? 8 : 15;
  await runLoad('produce', { ...base, 'record-bytes': 1024, seconds, 'max-bytes': 1_500_000_000 });
  await runLoad('produce', { ...base, 'record-bytes': 100, 'batch-bytes': 1, seconds: seconds / 4 });
  await admin.deleteTopics([topic]);
}

const endToEnd: ClusterRow = {
  key: 'end-to-end',
  title: '1 KiB at half load, written with acks=all and followed',
  group: 'Replicated writes, three replicas',
  async measure({ cluster, admin, seconds, halfLoad }) {
    const topic = freshTopic('replicated-paced');
    await createReplicated(admin, topic, 1);
    const result = await runLoad('end-to-end', {
      bootstrap: (await leadersOf(admin, topic))[0]!,
      pid: pids(cluster),
      topic,
      'record-bytes': 1024,
      warmup: 3,
      seconds: seconds * 2,
      'requests-per-second': Math.max(10, Math.round((halfLoad * 1e6) / (15 * 1024))),
    });
    await admin.deleteTopics([topic]);
    return [
      { name: 'p50', unit: 'ms', value: result.p50Ms, better: 'lower', aim: { of: 'peer', bound: 1 } },
      { name: 'p99', unit: 'ms', value: result.p99Ms, better: 'lower', aim: { of: 'peer', bound: 1 } },
      { name: 'throughput', unit: 'MB/s', value: result.megabytesPerSecond, better: 'higher' },
    ];
  },
};

/** Strikes the leader some times, each time with all replicas in sync before. */
function gapRow(
  key: string,
  title: string,
  times: readonly [full: number, quick: number],
  figures: (gaps: readonly Gaps[], side: ClusterSide) => Figure[],
  strike: (peer: Awaited<ReturnType<typeof leader>>) => { trouble(): Promise<unknown>; mend(): Promise<unknown> },
  requestTimeoutMs?: number,
): ClusterRow {
  return {
    key,
    title,
    group: 'When the leader goes',
    async measure({ side, cluster, admin, quick, say }) {
      const topic = freshTopic('gap');
      await createReplicated(admin, topic, 1);
      const gaps: Gaps[] = [];
      const count = times[quick ? 1 : 0];
      for (let i = 0; i < count; i++) {
        say(`${title} (${i + 1}/${count})`);
        const peer = await leader(admin, topic, cluster.brokers);
        const { trouble, mend } = strike(peer);
        try {
          gaps.push(await writeGap(cluster.bootstrap, topic, trouble, requestTimeoutMs));
        } finally {
          await mend();
        }
        await whenInSync(admin, [topic]);
        await sleep(500);
      }
      await admin.deleteTopics([topic]);
      return figures(gaps, side);
    },
  };
}

type Gaps = Awaited<ReturnType<typeof writeGap>>;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function gapFigures(of: (gap: Gaps) => number, bound: number, gaps: readonly Gaps[]): Figure[] {
  const values = gaps.map(of);
  return [
    { name: 'median', unit: 'ms', value: Math.round(median(values)), better: 'lower' },
    {
      name: 'longest',
      unit: 'ms',
      value: Math.round(Math.max(...values)),
      better: 'lower',
      aim: { of: 'value', bound },
    },
    {
      name: 'failed sends',
      unit: '',
      value: gaps.reduce((sum, { failed }) => sum + failed, 0),
      better: 'lower',
      aim: { of: 'value', bound: 0 },
    },
  ];
}

const kill = gapRow(
  'gap-kill',
  'kill -9 of the leader: longest time without an acknowledgement',
  [3, 2],
  (gaps) => gapFigures(({ gapMs }) => gapMs, 1_000, gaps),
  (peer) => ({ trouble: () => peer.kill(), mend: () => peer.start() }),
);

const freeze = gapRow(
  'gap-freeze',
  'SIGSTOP of the leader: longest time without an acknowledgement',
  [2, 1],
  (gaps, { sessionMs }) => [
    ...gapFigures(({ gapMs }) => gapMs, sessionMs + 1_000, gaps),
    { name: 'session', unit: 'ms', value: sessionMs, better: 'lower' },
  ],
  (peer) => {
    const { pid } = peer;
    return {
      trouble: async () => process.kill(pid, 'SIGSTOP'),
      mend: async () => process.kill(pid, 'SIGCONT'),
    };
  },
  // Above any wait in a cluster that is well; what is left of it when the new leader is there is in the figure.
  250,
);

const shutdown = gapRow(
  'gap-shutdown',
  'controlled shutdown of the leader: longest that a send waits',
  [2, 2],
  (gaps) => gapFigures(({ longestSendMs }) => longestSendMs, 300, gaps),
  (peer) => ({ trouble: () => peer.stop(), mend: () => peer.start() }),
);

export const clusterRows: readonly ClusterRow[] = [
  produceRow(100, '100 B'),
  produceRow(1024, '1 KiB'),
  produceRow(10_240, '10 KiB'),
  javaRow(100, '100 B', 100_000_000),
  javaRow(1024, '1 KiB', 400_000_000),
  endToEnd,
  kill,
  freeze,
  shutdown,
];

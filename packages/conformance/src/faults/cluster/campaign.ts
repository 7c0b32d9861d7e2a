// One run: a cluster, its inhabitants, a schedule of strikes from a seed; then everything heals, everybody comes to rest, the
// whole log is read, the replicas are compared, and the checker judges.
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer } from '@moldau/client';
import { check, type FinalLog, History, type Verdict } from '@moldau/history';
import type { ClientAdapter } from '../../contract/client.ts';
import { repository } from '../../peer/paths.ts';
import { eventually } from '../../suite/eventually.ts';
import { type FaultCluster, type FaultClusterOptions, startFaultCluster } from './fault-cluster.ts';
import { NEMESES, type Nemesis } from './nemeses.ts';
import { compareAllReplicas } from './replicas.ts';
import { schedule } from './schedule.ts';
import { inhabit, placeOfValue } from './workload.ts';

export interface CampaignOptions extends FaultClusterOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Names; all that are possible when absent. */
  readonly nemeses?: readonly string[];
  /** Nemeses that come in any case, early; default none. */
  readonly sure?: readonly string[];
  readonly outside: readonly ClientAdapter[];
  /** Ballast of a record, so that segments roll sooner; default 80. */
  readonly ballastBytes?: number;
  readonly onProgress?: (line: string) => void;
}

export interface StrikeReport {
  readonly nemesis: string;
  readonly victim: number;
  readonly atMs: number;
  readonly durationMs: number;
  /** The longest that a partition went without an acknowledgement, from the strike until well after. */
  readonly writeGapMs: number;
  /** Of that gap: the partition, and its last acknowledgement, in milliseconds of the run and by the wall clock. */
  readonly gapPartition: number;
  readonly gapAtMs: number;
  readonly gapAt: string;
}

export interface CampaignReport {
  readonly cluster: string;
  readonly seed: number;
  readonly seconds: number;
  readonly fileSystem: string;
  readonly strikes: readonly StrikeReport[];
  /** Possible elsewhere, not here. */
  readonly leftOut: readonly string[];
  readonly verdict: Verdict;
  /** What is wrong beside the history. */
  readonly complaints: readonly string[];
  readonly records: number;
  /** From the end of the last strike until every replica was in sync. */
  readonly healedMs: number;
  readonly history: History;
  readonly finals: readonly FinalLog[];
  /** All that each broker printed, in the order of nodes: what happened there while a strike lasted. */
  readonly outputs: readonly string[];
}

const PARTITIONS = 6;
const TOPIC = 'survivor';
const HEAL_MS = 120_000;
/** A gap counts to a strike that ended less than this ago. */
const AFTERMATH_MS = 10_000;

export async function runCampaign(o: CampaignOptions): Promise<CampaignReport> {
  const startedAt = performance.now();
  const now = (): number => Math.round(performance.now() - startedAt);
  const say = (line: string): void => o.onProgress?.(`${(now() / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const history = new History();
  const complaints: string[] = [];
  const complain = (text: string): void => {
    complaints.push(`${(now() / 1000).toFixed(1)} s: ${text}`);
    say(text);
  };
  const cluster = await startFaultCluster(o);
  say(`${cluster.name}: seed ${o.seed}, ${o.seconds} s`);
  try {
    await createTopic(cluster);
    const { possible, leftOut } = choose(cluster, o.nemeses);
    const appointments = schedule(o.seed, o.seconds, possible, cluster.nodes.length, o.sure);
    const { bootstrap } = cluster;
    /** Until then a coordinator may live on that was replaced and does not know it. */
    let dethronedUntil = 0;
    const workload = {
      ...{ bootstrap, topic: TOPIC, partitions: PARTITIONS, history, now, complain, outside: o.outside },
      ballastBytes: o.ballastBytes ?? 80,
      mayBeDethroned: () => now() < dethronedUntil,
    };
    const inhabitants = inhabit(workload);
    await eventually('the first acknowledgement', () => history.events.some(({ kind }) => kind === 'acked'));
    const struck: { nemesis: string; victim: number; atMs: number; endMs: number }[] = [];
    for (const { nemesis, pauseMs, ...strike } of appointments) {
      await sleep(pauseMs);
      const victim = cluster.nodes[strike.victim % cluster.nodes.length]!.id;
      say(`${nemesis.name}, broker ${victim}, ${strike.durationMs} ms`);
      const atMs = now();
      dethronedUntil = Number.POSITIVE_INFINITY;
      try {
        await nemesis.strike(cluster, strike, { topic: TOPIC, history, now, say, complain });
      } catch (error) {
        complain(`after ${nemesis.name} (broker ${victim}): ${error instanceof Error ? error.message : String(error)}`);
        await mend(cluster, complain);
      }
      struck.push({ nemesis: nemesis.name, victim, atMs, endMs: now() });
      dethronedUntil = now() + AFTERMATH_MS;
    }
    await mend(cluster, complain);
    const healedMs = await heal(cluster, now, complain);
    say(`all replicas in sync after ${healedMs} ms`);
    dethronedUntil = 0;
    // Some more in peace: a writer that never gets on again would not be noticed otherwise.
    await sleep(1_000);
    await Promise.all(inhabitants.map((inhabitant) => inhabitant.stop()));
    const finals = await readAll(cluster.bootstrap);
    const records = finals.reduce((sum, final) => sum + final.records.length, 0);
    say(`${records} records; comparing replicas`);
    await compareAllReplicas(cluster.bootstrap, TOPIC, repository, complain);
    const verdict = check(history, finals);
    return {
      cluster: cluster.name,
      seed: o.seed,
      seconds: Math.round(now() / 1000),
      fileSystem: cluster.nodes[0]!.disk ? o.fileSystem : 'of the machine',
      strikes: withGaps(struck, history, performance.timeOrigin + startedAt),
      leftOut,
      verdict,
      complaints,
      records,
      healedMs,
      history,
      finals,
      outputs: cluster.nodes.map(({ peer }) => peer.output(Number.POSITIVE_INFINITY)),
    };
  } catch (error) {
    for (const { id, peer } of cluster.nodes) say(`--- last words of broker ${id}\n${peer.output(5)}`);
    throw error;
  } finally {
    cluster.network?.heal();
    await cluster.close();
  }
}

async function createTopic(cluster: FaultCluster): Promise<void> {
  const admin = new Admin({ bootstrapServers: cluster.bootstrap });
  try {
    const configs = {
      'min.insync.replicas': '2',
      'segment.bytes': '1048576',
      // Closed by time as well: only what is closed rots.
      'segment.ms': '4000',
      'unclean.leader.election.enable': 'false',
    };
    const topic = { name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 3, configs };
    const outcome = (await admin.createTopics([topic])).get(TOPIC);
    if (outcome instanceof Error) throw outcome;
  } finally {
    await admin.close();
  }
}

function choose(cluster: FaultCluster, names: readonly string[] | undefined) {
  const wanted: readonly Nemesis[] =
    names?.map((name) => {
      const nemesis = NEMESES.find((one) => one.name === name);
      if (!nemesis) throw new Error(`no nemesis ${name}; there are ${NEMESES.map((one) => one.name).join(', ')}`);
      return nemesis;
    }) ?? NEMESES.filter((nemesis) => cluster.durable || !nemesis.needsDurability);
  const possible = wanted.filter((nemesis) => nemesis.possible(cluster));
  return { possible, leftOut: wanted.filter((nemesis) => !possible.includes(nemesis)).map(({ name }) => name) };
}

/** Everybody up, everybody reachable, whatever the last strike left. */
async function mend(cluster: FaultCluster, complain: (text: string) => void): Promise<void> {
  cluster.network?.heal();
  for (const { id, disk, diskFaults } of cluster.nodes) {
    try {
      diskFaults?.mend();
      disk?.drain();
    } catch (error) {
      complain(`the disk of broker ${id} is not there: ${String(error)}`);
    }
  }
  for (const keeper of cluster.keepers) if (!keeper.running) await keeper.start();
  for (const { id, peer } of cluster.nodes) {
    if (peer.running) process.kill(peer.pid, 'SIGCONT');
    else {
      try {
        await peer.start();
      } catch (error) {
        complain(`broker ${id} does not come back: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}

/** Answers how long it took until every partition had a leader and all replicas in sync. */
async function heal(cluster: FaultCluster, now: () => number, complain: (text: string) => void): Promise<number> {
  const from = now();
  const admin = new Admin({ bootstrapServers: cluster.bootstrap });
  let missing = '';
  try {
    while (now() - from < HEAL_MS) {
      missing = await outOfSync(admin).catch((error: unknown) => String(error));
      if (missing === '') return now() - from;
      await sleep(200);
    }
    complain(`not healed after ${HEAL_MS} ms: ${missing}`);
    return now() - from;
  } finally {
    await admin.close();
  }
}

async function outOfSync(admin: Admin): Promise<string> {
  const names = (await admin.listTopics({ internal: true, timeoutMs: 5_000 })).map(({ name }) => name);
  const missing: string[] = [];
  for (const [name, outcome] of await admin.describeTopics(names, { timeoutMs: 5_000 })) {
    if (outcome instanceof Error) throw outcome;
    for (const { partition, leader, replicas, isr } of outcome.partitions) {
      if (leader && isr.length === replicas.length) continue;
      missing.push(`${name}-${partition} leader ${leader?.id ?? 'none'} isr ${isr.map(({ id }) => id).join()}`);
    }
  }
  return missing.slice(0, 5).join('; ');
}

/** Every record of every partition of the workload's topic. */
export async function readAll(bootstrap: string): Promise<FinalLog[]> {
  const consumer = new Consumer({ bootstrapServers: bootstrap, autoOffsetReset: 'earliest' });
  const all = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: TOPIC, partition }));
  try {
    const starts = await consumer.beginningOffsets(all);
    const ends = await consumer.endOffsets(all);
    const logs = all.map(() => [] as [number, string][]);
    consumer.assign(all);
    consumer.seekToBeginning(all);
    const deadline = performance.now() + 120_000;
    const reached = async () => {
      for (const { partition, offset } of ends) {
        if (offset > 0 && (await consumer.position({ topic: TOPIC, partition })) < offset) return false;
      }
      return true;
    };
    do {
      for (const { partition, offset, value } of await consumer.poll(500)) {
        logs[partition]!.push([offset, placeOfValue(String(value))]);
      }
      if (performance.now() > deadline) throw new Error('the log could not be read to its end in two minutes');
    } while (!(await reached()));
    return logs.map((records, partition) => {
      const { offset: startOffset } = starts.find((start) => start.partition === partition)!;
      return { topic: TOPIC, partition, startOffset, records };
    });
  } finally {
    await consumer.close();
  }
}

function withGaps(
  struck: readonly { nemesis: string; victim: number; atMs: number; endMs: number }[],
  history: History,
  startedAt: number,
): StrikeReport[] {
  const acked = new Map<number, number[]>();
  for (const event of history.events) {
    if (event.kind !== 'acked') continue;
    const times = acked.get(event.partition);
    if (times) times.push(event.at);
    else acked.set(event.partition, [event.at]);
  }
  return struck.map(({ nemesis, victim, atMs, endMs }, i) => {
    const until = Math.min(endMs + AFTERMATH_MS, struck[i + 1]?.atMs ?? Number.POSITIVE_INFINITY);
    let [writeGapMs, gapPartition, gapAtMs] = [0, -1, atMs];
    for (const [partition, times] of acked) {
      for (let k = 1; k < times.length; k++) {
        // Of the strike in or after which it began.
        if (times[k - 1]! < atMs - 100 || times[k - 1]! > until - 100) continue;
        const gapMs = times[k]! - times[k - 1]!;
        if (gapMs > writeGapMs) [writeGapMs, gapPartition, gapAtMs] = [gapMs, partition, times[k - 1]!];
      }
    }
    const gapAt = new Date(startedAt + gapAtMs).toISOString();
    return { nemesis, victim, atMs, durationMs: endMs - atMs, writeGapMs, gapPartition, gapAtMs, gapAt };
  });
}

// kill -9 again and again while producers produce, a reader follows and a group consumes and commits; then quiet, and
// judgement. Which kill comes when is drawn from a seed: between a few milliseconds and a second after the broker
// serves, one in five while it is still starting.

import { APIS } from '@moldau/protocol';
import { check, type Violation } from './checker.ts';
import { PersistentGroup } from './group.ts';
import { History } from './history.ts';
import { openLink } from './link.ts';
import { PersistentProducer } from './producer.ts';
import { followLog, readLog } from './reader.ts';
import { seeded } from './seeded.ts';

export interface KillableBroker {
  kill(): Promise<unknown>;
  /** Starts the process without waiting for it. */
  spawn(): Promise<unknown>;
  /** Starts the process and resolves when it serves. */
  start(): Promise<unknown>;
}

export interface KillRun {
  readonly host: string;
  readonly port: number;
  readonly topic: string;
  readonly group: string;
  readonly kills: number;
  readonly seed: number;
  readonly broker: KillableBroker;
  readonly onProgress?: (line: string) => void;
}

export interface KillReport {
  readonly violations: readonly Violation[];
  readonly kills: number;
  readonly killsWhileStarting: number;
  readonly seconds: number;
  readonly records: number;
  readonly acknowledgedBatches: number;
  readonly repeatedBatches: number;
  readonly sightings: number;
  readonly commits: number;
  readonly joins: number;
}

const PARTITIONS = 6;
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function createTopic(o: KillRun): Promise<void> {
  const link = await openLink({ ...o, clientId: 'faults' }, () => true);
  if (!link) return;
  // Small segments, so that kills meet rolls; a small index interval, so that they meet indexes.
  const configs = [
    { name: 'segment.bytes', value: '1048576' },
    { name: 'index.interval.bytes', value: '512' },
  ];
  const topic = { name: o.topic, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs };
  const answer = await link.ask(APIS.CreateTopics, 5, { topics: [topic], timeoutMs: 30_000, validateOnly: false });
  // The first question for a coordinator makes the offsets topic; members here go straight to the only broker there is.
  while ((await link.ask(APIS.FindCoordinator, 2, { key: o.group, keyType: 0 })).errorCode !== 0) await sleep(100);
  link.close();
  const refusal = answer.topics.find(({ errorCode }) => errorCode !== 0);
  if (refusal) throw new Error(`the topic was not created: ${refusal.errorCode} ${refusal.errorMessage}`);
}

/** The broker runs when this is called and when it ends. */
export async function runKills(o: KillRun): Promise<KillReport> {
  const startedAt = performance.now();
  const history = new History();
  const random = seeded(o.seed);
  await createTopic(o);
  const reader = { host: o.host, port: o.port, topic: o.topic, partitions: PARTITIONS };
  const shared = { ...reader, now: Date.now };
  const producers = [
    { name: 'a', partitions: [0, 1, 2], idempotent: true, recordsPerBatch: 5, pauseMs: 2 },
    { name: 'b', partitions: [2, 3, 4, 5], idempotent: true, recordsPerBatch: 40, pauseMs: 5 },
    { name: 'c', partitions: [0, 5], idempotent: true, recordsPerBatch: 1, pauseMs: 1 },
    { name: 'd', partitions: [1, 3], idempotent: false, recordsPerBatch: 10, pauseMs: 5 },
  ].map((one) => new PersistentProducer({ ...shared, ...one }, history));
  const stopFollowing = followLog(reader, history.sightings);
  const group = new PersistentGroup({ ...reader, group: o.group }, history);
  for (let i = 0; i < 3; i++) group.add();

  for (let kill = 1; kill <= o.kills; kill++) {
    await sleep(random.between(5, 1_000));
    await o.broker.kill();
    history.kills++;
    while (random.next() < 0.2) {
      await o.broker.spawn();
      await sleep(random.between(1, 250));
      await o.broker.kill();
      history.kills++;
      history.killsWhileStarting++;
    }
    await sleep(random.between(0, 100));
    await o.broker.start();
    const committed = await group.observe();
    if (kill % 7 === 0) {
      group.add();
      await group.dropOldest();
    }
    if (kill % 10 === 0) {
      const acknowledged = history.batches.filter((batch) => batch.acknowledged).length;
      const commits = history.commits.filter(({ kind }) => kind === 'acknowledged').length;
      const records = history.batches.reduce((sum, batch) => sum + (batch.acknowledged ? batch.count : 0), 0);
      const lag = records - committed.reduce((sum, offset) => sum + Math.max(0, offset), 0);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      o.onProgress?.(
        `${seconds} s: ${history.kills} kills, ${acknowledged} batches acknowledged, ${commits} commits, lag ${lag}, ${group.joins} joins`,
      );
    }
  }

  await Promise.all(producers.map((producer) => producer.stop()));
  const log = await readLog(reader);
  const ends = Array.from(
    { length: PARTITIONS },
    (_, partition) => log.filter((one) => one.partition === partition).length,
  );
  const deadline = performance.now() + 60_000;
  for (;;) {
    const committed = await group.observe();
    if (committed.every((offset, partition) => Math.max(0, offset) === ends[partition])) break;
    if (performance.now() > deadline) {
      const lag = `committed ${committed.join(', ')}, ends ${ends.join(', ')}`;
      history.refusals.push(`the group did not reach the end of the log within a minute (${lag})`);
      break;
    }
    await sleep(100);
  }
  await stopFollowing();
  await group.stop();
  return {
    violations: check(history, log),
    kills: history.kills,
    killsWhileStarting: history.killsWhileStarting,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    records: log.length,
    acknowledgedBatches: history.batches.filter((batch) => batch.acknowledged).length,
    repeatedBatches: history.batches.filter((batch) => batch.sends > 1).length,
    sightings: history.sightings.length,
    commits: history.commits.filter(({ kind }) => kind === 'acknowledged').length,
    joins: group.joins,
  };
}

/** The report as lines for people: one with the figures, then at most twenty violations. */
export function reportLines(report: KillReport): string[] {
  const { violations } = report;
  const figures =
    `${report.kills} kills (${report.killsWhileStarting} while starting) in ${report.seconds} s: ` +
    `${report.records} records, ${report.acknowledgedBatches} batches acknowledged, ${report.repeatedBatches} sent again, ` +
    `${report.sightings} records read on the way, ${report.commits} commits, ${report.joins} joins: ` +
    `${violations.length} violations`;
  const more = violations.length > 20 ? [`… and ${violations.length - 20} more`] : [];
  return [figures, ...violations.slice(0, 20).map(({ kind, detail }) => `${kind}: ${detail}`), ...more];
}

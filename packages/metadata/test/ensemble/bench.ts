// Figures of the ZooKeeper engine over one real ZooKeeper on this machine: node packages/metadata/test/ensemble/bench.ts
// Four brokers' views in this process, 10,000 partitions in the picture. The controller's own decisions are not in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePorts } from '@moldau/kernel/node/ports';
import { ZooKeeperEngine } from '../../src/engines/zookeeper.ts';
import { CALM_PARTITION, type MetadataRecord } from '../../src/records.ts';
import { startEnsemble } from './zookeeper-process.ts';

const PARTITIONS = 10_000;
const PER_TOPIC = 100;
const say = (line: string) => process.stdout.write(`${line}\n`);
const ensemble = await startEnsemble();
const root = mkdtempSync(join(tmpdir(), 'moldau-bench-'));
let views = 0;
const open = () =>
  ZooKeeperEngine.open({
    ports: nodePorts,
    connect: `${ensemble.connect}/bench`,
    sessionTimeoutMs: 6_000,
    directory: join(root, String(++views)),
  });
const partition = (index: number, leaderEpoch: number) => ({
  ...CALM_PARTITION,
  partition: index,
  replicas: [1, 2, 3],
  isr: [1, 2, 3],
  leader: 1 + (index % 3),
  leaderEpoch,
  partitionEpoch: leaderEpoch,
});
const quantile = (sorted: readonly number[], q: number) => sorted[Math.floor(q * (sorted.length - 1))]!.toFixed(1);

try {
  const leader = await open();
  await leader.form('bench');
  const leadership = await leader.elect(1);
  const append = (records: MetadataRecord[]) => leader.append(leadership.epoch, leader.pending.offset, records);
  const followers = [await open(), await open(), await open()];
  const filledAt = performance.now();
  const filling: Promise<number>[] = [];
  for (let at = 0; at < PARTITIONS / PER_TOPIC; at++) {
    const partitions = Array.from({ length: PER_TOPIC }, (_, index) => partition(index, 0));
    const topicId = `topic-id-of-22-chars-${at}`;
    filling.push(
      append([
        { kind: 'topicCreated', name: `topic-${at}`, topicId },
        { kind: 'partitionsSet', topicId, partitions },
      ]),
    );
  }
  await Promise.all(filling);
  say(`${PARTITIONS} partitions appended in ${(performance.now() - filledAt).toFixed(0)} ms`);

  const change = (round: number, index: number): MetadataRecord[] => [
    { kind: 'partitionsSet', topicId: 'topic-id-of-22-chars-0', partitions: [partition(index % PER_TOPIC, round)] },
  ];
  const sawMs: number[] = [];
  for (let round = 1; round <= 200; round++) {
    const startedAt = performance.now();
    const seen = followers.map(
      (follower) =>
        new Promise<void>((resolve) => {
          const stop = follower.follow((image) => {
            if (image.topic('topic-0')!.partitions[0]!.leaderEpoch < round) return;
            stop();
            resolve();
          });
        }),
    );
    await append(change(round, 0));
    await Promise.all(seen);
    sawMs.push(performance.now() - startedAt);
  }
  sawMs.sort((a, b) => a - b);
  say(`one change seen by 3 followers: p50 ${quantile(sawMs, 0.5)} ms, p99 ${quantile(sawMs, 0.99)} ms`);

  for (const atOnce of [1, 10, 100]) {
    const count = atOnce === 1 ? 500 : 3_000;
    const startedAt = performance.now();
    for (let done = 0; done < count; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, i) => append(change(1_000, i + 1))));
    }
    const perSecond = (count * 1_000) / (performance.now() - startedAt);
    say(`batches a second, ${atOnce} at once: ${perSecond.toFixed(0)}`);
  }

  const openedAt = performance.now();
  await open().then((engine) => engine.close());
  say(`opened with ${PARTITIONS} partitions in ${(performance.now() - openedAt).toFixed(0)} ms`);
  const next = followers[0]!.elect(2);
  const leftAt = performance.now();
  await leader.leave(1);
  await next;
  say(`next controller elected and caught up ${(performance.now() - leftAt).toFixed(0)} ms after the one before left`);
  for (const engine of [leader, ...followers]) await engine.close();
} finally {
  await ensemble.stop();
  rmSync(root, { recursive: true, force: true });
}

// A member of a group: subscribes, polls, commits what it was handed, leaves and comes back; and somebody who asks what
// the group has committed.
import { Admin, Consumer, KafkaError, type TopicPartition } from '@moldau/client';
import type { ClientHost } from './client-host.ts';
import { commitLate } from './late-commits.ts';
import { plainValue } from './producer-loop.ts';

export interface MemberShape {
  readonly name: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly strategy: 'range' | 'cooperative-sticky';
  /** How often in a second of its life it goes away for a while. */
  readonly leaveShare: number;
}

/** Of the new generations that a member comes into. */
const LATE_COMMIT_SHARE = 0.3;

interface CommittedOffset extends TopicPartition {
  readonly offset: number;
}

export async function memberLoop(host: ClientHost, shape: MemberShape): Promise<void> {
  const draws = host.draws.fork(shape.name);
  for (let life = 1; !host.stopping; life++) {
    await oneLife(host, { ...shape, name: `${shape.name}.${life}` }, draws);
    if (!host.stopping) await host.sleep(draws.range(100, 5_000));
  }
}

async function oneLife(host: ClientHost, shape: MemberShape, draws: ClientHost['draws']): Promise<void> {
  const { history, world } = host;
  const { name, group } = shape;
  const consumer = new Consumer({
    ...host.common,
    clientId: name,
    groupId: group,
    autoOffsetReset: 'earliest',
    enableAutoCommit: false,
    sessionTimeoutMs: 4_000,
    heartbeatIntervalMs: 1_000,
    maxPollIntervalMs: 20_000,
    defaultApiTimeoutMs: 10_000,
    partitionAssignmentStrategy: [shape.strategy],
  });
  let session = 0;
  /** Of the last commit that was acknowledged. */
  let committed: { readonly generation: number; readonly offsets: readonly CommittedOffset[] } | undefined;
  const late = draws.fork(`late ${name}`);
  consumer.subscribe(shape.topics, {
    onPartitionsAssigned: (partitions) => {
      session++;
      const { generationId: generation = -1, memberId = '' } = consumer.groupMetadata() ?? {};
      if (committed && committed.generation < generation && late.chance(LATE_COMMIT_SHARE)) {
        const { generation: past, offsets } = committed;
        const delayMs = late.range(0, 1_000);
        host.run(`late commit of ${name}`, () =>
          commitLate(host, { group, memberId, generation: past, offsets }, delayMs),
        );
      }
      for (const { topic, partition } of partitions) {
        history.add({ kind: 'assigned', at: world.now, group, member: name, generation, topic, partition });
      }
    },
  });
  const leaving = world.now + draws.range(1_000, 1_000 / shape.leaveShare);
  const ends = new Map<string, CommittedOffset>();
  while (!host.stopping && world.now < leaving) {
    try {
      const records = await consumer.poll(draws.pick([200, 1_000]));
      ends.clear();
      for (const record of records) {
        const { topic, partition, offset } = record;
        const value = plainValue(record.value);
        history.add({ kind: 'polled', at: world.now, reader: name, session, topic, partition, offset, value });
        ends.set(`${topic}-${partition}`, { topic, partition, offset: offset + 1 });
      }
      if (ends.size === 0) continue;
      const offsets = [...ends.values()];
      for (const where of offsets) history.add({ kind: 'commit', at: world.now, group, member: name, ...where });
      const generation = consumer.groupMetadata()?.generationId ?? -1;
      await consumer.commitSync(offsets);
      for (const where of offsets) history.add({ kind: 'commitAcked', at: world.now, group, member: name, ...where });
      committed = { generation, offsets };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      host.met(error);
      // What it was handed and could not commit it is handed again, or somebody else is: a session of its own.
      session++;
      await host.sleep(draws.range(50, 500));
    }
  }
  await consumer.close({ timeoutMs: 5_000 }).catch((error: unknown) => host.met(error));
}

export async function commitWatcher(
  host: ClientHost,
  group: string,
  partitions: readonly TopicPartition[],
  hasDethroned: () => boolean,
): Promise<void> {
  const draws = host.draws.fork(`watcher of ${group}`);
  const admin = new Admin({ ...host.common, clientId: `watcher-${group}`, defaultApiTimeoutMs: 10_000 });
  while (!host.stopping) {
    await host.sleep(draws.range(500, 4_000));
    await askCommitted(host, admin, group, partitions, hasDethroned);
  }
  await admin.close();
}

/** Asks once; true when it was answered. `hasDethroned`: whether a coordinator that was replaced may answer. */
export async function askCommitted(
  host: ClientHost,
  admin: Admin,
  group: string,
  partitions: readonly TopicPartition[],
  hasDethroned: () => boolean,
): Promise<boolean> {
  const { history, world } = host;
  const since = world.now;
  const dethroned = hasDethroned();
  try {
    const found = await admin.listConsumerGroupOffsets(group);
    for (const { topic, partition } of partitions) {
      const offset = found.find((one) => one.topic === topic && one.partition === partition)?.offset ?? -1;
      history.add({ kind: 'committed', at: world.now, since, dethroned, group, topic, partition, offset });
    }
    return true;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    host.met(error);
    return false;
  }
}

// Somebody who never leaves the cluster alone: deletes and creates topics, moves replicas, elects leaders, changes settings.
import { Admin, KafkaError } from '@moldau/client';
import type { ClientHost } from './client-host.ts';
import type { SimTopic } from './topics.ts';

export interface AdminShape {
  readonly brokers: number;
  readonly replicationFactor: number;
  readonly pauseMs: number;
}

/** One that sleeps longer is taken for one that hangs when the run comes to its end. */
const PAUSE_MS_MAX = 60_000;

export function newAdmin(host: ClientHost, name: string): Admin {
  return new Admin({ ...host.common, clientId: name, defaultApiTimeoutMs: 15_000 });
}

/** Creates what is missing of the topics; answers when each is there. */
export async function createTopics(
  host: ClientHost,
  admin: Admin,
  topics: readonly SimTopic[],
  replicationFactor: number,
): Promise<void> {
  for (let missing = [...topics]; missing.length > 0 && !host.stopping; ) {
    try {
      const wishes = missing.map(({ name, partitions, configs }) => ({
        name,
        numPartitions: partitions,
        replicationFactor,
        configs,
      }));
      const outcomes = await admin.createTopics(wishes);
      missing = missing.filter(({ name }) => {
        const outcome = outcomes.get(name);
        if (!(outcome instanceof KafkaError)) return false;
        host.met(outcome);
        return outcome.error !== 'TOPIC_ALREADY_EXISTS';
      });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      host.met(error);
    }
    if (missing.length > 0) await host.sleep(500);
  }
}

export async function adminLoop(host: ClientHost, topics: readonly SimTopic[], shape: AdminShape): Promise<void> {
  const draws = host.draws.fork('admin');
  const admin = newAdmin(host, 'admin');
  const { brokers, replicationFactor } = shape;
  const deeds: (() => Promise<unknown>)[] = [
    async () => {
      const churned = topics.filter((topic) => topic.churned);
      if (churned.length === 0) return;
      const topic = draws.pick(churned);
      await admin.deleteTopics([topic.name]);
      if (draws.chance(0.5)) await host.sleep(draws.range(0, 3_000));
      await createTopics(host, admin, [topic], replicationFactor);
    },
    async () => {
      if (brokers === 1) return;
      const topic = draws.pick(topics);
      const partition = draws.below(topic.partitions);
      const ids = draws.shuffle(Array.from({ length: brokers }, (_, i) => i + 1));
      const count = draws.chance(0.8) ? replicationFactor : draws.between(1, replicationFactor);
      const replicas = draws.chance(0.1) ? null : ids.slice(0, Math.max(count, Math.min(2, replicationFactor)));
      await admin.alterPartitionReassignments([{ topic: topic.name, partition, replicas }]);
    },
    () => admin.electLeaders('preferred'),
    () => {
      const topic = draws.pick(topics);
      const change = draws.pick([
        { name: 'segment.ms', value: String(draws.pick([500, 5_000, 600_000])) },
        { name: 'internal.segment.bytes', value: String(draws.pick([300, 1_000, 10_000])) },
        { name: 'flush.ms', value: String(draws.pick([100, 5_000])) },
      ]);
      return admin.incrementalAlterConfigs([
        { type: 'topic', name: topic.name, changes: [{ ...change, operation: 'SET' }] },
      ]);
    },
    () => admin.listTopics(),
    () => admin.describeTopics(topics.map(({ name }) => name)),
  ];
  while (!host.stopping) {
    await host.sleep(Math.min(draws.skewed(shape.pauseMs), PAUSE_MS_MAX));
    try {
      await draws.pick(deeds)();
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      host.met(error);
    }
  }
  await admin.close();
}

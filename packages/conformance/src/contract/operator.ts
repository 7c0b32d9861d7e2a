// The operator's hands in contract tests: looks at offsets and groups and deletes records, whichever client is under test.
// Built on KafkaJS's admin, which is plain JavaScript and speaks the oldest protocol versions we serve (and on
// @platformatic/kafka for the one thing it lacks).
import { Admin as ModernAdmin } from '@platformatic/kafka';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { bootstrap } from '../suite/target.ts';
import { whenLed } from './leaders.ts';

export interface Operator {
  createTopic(topic: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>;
  /** Low and high offset of each partition, in order. */
  offsets(topic: string): Promise<{ low: number; high: number }[]>;
  /** Committed offset of each partition, -1 where there is none. */
  committed(group: string, topic: string): Promise<number[]>;
  deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void>;
  /** Bytes of these partitions in the log directories. */
  sizeOf(topic: string, partitions: readonly number[]): Promise<number>;
  groupState(group: string): Promise<{ state: string; members: number }>;
  close(): Promise<void>;
}

export async function openOperator(): Promise<Operator> {
  const kafka = new Kafka({ brokers: [bootstrap], clientId: 'operator', logLevel: logLevel.NOTHING });
  const admin: Admin = kafka.admin({ retry: { retries: 10, initialRetryTime: 100 } });
  await admin.connect();
  return {
    async createTopic(topic, partitions, configs = {}) {
      const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
      await admin.createTopics({
        topics: [{ topic, numPartitions: partitions, configEntries }],
        waitForLeaders: false,
      });
      await whenLed(topic, partitions);
    },
    async sizeOf(topic, partitions) {
      // KafkaJS has no DescribeLogDirs.
      const modern = new ModernAdmin({ clientId: 'operator', bootstrapBrokers: [bootstrap] });
      try {
        const brokers = await modern.describeLogDirs({ topics: [{ name: topic, partitions: [...partitions] }] });
        const topics = brokers.flatMap((one) => one.results).flatMap((directory) => directory.topics);
        const sizes = topics.filter((one) => one.name === topic).flatMap((one) => one.partitions);
        return sizes.reduce((sum, one) => sum + Number(one.partitionSize), 0);
      } finally {
        await modern.close();
      }
    },
    async offsets(topic) {
      const found = await admin.fetchTopicOffsets(topic);
      return found
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ low, high }) => ({ low: Number(low), high: Number(high) }));
    },
    async committed(group, topic) {
      const found = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const partitions = found[0]?.partitions ?? [];
      return partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset));
    },
    async deleteRecordsBefore(topic, partition, offset) {
      await admin.fetchTopicMetadata({ topics: [topic] }); // KafkaJS looks for the leader only among topics it knows
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    },
    async groupState(group) {
      const { groups } = await admin.describeGroups([group]);
      return { state: groups[0]?.state ?? 'none', members: groups[0]?.members.length ?? 0 };
    },
    close: () => admin.disconnect(),
  };
}

// Every tool by its name. A tool's code is loaded when it is asked for, so that each starts as fast as the smallest.
import type { Tool } from './tool.ts';

export interface ToolEntry {
  /** One line for the list of commands. */
  readonly summary: string;
  load(): Promise<Tool>;
}

/** Kafka's script names without `.sh`, and commands of our own. */
export const TOOLS: Readonly<Record<string, ToolEntry>> = {
  'kafka-server-start': {
    summary: 'start a broker from a properties file',
    load: async () => (await import('./server/server-start.ts')).serverStart,
  },
  'kafka-server-stop': {
    summary: 'stop the brokers started on this machine from this folder',
    load: async () => (await import('./server/server-stop.ts')).serverStop,
  },
  'kafka-storage': {
    summary: 'choose a cluster id, mark the directories of a broker with it',
    load: async () => (await import('./storage/storage.ts')).storage,
  },
  'move-to-zookeeper': {
    summary: 'move the metadata of a stopped broker into ZooKeeper',
    load: async () => (await import('./zookeeper/move-to-zookeeper.ts')).moveToZooKeeperTool,
  },
  'kafka-topics': {
    summary: 'create, list, describe, alter and delete topics',
    load: async () => (await import('./topics/topics.ts')).topics,
  },
  'kafka-console-producer': {
    summary: 'write lines from standard input to a topic',
    load: async () => (await import('./console-producer/console-producer.ts')).consoleProducer,
  },
  'kafka-console-consumer': {
    summary: 'print the records of a topic',
    load: async () => (await import('./console-consumer/console-consumer.ts')).consoleConsumer,
  },
  'kafka-consumer-groups': {
    summary: 'list and describe consumer groups, reset and delete their offsets',
    load: async () => (await import('./consumer-groups/consumer-groups.ts')).consumerGroups,
  },
  'kafka-configs': {
    summary: 'show and change settings of topics, brokers, groups …',
    load: async () => (await import('./configs/configs.ts')).configs,
  },
  'kafka-acls': {
    summary: 'show, add and remove access rules',
    load: async () => (await import('./acls/acls.ts')).acls,
  },
  'kafka-get-offsets': {
    summary: 'print offsets of partitions',
    load: async () => (await import('./offsets/get-offsets.ts')).getOffsets,
  },
  'kafka-delete-records': {
    summary: 'delete records up to an offset',
    load: async () => (await import('./offsets/delete-records.ts')).deleteRecords,
  },
  'kafka-reassign-partitions': {
    summary: 'move partitions to other brokers or directories',
    load: async () => (await import('./reassign-partitions/reassign-partitions.ts')).reassignPartitions,
  },
  'kafka-leader-election': {
    summary: 'elect leaders of partitions, preferred or unclean',
    load: async () => (await import('./leader-election/leader-election.ts')).leaderElection,
  },
  'kafka-preferred-replica-election': {
    summary: 'elect preferred leaders; the older name of kafka-leader-election',
    load: async () => (await import('./leader-election/preferred-replica-election.ts')).preferredReplicaElection,
  },
  'kafka-log-dirs': {
    summary: 'show what lies in the log directories of brokers',
    load: async () => (await import('./log-dirs/log-dirs.ts')).logDirs,
  },
  'kafka-replica-verification': {
    summary: 'compare the replicas of partitions',
    load: async () => (await import('./replica-verification/replica-verification.ts')).replicaVerification,
  },
  'kafka-cluster': {
    summary: 'show the id of a cluster and its brokers, forget one that is gone',
    load: async () => (await import('./cluster-tool/cluster.ts')).cluster,
  },
  'kafka-broker-api-versions': {
    summary: 'print which APIs and versions each broker serves',
    load: async () => (await import('./api-versions/broker-api-versions.ts')).brokerApiVersions,
  },
  'kafka-dump-log': {
    summary: 'show the content of log and index files',
    load: async () => (await import('./dump-log/dump-log.ts')).dumpLog,
  },
  'kafka-producer-perf-test': {
    summary: 'measure producing',
    load: async () => (await import('./perf/producer-perf.ts')).producerPerf,
  },
  'kafka-consumer-perf-test': {
    summary: 'measure consuming',
    load: async () => (await import('./perf/consumer-perf.ts')).consumerPerf,
  },
  'kafka-verifiable-producer': {
    summary: 'produce numbers and print what was acknowledged, as JSON',
    load: async () => (await import('./verifiable/verifiable-producer.ts')).verifiableProducer,
  },
  'kafka-verifiable-consumer': {
    summary: 'consume and print every event, as JSON',
    load: async () => (await import('./verifiable/verifiable-consumer.ts')).verifiableConsumer,
  },
};

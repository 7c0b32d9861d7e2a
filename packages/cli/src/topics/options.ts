import { defineOptions } from '../command-line/option.ts';

/** The options of kafka-topics. */
export const TOPICS_OPTIONS = defineOptions({
  'bootstrap-server': {
    description: 'REQUIRED: a broker to connect to, or several.',
    argument: 'required',
    shown: 'server to connect to',
  },
  'command-config': {
    description: 'File with settings of the connection.',
    argument: 'required',
    shown: 'command config property file',
  },
  list: { description: 'Print the names of the topics.' },
  create: { description: 'Make a topic.' },
  delete: { description: 'Remove topics.' },
  alter: { description: 'Give topics more partitions. (Their settings: kafka-configs.)' },
  describe: { description: 'Show partitions, leaders, replicas and settings.' },
  topic: {
    description: 'The topic. A regular expression everywhere but with --create.',
    argument: 'required',
    shown: 'topic',
  },
  'topic-id': { description: 'The id of the topic to describe.', argument: 'required', shown: 'topic-id' },
  config: {
    description:
      'A setting of the topic to create, such as retention.ms=60000. Repeatable. (Of a topic that exists: kafka-configs.)',
    argument: 'required',
    shown: 'name=value',
  },
  'delete-config': {
    description: 'No longer served: kafka-configs takes settings back.',
    argument: 'required',
    shown: 'name',
  },
  partitions: {
    description:
      'How many partitions to create, or to have after --alter. The default is that of the cluster. (More partitions send most keys to other partitions than before.)',
    argument: 'required',
    shown: '# of partitions',
    kind: 'integer',
  },
  'replication-factor': {
    description: 'How many replicas each partition has. The default is that of the cluster.',
    argument: 'required',
    shown: 'replication factor',
    kind: 'integer',
  },
  'replica-assignment': {
    description: 'Which brokers hold each partition, instead of a choice by the cluster.',
    argument: 'required',
    shown:
      'broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , broker_id_for_part2_replica1 : broker_id_for_part2_replica2 , ...',
  },
  'under-replicated-partitions': { description: 'With --describe: only partitions with a replica out of sync.' },
  'unavailable-partitions': { description: 'With --describe: only partitions without a live leader.' },
  'under-min-isr-partitions': {
    description: 'With --describe: only partitions with fewer replicas in sync than min.insync.replicas.',
  },
  'at-min-isr-partitions': {
    description: 'With --describe: only partitions with exactly as many replicas in sync as min.insync.replicas.',
  },
  'topics-with-overrides': { description: 'With --describe: only topics with settings of their own.' },
  'if-exists': { description: 'Do nothing when the topic is not there, instead of failing.' },
  'if-not-exists': { description: 'Do nothing when the topic is there already, instead of failing.' },
  'exclude-internal': { description: 'Leave out internal topics.' },
  'partition-size-limit-per-response': {
    description: 'How many partitions a broker may describe in one answer.',
    argument: 'required',
    shown: 'maximum number of partitions per response',
    kind: 'integer',
  },
});

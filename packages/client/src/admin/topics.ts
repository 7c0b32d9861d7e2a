// Topics: list, describe, create, delete, more partitions.
import { ZERO_UUID } from '@moldau/protocol';
import type { DescribeTopicPartitionsResponse } from '@moldau/protocol/messages/describe-topic-partitions';
import type { MetadataResponse } from '@moldau/protocol/messages/metadata';
import type { BrokerNode } from '../cluster/metadata.ts';
import { errorOfCode, KafkaError } from '../errors.ts';
import { authorized } from './acls.ts';
import type { AdminCalls } from './admin-calls.ts';
import type {
  CallOptions,
  CreatedTopic,
  CreateTopicsOptions,
  DescribeTopicsOptions,
  NewPartitions,
  NewTopic,
  Node,
  Outcome,
  PartitionDescription,
  TopicDescription,
  TopicListing,
  WithAuthorizedOperations,
} from './admin-model.ts';

export function listTopics(
  calls: AdminCalls,
  options: CallOptions & { readonly internal?: boolean } = {},
): Promise<TopicListing[]> {
  return calls.run('Listing topics', options, async () => {
    const answer = await calls.cluster.send(
      'any',
      'Metadata',
      { topics: null, allowAutoTopicCreation: false },
      { newest: 12 },
    );
    return answer.topics
      .filter((topic) => topic.errorCode === 0 && topic.name !== null && (options.internal || !topic.isInternal))
      .map(({ name, topicId, isInternal }) => ({ name: name ?? '', topicId, internal: isInternal }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

export function describeTopics(
  calls: AdminCalls,
  topics: readonly string[] | { readonly topicIds: readonly string[] },
  options: DescribeTopicsOptions = {},
): Promise<Map<string, Outcome<TopicDescription>>> {
  const byId = 'topicIds' in topics;
  const wanted = byId ? topics.topicIds : topics;
  return calls.run('Describing topics', options, async () => {
    if (wanted.length === 0) return new Map();
    const connection = await calls.cluster.anyConnection();
    if (!byId && connection.versions.find('DescribeTopicPartitions') !== undefined) {
      return describeByPages(calls, wanted, options);
    }
    const answer = await calls.cluster.send(
      'any',
      'Metadata',
      (version) => {
        if (byId && version < 12)
          throw new KafkaError('UNSUPPORTED_VERSION', { message: 'The broker does not find topics by id.' });
        return {
          topics: wanted.map((key) => (byId ? { name: null, topicId: key } : { name: key })),
          allowAutoTopicCreation: version < 4,
          ...(version >= 8 ? { includeTopicAuthorizedOperations: options.includeAuthorizedOperations ?? false } : {}),
        };
      },
      { newest: 12 },
    );
    const nodes = new Map(answer.brokers.map((broker) => [broker.nodeId, { ...broker, id: broker.nodeId }]));
    const outcomes = new Map<string, Outcome<TopicDescription>>();
    for (const topic of answer.topics) {
      const key = byId ? topic.topicId : (topic.name ?? '');
      const error = errorOfCode(topic.errorCode, topic.name === null ? {} : { topic: topic.name });
      outcomes.set(key, error ?? describedTopic(topic, nodes, options));
    }
    return outcomes;
  });
}

/** DescribeTopicPartitions (KIP-966) answers page by page; the cursor of one answer starts the next question. */
async function describeByPages(
  calls: AdminCalls,
  names: readonly string[],
  options: DescribeTopicsOptions,
): Promise<Map<string, Outcome<TopicDescription>>> {
  await calls.brokers();
  const nodes = calls.cluster.metadata.brokers;
  const responsePartitionLimit = options.partitionSizeLimitPerResponse ?? 2000;
  const outcomes = new Map<string, Outcome<TopicDescription>>();
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null;
  const sorted = [...new Set(names)].sort();
  do {
    const from = cursor;
    const answer: DescribeTopicPartitionsResponse = await calls.cluster.send('any', 'DescribeTopicPartitions', {
      topics: sorted.filter((name) => from === null || name >= from.topicName).map((name) => ({ name })),
      responsePartitionLimit,
      cursor: from,
    });
    for (const topic of answer.topics) {
      const name = topic.name ?? '';
      const before = outcomes.get(name);
      const error = errorOfCode(topic.errorCode, { topic: name });
      const page = error ?? describedTopic(topic, nodes, options);
      outcomes.set(
        name,
        before === undefined || before instanceof KafkaError || page instanceof KafkaError
          ? page
          : { ...before, partitions: [...before.partitions, ...page.partitions] },
      );
    }
    cursor = answer.nextCursor;
  } while (cursor !== null);
  return outcomes;
}

type AnyTopic = DescribeTopicPartitionsResponse['topics'][number] | MetadataResponse['topics'][number];

function describedTopic(
  topic: AnyTopic,
  nodes: ReadonlyMap<number, BrokerNode>,
  asked: WithAuthorizedOperations,
): TopicDescription {
  const node = (id: number): Node => {
    const known = nodes.get(id);
    // A broker that is down has no address.
    return known
      ? { id, host: known.host, port: known.port, rack: known.rack }
      : { id, host: '', port: -1, rack: null };
  };
  const partitions = topic.partitions.map((entry): PartitionDescription => {
    const paged = 'eligibleLeaderReplicas' in entry ? entry : undefined;
    return {
      partition: entry.partitionIndex,
      leader: entry.leaderId < 0 ? null : node(entry.leaderId),
      leaderEpoch: entry.leaderEpoch,
      replicas: entry.replicaNodes.map(node),
      isr: entry.isrNodes.map(node),
      offlineReplicas: entry.offlineReplicas.map(node),
      elr: paged?.eligibleLeaderReplicas?.map(node) ?? null,
      lastKnownElr: paged?.lastKnownElr?.map(node) ?? null,
    };
  });
  partitions.sort((a, b) => a.partition - b.partition);
  return {
    ...{ name: topic.name ?? '', topicId: topic.topicId, internal: topic.isInternal, partitions },
    ...authorized(asked, topic.topicAuthorizedOperations),
  };
}

export function createTopics(
  calls: AdminCalls,
  topics: readonly NewTopic[],
  options: CreateTopicsOptions = {},
): Promise<Map<string, Outcome<CreatedTopic>>> {
  return calls.each(
    'Creating topics',
    options,
    topics,
    ({ name }) => name,
    async (items, leftMs) => {
      const answer = await calls.cluster.send('controller', 'CreateTopics', {
        topics: items.map((topic) => ({
          name: topic.name,
          numPartitions: topic.assignments ? -1 : (topic.numPartitions ?? -1),
          replicationFactor: topic.assignments ? -1 : (topic.replicationFactor ?? -1),
          assignments: (topic.assignments ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
          configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
        })),
        timeoutMs: Math.round(leftMs),
        validateOnly: options.validateOnly ?? false,
      });
      return new Map(
        answer.topics.map(({ name, errorCode, errorMessage, topicId, numPartitions, replicationFactor }) => [
          name,
          errorOfCode(errorCode, { message: errorMessage, topic: name }) ?? {
            topicId,
            numPartitions,
            replicationFactor,
          },
        ]),
      );
    },
  );
}

export function deleteTopics(
  calls: AdminCalls,
  topics: readonly string[] | { readonly topicIds: readonly string[] },
  options: CallOptions = {},
): Promise<Map<string, Outcome<true>>> {
  const byId = 'topicIds' in topics;
  const wanted = byId ? topics.topicIds : topics;
  return calls.each(
    'Deleting topics',
    options,
    wanted,
    (key) => key,
    async (keys, leftMs) => {
      const answer = await calls.cluster.send('controller', 'DeleteTopics', (version) => {
        const timeoutMs = Math.round(leftMs);
        if (version >= 6) {
          return {
            topics: keys.map((key) => (byId ? { name: null, topicId: key } : { name: key, topicId: ZERO_UUID })),
            timeoutMs,
          };
        }
        if (byId) throw new KafkaError('UNSUPPORTED_VERSION', { message: 'The broker does not delete topics by id.' });
        return { topicNames: [...keys], timeoutMs };
      });
      return new Map(
        answer.responses.map(({ name, topicId, errorCode, errorMessage }): [string, Outcome<true>] => {
          const key = byId ? topicId : (name ?? '');
          return [key, errorOfCode(errorCode, { message: errorMessage, topic: key }) ?? true];
        }),
      );
    },
  );
}

export function createPartitions(
  calls: AdminCalls,
  topics: readonly NewPartitions[],
  options: CreateTopicsOptions = {},
): Promise<Map<string, Outcome<true>>> {
  return calls.each(
    'Creating partitions',
    options,
    topics,
    ({ topic }) => topic,
    async (items, leftMs) => {
      const answer = await calls.cluster.send('controller', 'CreatePartitions', {
        topics: items.map(({ topic, totalCount, assignments }) => ({
          name: topic,
          count: totalCount,
          assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
        })),
        timeoutMs: Math.round(leftMs),
        validateOnly: options.validateOnly ?? false,
      });
      return new Map(
        answer.results.map(({ name, errorCode, errorMessage }) => [
          name,
          errorOfCode(errorCode, { message: errorMessage, topic: name }) ?? (true as const),
        ]),
      );
    },
  );
}

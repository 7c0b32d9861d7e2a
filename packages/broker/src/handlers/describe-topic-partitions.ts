// DescribeTopicPartitions (api 75, KIP-966): topics in alphabetical order, a bounded number of partitions at a time; the
// cursor of one answer begins the next request. Served: 0.
// Eligible leader replicas are not kept: the lists are empty, as they are in Kafka while the ISR is whole.
import type { InputOf } from '@moldau/protocol';
import { ZERO_UUID } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '@moldau/protocol/messages/describe-topic-partitions';
import type { BrokerContext, Call } from '../context.ts';
import { topicNameRefusal } from '../controller/topic-name-rules.ts';
import { isInternalTopic } from '../topic-names.ts';
import { couldDo, may } from './access.ts';
import { authorizedOperations, OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { clusterNodes } from './cluster-nodes.ts';
import { partitionAnswer } from './partition-answers.ts';

type Answer = InputOf<typeof DescribeTopicPartitionsResponse>;
type TopicAnswer = Answer['topics'][number];

export function describeTopicPartitions(
  broker: BrokerContext,
  call: Call,
  request: DescribeTopicPartitionsRequest,
): Answer {
  const { cursor } = request;
  const image = broker.image();
  const all = request.topics.length === 0;
  const asked = all ? [...image.topics()].map((topic) => topic.name) : request.topics.map((topic) => topic.name);
  const listed = [...new Set(asked)].filter((name) => cursor === null || name >= cursor.topicName).sort();
  const badCursor = cursor !== null && (cursor.partitionIndex < 0 || (!all && !listed.includes(cursor.topicName)));
  if (badCursor) {
    return { topics: asked.map((name) => failed('INVALID_REQUEST', name)) };
  }

  // Not even whether they are there is told of those that the asker may not describe.
  const describes = all ? couldDo : may;
  const names = broker.authorizer
    ? listed.filter((name) => describes(broker, call, 'DESCRIBE', 'topic', name))
    : listed;
  const visible = new Set(names);
  const hidden = all
    ? []
    : listed
        .filter((name) => !visible.has(name))
        .map((name) => ({ ...failed('TOPIC_AUTHORIZATION_FAILED', name), isInternal: false }));
  const nodes = clusterNodes(broker, call.connection.listener);
  const limit = Math.max(1, Math.min(broker.config.maxRequestPartitionSizeLimit, request.responsePartitionLimit));
  const topics: TopicAnswer[] = [];
  let left = limit;
  const operationsOf = (name: string) => authorizedOperations(broker, call, 'topic', name);
  for (const name of names) {
    if (left === 0) return { topics: [...topics, ...hidden], nextCursor: { topicName: name, partitionIndex: 0 } };
    const topic = image.topic(name);
    if (!topic) {
      if (all) continue;
      const error = topicNameRefusal(name) ? 'INVALID_TOPIC_EXCEPTION' : 'UNKNOWN_TOPIC_OR_PARTITION';
      topics.push({ ...failed(error, name), topicAuthorizedOperations: operationsOf(name) });
      continue;
    }
    const first = cursor?.topicName === name ? cursor.partitionIndex : 0;
    const shown = topic.partitions.slice(first, first + left);
    topics.push({
      errorCode: 0,
      name,
      topicId: topic.topicId,
      isInternal: isInternalTopic(name),
      partitions: shown.map((state) => {
        const { error: _, ...answer } = partitionAnswer(broker, name, state, nodes, 'LEADER_NOT_AVAILABLE');
        return { errorCode: 0, ...answer, eligibleLeaderReplicas: [], lastKnownElr: [] };
      }),
      topicAuthorizedOperations: operationsOf(name),
    });
    left -= shown.length;
    if (first + shown.length < topic.partitions.length) {
      return { topics: [...topics, ...hidden], nextCursor: { topicName: name, partitionIndex: first + shown.length } };
    }
  }
  return { topics: [...topics, ...hidden] };
}

function failed(error: WireError, name: string): TopicAnswer {
  return {
    errorCode: errorCode(error),
    name,
    topicId: ZERO_UUID,
    isInternal: isInternalTopic(name),
    partitions: [],
    topicAuthorizedOperations: OPERATIONS_NOT_ASKED,
  };
}

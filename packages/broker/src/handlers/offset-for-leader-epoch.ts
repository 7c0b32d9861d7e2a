// OffsetForLeaderEpoch (api 23): where a leader epoch ends in our log, by which readers find out that theirs went another
// way (KIP-101, KIP-320). Served: 2-4.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '@moldau/protocol/messages/offset-for-leader-epoch';
import type { BrokerContext, Call } from '../context.ts';
import { couldDoInCluster, may } from './access.ts';

type PartitionWish = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number];
type Response = InputOf<typeof OffsetForLeaderEpochResponse>;

export function offsetForLeaderEpoch(
  broker: BrokerContext,
  call: Call,
  request: OffsetForLeaderEpochRequest,
): Response {
  // Followers, and readers of the topic.
  const everyTopic = couldDoInCluster(broker, call, 'CLUSTER_ACTION');
  const unauthorized = errorCode('TOPIC_AUTHORIZATION_FAILED');
  return {
    topics: request.topics.map(({ topic, partitions }) => {
      if (!everyTopic && !may(broker, call, 'DESCRIBE', 'topic', topic)) {
        return { topic, partitions: partitions.map(({ partition }) => ({ partition, errorCode: unauthorized })) };
      }
      return { topic, partitions: partitions.map((wish) => epochEnd(broker, topic, wish)) };
    }),
  };
}

function epochEnd(broker: BrokerContext, topic: string, wish: PartitionWish) {
  const partition = broker.partitions.led(broker.image(), topic, wish.partition);
  const error = typeof partition === 'string' ? partition : partition.judgeEpoch(wish.currentLeaderEpoch);
  if (typeof partition === 'string' || error !== undefined) {
    return { partition: wish.partition, errorCode: errorCode(error ?? 'UNKNOWN_SERVER_ERROR') };
  }
  const { epoch, endOffset } = partition.log.epochEndOffset(wish.leaderEpoch);
  return { partition: wish.partition, errorCode: 0, leaderEpoch: epoch, endOffset };
}

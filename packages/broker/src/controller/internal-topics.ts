// The topics that brokers make for themselves, with the settings Kafka gives them. Pure.
import type { ClusterImage } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { CONSUMER_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from '../topic-names.ts';
import type { TopicWish } from './create-topics.ts';

/** How a topic is created that nobody described: an internal one as its coordinator needs it, any other by defaults. */
export function wishForMissing(name: string, config: BrokerConfig, image: ClusterImage): TopicWish {
  switch (name) {
    case CONSUMER_OFFSETS_TOPIC:
      return {
        name,
        numPartitions: config.offsetsTopicNumPartitions,
        replicationFactor: reachable(
          config,
          'offsets.topic.replication.factor',
          config.offsetsTopicReplicationFactor,
          image,
        ),
        assignments: [],
        configs: configs({
          'cleanup.policy': 'compact',
          'compression.type': 'producer',
          'segment.bytes': atLeastSegment(config.offsetsTopicSegmentBytes),
        }),
      };
    case TRANSACTION_STATE_TOPIC:
      return {
        name,
        numPartitions: config.transactionStateLogNumPartitions,
        replicationFactor: reachable(
          config,
          'transaction.state.log.replication.factor',
          config.transactionStateLogReplicationFactor,
          image,
        ),
        assignments: [],
        configs: configs({
          'cleanup.policy': 'compact',
          'compression.type': 'uncompressed',
          'min.insync.replicas': String(
            reachable(config, 'transaction.state.log.min.isr', config.transactionStateLogMinIsr, image),
          ),
          'segment.bytes': atLeastSegment(config.transactionStateLogSegmentBytes),
          'unclean.leader.election.enable': 'false',
        }),
      };
    case SHARE_GROUP_STATE_TOPIC:
      return {
        name,
        numPartitions: config.shareCoordinatorStateTopicNumPartitions,
        replicationFactor: reachable(
          config,
          'share.coordinator.state.topic.replication.factor',
          config.shareCoordinatorStateTopicReplicationFactor,
          image,
        ),
        assignments: [],
        configs: configs({
          'cleanup.policy': 'delete',
          'compression.type': 'producer',
          'min.insync.replicas': String(
            reachable(config, 'share.coordinator.state.topic.min.isr', config.shareCoordinatorStateTopicMinIsr, image),
          ),
          'retention.ms': '-1',
          'segment.bytes': atLeastSegment(config.shareCoordinatorStateTopicSegmentBytes),
        }),
      };
    default:
      return { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
  }
}

/**
 * Kafka's default of three replicas keeps a single broker from having groups at all until somebody sets it to one. When
 * nobody said a number, as many as there are brokers will do; a number that was said is meant.
 */
function reachable(config: BrokerConfig, setting: string, wanted: number, image: ClusterImage): number {
  return config.given.has(setting) ? wanted : Math.max(1, Math.min(wanted, image.liveBrokers().length));
}

/** Kafka lets these settings go below what a topic may have. */
function atLeastSegment(bytes: number): string {
  return String(Math.max(1_048_576, bytes));
}

function configs(values: Readonly<Record<string, string>>): TopicWish['configs'] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

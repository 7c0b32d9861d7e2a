// StreamsGroupTopology (type 23 of __consumer_offsets): the topology of a Streams group (KIP-1071).
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const StreamsGroupTopologyKey = recordKey({
  type: 23,
  name: 'StreamsGroupTopologyKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type StreamsGroupTopologyKey = MessageOf<typeof StreamsGroupTopologyKey>;

const TopicConfig = { key: string(), value: string() };

const TopicInfo = { name: string(), partitions: int32(), replicationFactor: int16(), topicConfigs: array(TopicConfig) };

export const StreamsGroupTopologyValue = recordValue({
  type: 23,
  name: 'StreamsGroupTopologyValue',
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    subtopologies: array({
      subtopologyId: string(),
      sourceTopics: array(string()),
      sourceTopicRegex: array(string()),
      stateChangelogTopics: array(TopicInfo),
      repartitionSinkTopics: array(string()),
      repartitionSourceTopics: array(TopicInfo),
      copartitionGroups: array({
        sourceTopics: array(int16()),
        sourceTopicRegex: array(int16()),
        repartitionSourceTopics: array(int16()),
      }),
    }),
  },
});
export type StreamsGroupTopologyValue = MessageOf<typeof StreamsGroupTopologyValue>;

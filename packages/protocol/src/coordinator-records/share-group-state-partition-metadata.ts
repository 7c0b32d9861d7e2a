// ShareGroupStatePartitionMetadata (type 15 of __consumer_offsets): which share partitions are being initialized, live or being deleted (KIP-932).
import { array, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareGroupStatePartitionMetadataKey = recordKey({
  type: 15,
  name: 'ShareGroupStatePartitionMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type ShareGroupStatePartitionMetadataKey = MessageOf<typeof ShareGroupStatePartitionMetadataKey>;

const TopicPartitionsInfo = { topicId: uuid(), topicName: string(), partitions: array(int32()) };

const TopicInfo = { topicId: uuid(), topicName: string() };

export const ShareGroupStatePartitionMetadataValue = recordValue({
  type: 15,
  name: 'ShareGroupStatePartitionMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    initializingTopics: array(TopicPartitionsInfo),
    initializedTopics: array(TopicPartitionsInfo),
    deletingTopics: array(TopicInfo),
  },
});
export type ShareGroupStatePartitionMetadataValue = MessageOf<typeof ShareGroupStatePartitionMetadataValue>;

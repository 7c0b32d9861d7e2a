// ConsumerGroupPartitionMetadata (type 4 of __consumer_offsets): partitions a consumer group subscribes to, as older releases wrote them (KIP-848).
import { array, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ConsumerGroupPartitionMetadataKey = recordKey({
  type: 4,
  name: 'ConsumerGroupPartitionMetadataKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string() },
});
export type ConsumerGroupPartitionMetadataKey = MessageOf<typeof ConsumerGroupPartitionMetadataKey>;

export const ConsumerGroupPartitionMetadataValue = recordValue({
  type: 4,
  name: 'ConsumerGroupPartitionMetadataValue',
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array({
      topicId: uuid(),
      topicName: string(),
      numPartitions: int32(),
      partitionMetadata: array({ partition: int32(), racks: array(string()) }),
    }),
  },
});
export type ConsumerGroupPartitionMetadataValue = MessageOf<typeof ConsumerGroupPartitionMetadataValue>;

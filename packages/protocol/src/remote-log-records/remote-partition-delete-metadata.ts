// What __remote_log_metadata says of the deletion of a partition in tiered storage (KIP-405).
import { int8, int32, int64, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, recordValue } from '../description/message.ts';

export const RemotePartitionDeleteMetadataRecord = recordValue({
  type: 2,
  name: 'RemotePartitionDeleteMetadataRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    topicIdPartition: struct({ name: string(), id: uuid(), partition: int32() }),
    brokerId: int32(),
    eventTimestampMs: int64(),
    remotePartitionDeleteState: int8(),
  },
});
export type RemotePartitionDeleteMetadataRecord = MessageOf<typeof RemotePartitionDeleteMetadataRecord>;

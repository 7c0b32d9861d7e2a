// ShareSnapshot (type 0 of __share_group_state): whole state of a share partition (KIP-932).
import { array, int8, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareSnapshotKey = recordKey({
  type: 0,
  name: 'ShareSnapshotKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), topicId: uuid(), partition: int32() },
});
export type ShareSnapshotKey = MessageOf<typeof ShareSnapshotKey>;

export const ShareSnapshotValue = recordValue({
  type: 0,
  name: 'ShareSnapshotValue',
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    createTimestamp: int64(),
    writeTimestamp: int64(),
    stateBatches: array({ firstOffset: int64(), lastOffset: int64(), deliveryState: int8(), deliveryCount: int16() }),
  },
});
export type ShareSnapshotValue = MessageOf<typeof ShareSnapshotValue>;

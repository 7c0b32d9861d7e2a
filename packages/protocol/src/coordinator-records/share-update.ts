// ShareUpdate (type 1 of __share_group_state): changes to the state of a share partition since its snapshot (KIP-932).
import { array, int8, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, recordKey, recordValue } from '../description/message.ts';

export const ShareUpdateKey = recordKey({
  type: 1,
  name: 'ShareUpdateKey',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), topicId: uuid(), partition: int32() },
});
export type ShareUpdateKey = MessageOf<typeof ShareUpdateKey>;

export const ShareUpdateValue = recordValue({
  type: 1,
  name: 'ShareUpdateValue',
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    stateBatches: array({ firstOffset: int64(), lastOffset: int64(), deliveryState: int8(), deliveryCount: int16() }),
  },
});
export type ShareUpdateValue = MessageOf<typeof ShareUpdateValue>;

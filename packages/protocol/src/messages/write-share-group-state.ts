// WriteShareGroupState (api 85): writes the persisted state of a share partition (KIP-932).
//   v1  count of deliveries done (KIP-1226)
import { array, int8, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const WriteShareGroupStateRequest = request({
  api: 85,
  name: 'WriteShareGroupState',
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
        stateBatches: array({
          firstOffset: int64(),
          lastOffset: int64(),
          deliveryState: int8(),
          deliveryCount: int16(),
        }),
      }),
    }),
  },
});
export type WriteShareGroupStateRequest = MessageOf<typeof WriteShareGroupStateRequest>;

export const WriteShareGroupStateResponse = response({
  api: 85,
  name: 'WriteShareGroupState',
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
});
export type WriteShareGroupStateResponse = MessageOf<typeof WriteShareGroupStateResponse>;

// ReadShareGroupState (api 84): reads the persisted state of a share partition (KIP-932).
import { array, int8, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ReadShareGroupStateRequest = request({
  api: 84,
  name: 'ReadShareGroupState',
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string(),
    topics: array({ topicId: uuid(), partitions: array({ partition: int32(), leaderEpoch: int32() }) }),
  },
});
export type ReadShareGroupStateRequest = MessageOf<typeof ReadShareGroupStateRequest>;

export const ReadShareGroupStateResponse = response({
  api: 84,
  name: 'ReadShareGroupState',
  versions: '0',
  flexible: '0+',
  fields: {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        stateEpoch: int32(),
        startOffset: int64(),
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
export type ReadShareGroupStateResponse = MessageOf<typeof ReadShareGroupStateResponse>;

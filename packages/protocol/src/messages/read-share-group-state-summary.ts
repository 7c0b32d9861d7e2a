// ReadShareGroupStateSummary (api 87): reads offset and epoch of the persisted state of a share partition (KIP-932).
//   v1  count of deliveries done (KIP-1226)
import { array, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ReadShareGroupStateSummaryRequest = request({
  api: 87,
  name: 'ReadShareGroupStateSummary',
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: string(),
    topics: array({ topicId: uuid(), partitions: array({ partition: int32(), leaderEpoch: int32() }) }),
  },
});
export type ReadShareGroupStateSummaryRequest = MessageOf<typeof ReadShareGroupStateSummaryRequest>;

export const ReadShareGroupStateSummaryResponse = response({
  api: 87,
  name: 'ReadShareGroupStateSummary',
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: array({
      topicId: uuid(),
      partitions: array({
        partition: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        stateEpoch: int32(),
        leaderEpoch: int32(),
        startOffset: int64(),
        deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
      }),
    }),
  },
});
export type ReadShareGroupStateSummaryResponse = MessageOf<typeof ReadShareGroupStateSummaryResponse>;

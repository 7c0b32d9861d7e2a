// InitializeShareGroupState (api 83): starts the persisted state of a share partition (KIP-932).
import { array, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const InitializeShareGroupStateRequest = request({
  api: 83,
  name: 'InitializeShareGroupState',
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string(),
    topics: array({
      topicId: uuid(),
      partitions: array({ partition: int32(), stateEpoch: int32(), startOffset: int64() }),
    }),
  },
});
export type InitializeShareGroupStateRequest = MessageOf<typeof InitializeShareGroupStateRequest>;

export const InitializeShareGroupStateResponse = response({
  api: 83,
  name: 'InitializeShareGroupState',
  versions: '0',
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
export type InitializeShareGroupStateResponse = MessageOf<typeof InitializeShareGroupStateResponse>;

// DeleteShareGroupState (api 86): deletes the persisted state of a share partition (KIP-932).
import { array, int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DeleteShareGroupStateRequest = request({
  api: 86,
  name: 'DeleteShareGroupState',
  versions: '0',
  flexible: '0+',
  fields: { groupId: string(), topics: array({ topicId: uuid(), partitions: array({ partition: int32() }) }) },
});
export type DeleteShareGroupStateRequest = MessageOf<typeof DeleteShareGroupStateRequest>;

export const DeleteShareGroupStateResponse = response({
  api: 86,
  name: 'DeleteShareGroupState',
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
export type DeleteShareGroupStateResponse = MessageOf<typeof DeleteShareGroupStateResponse>;

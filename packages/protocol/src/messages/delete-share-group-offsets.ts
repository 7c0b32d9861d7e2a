// DeleteShareGroupOffsets (api 92): forgets start offsets of a share group (KIP-932).
import { array, int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DeleteShareGroupOffsetsRequest = request({
  api: 92,
  name: 'DeleteShareGroupOffsets',
  versions: '0',
  flexible: '0+',
  fields: { groupId: string(), topics: array({ topicName: string() }) },
});
export type DeleteShareGroupOffsetsRequest = MessageOf<typeof DeleteShareGroupOffsetsRequest>;

export const DeleteShareGroupOffsetsResponse = response({
  api: 92,
  name: 'DeleteShareGroupOffsets',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array({
      topicName: string(),
      topicId: uuid(),
      errorCode: int16(),
      errorMessage: string({ nullable: '0+', default: null }),
    }),
  },
});
export type DeleteShareGroupOffsetsResponse = MessageOf<typeof DeleteShareGroupOffsetsResponse>;

// AlterShareGroupOffsets (api 91): sets start offsets of a share group (KIP-932).
import { array, int16, int32, int64, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterShareGroupOffsetsRequest = request({
  api: 91,
  name: 'AlterShareGroupOffsets',
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: string(),
    topics: array({ topicName: string(), partitions: array({ partitionIndex: int32(), startOffset: int64() }) }),
  },
});
export type AlterShareGroupOffsetsRequest = MessageOf<typeof AlterShareGroupOffsetsRequest>;

export const AlterShareGroupOffsetsResponse = response({
  api: 91,
  name: 'AlterShareGroupOffsets',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array({
      topicName: string(),
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    }),
  },
});
export type AlterShareGroupOffsetsResponse = MessageOf<typeof AlterShareGroupOffsetsResponse>;

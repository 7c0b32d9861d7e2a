// OffsetDelete (api 47): forgets committed offsets of a group (KIP-496).
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const OffsetDeleteRequest = request({
  api: 47,
  name: 'OffsetDelete',
  versions: '0',
  flexible: 'none',
  fields: { groupId: string(), topics: array({ name: string(), partitions: array({ partitionIndex: int32() }) }) },
});
export type OffsetDeleteRequest = MessageOf<typeof OffsetDeleteRequest>;

export const OffsetDeleteResponse = response({
  api: 47,
  name: 'OffsetDelete',
  versions: '0',
  flexible: 'none',
  fields: {
    errorCode: int16(),
    throttleTimeMs: int32({ default: 0, ignorable: true }),
    topics: array({ name: string(), partitions: array({ partitionIndex: int32(), errorCode: int16() }) }),
  },
});
export type OffsetDeleteResponse = MessageOf<typeof OffsetDeleteResponse>;

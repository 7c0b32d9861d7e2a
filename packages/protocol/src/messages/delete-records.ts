// DeleteRecords (api 21): moves the start of partitions forward.
//   v2  flexible
import { array, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DeleteRecordsRequest = request({
  api: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: '2+',
  fields: {
    topics: array({ name: string(), partitions: array({ partitionIndex: int32(), offset: int64() }) }),
    timeoutMs: int32(),
  },
});
export type DeleteRecordsRequest = MessageOf<typeof DeleteRecordsRequest>;

export const DeleteRecordsResponse = response({
  api: 21,
  name: 'DeleteRecords',
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({ partitionIndex: int32(), lowWatermark: int64(), errorCode: int16() }),
    }),
  },
});
export type DeleteRecordsResponse = MessageOf<typeof DeleteRecordsResponse>;

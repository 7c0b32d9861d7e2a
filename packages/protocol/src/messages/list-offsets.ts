// ListOffsets (api 2): which offset a partition has at a timestamp, or at one of the special points.
//   v1   oldest version served: one offset, with its timestamp
//   v2   isolation level
//   v4   leader epoch, both ways (KIP-320)
//   v5   OFFSET_NOT_AVAILABLE may be answered
//   v6   flexible
//   v7   timestamp -3: the record with the greatest timestamp (KIP-734)
//   v8   timestamp -4: earliest offset held locally (KIP-405)
//   v9   timestamp -5: last offset in tiered storage (KIP-1005)
//   v10  a time limit for asking remote storage (KIP-1075)
//   v11  timestamp -6: earliest offset waiting for upload (KIP-1023)
// Timestamps -1 and -2 mean the end and the start of the log in every version.
import { array, int8, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ListOffsetsRequest = request({
  api: 2,
  name: 'ListOffsets',
  versions: '1-11',
  flexible: '6+',
  fields: {
    replicaId: int32(),
    isolationLevel: int8({ versions: '2+' }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ versions: '4+', default: -1, ignorable: true }),
        timestamp: int64(),
      }),
    }),
    timeoutMs: int32({ versions: '10+', ignorable: true }),
  },
});
export type ListOffsetsRequest = MessageOf<typeof ListOffsetsRequest>;

export const ListOffsetsResponse = response({
  api: 2,
  name: 'ListOffsets',
  versions: '1-11',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '2+', default: 0, ignorable: true }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        timestamp: int64({ default: -1 }),
        offset: int64({ default: -1 }),
        leaderEpoch: int32({ versions: '4+', default: -1 }),
      }),
    }),
  },
});
export type ListOffsetsResponse = MessageOf<typeof ListOffsetsResponse>;

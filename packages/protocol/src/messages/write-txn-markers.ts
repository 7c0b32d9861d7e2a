// WriteTxnMarkers (api 27): the transaction coordinator writes outcome markers to partitions.
//   v1  oldest version served: flexible
//   v2  transaction version of the marker (KIP-1228)
import { array, bool, int8, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const WriteTxnMarkersRequest = request({
  api: 27,
  name: 'WriteTxnMarkers',
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array({
      producerId: int64(),
      producerEpoch: int16(),
      transactionResult: bool(),
      topics: array({ name: string(), partitionIndexes: array(int32()) }),
      coordinatorEpoch: int32(),
      transactionVersion: int8({ versions: '2+', default: 0, ignorable: true }),
    }),
  },
});
export type WriteTxnMarkersRequest = MessageOf<typeof WriteTxnMarkersRequest>;

export const WriteTxnMarkersResponse = response({
  api: 27,
  name: 'WriteTxnMarkers',
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: array({
      producerId: int64(),
      topics: array({ name: string(), partitions: array({ partitionIndex: int32(), errorCode: int16() }) }),
    }),
  },
});
export type WriteTxnMarkersResponse = MessageOf<typeof WriteTxnMarkersResponse>;

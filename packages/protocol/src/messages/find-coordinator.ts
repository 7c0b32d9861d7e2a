// FindCoordinator (api 10): which broker coordinates a group or a transactional id.
//   v1  key type: 0 group, 1 transaction; throttle time, message
//   v3  flexible
//   v4  many keys in one request (KIP-699)
//   v5  TRANSACTION_ABORTABLE may be answered (KIP-890)
//   v6  key type 2: share partition, keyed group:topicId:partition (KIP-932)
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const FindCoordinatorRequest = request({
  api: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  fields: {
    key: string({ versions: '0-3' }),
    keyType: int8({ versions: '1+', default: 0 }),
    coordinatorKeys: array(string(), { versions: '4+' }),
  },
});
export type FindCoordinatorRequest = MessageOf<typeof FindCoordinatorRequest>;

export const FindCoordinatorResponse = response({
  api: 10,
  name: 'FindCoordinator',
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    errorCode: int16({ versions: '0-3' }),
    errorMessage: string({ versions: '1-3', nullable: '0+', ignorable: true }),
    nodeId: int32({ versions: '0-3' }),
    host: string({ versions: '0-3' }),
    port: int32({ versions: '0-3' }),
    coordinators: array(
      {
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', ignorable: true }),
      },
      { versions: '4+' },
    ),
  },
});
export type FindCoordinatorResponse = MessageOf<typeof FindCoordinatorResponse>;

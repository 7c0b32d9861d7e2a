// ShareAcknowledge (api 79): a member of a share group acknowledges records (KIP-932).
//   v1  oldest version served
//   v2  locks may be renewed (KIP-1222)
import { array, bool, int8, int16, int32, int64, string, struct, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ShareAcknowledgeRequest = request({
  api: 79,
  name: 'ShareAcknowledge',
  versions: '1-2',
  flexible: '0+',
  fields: {
    groupId: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+' }),
    shareSessionEpoch: int32(),
    isRenewAck: bool({ versions: '2+', default: false }),
    topics: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        acknowledgementBatches: array({ firstOffset: int64(), lastOffset: int64(), acknowledgeTypes: array(int8()) }),
      }),
    }),
  },
});
export type ShareAcknowledgeRequest = MessageOf<typeof ShareAcknowledgeRequest>;

export const ShareAcknowledgeResponse = response({
  api: 79,
  name: 'ShareAcknowledge',
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32({ versions: '2+', ignorable: true }),
    responses: array({
      topicId: uuid(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        currentLeader: struct({ leaderId: int32(), leaderEpoch: int32() }),
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: '0+', default: null }),
    }),
  },
});
export type ShareAcknowledgeResponse = MessageOf<typeof ShareAcknowledgeResponse>;

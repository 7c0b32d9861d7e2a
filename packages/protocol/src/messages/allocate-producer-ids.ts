// AllocateProducerIds (api 67): a broker asks the controller for a block of producer ids (KIP-730).
import { int16, int32, int64 } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AllocateProducerIdsRequest = request({
  api: 67,
  name: 'AllocateProducerIds',
  versions: '0',
  flexible: '0+',
  fields: { brokerId: int32(), brokerEpoch: int64({ default: -1 }) },
});
export type AllocateProducerIdsRequest = MessageOf<typeof AllocateProducerIdsRequest>;

export const AllocateProducerIdsResponse = response({
  api: 67,
  name: 'AllocateProducerIds',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerIdStart: int64(),
    producerIdLen: int32(),
  },
});
export type AllocateProducerIdsResponse = MessageOf<typeof AllocateProducerIdsResponse>;

// PushTelemetry (api 72): client metrics for the broker (KIP-714).
import { bool, bytes, int8, int16, int32, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const PushTelemetryRequest = request({
  api: 72,
  name: 'PushTelemetry',
  versions: '0',
  flexible: '0+',
  fields: {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
});
export type PushTelemetryRequest = MessageOf<typeof PushTelemetryRequest>;

export const PushTelemetryResponse = response({
  api: 72,
  name: 'PushTelemetry',
  versions: '0',
  flexible: '0+',
  fields: { throttleTimeMs: int32({ default: 0 }), errorCode: int16() },
});
export type PushTelemetryResponse = MessageOf<typeof PushTelemetryResponse>;

// GetTelemetrySubscriptions (api 71): which client metrics the broker wants (KIP-714).
import { array, bool, int8, int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const GetTelemetrySubscriptionsRequest = request({
  api: 71,
  name: 'GetTelemetrySubscriptions',
  versions: '0',
  flexible: '0+',
  fields: { clientInstanceId: uuid() },
});
export type GetTelemetrySubscriptionsRequest = MessageOf<typeof GetTelemetrySubscriptionsRequest>;

export const GetTelemetrySubscriptionsResponse = response({
  api: 71,
  name: 'GetTelemetrySubscriptions',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
});
export type GetTelemetrySubscriptionsResponse = MessageOf<typeof GetTelemetrySubscriptionsResponse>;

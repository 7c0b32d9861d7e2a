// BrokerHeartbeat (api 63): a broker tells the controller that it lives and how far it has read the metadata (KIP-631).
//   v1  log directories that failed (KIP-858)
//   v2  log directories that are cordoned
import { array, bool, int16, int32, int64, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const BrokerHeartbeatRequest = request({
  api: 63,
  name: 'BrokerHeartbeat',
  versions: '0-2',
  flexible: '0+',
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    offlineLogDirs: array(uuid(), { versions: '1+', tag: 0 }),
    cordonedLogDirs: array(uuid(), { versions: '2+', nullable: '0+', tag: 1, default: null }),
  },
});
export type BrokerHeartbeatRequest = MessageOf<typeof BrokerHeartbeatRequest>;

export const BrokerHeartbeatResponse = response({
  api: 63,
  name: 'BrokerHeartbeat',
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
});
export type BrokerHeartbeatResponse = MessageOf<typeof BrokerHeartbeatResponse>;

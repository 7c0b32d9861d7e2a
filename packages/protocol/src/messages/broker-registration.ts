// BrokerRegistration (api 62): a broker registers with the controller (KIP-631).
//   v1  migration from ZooKeeper
//   v2  log directories (KIP-858)
//   v3  previous broker epoch (KIP-966)
//   v4  a feature may start at version 0 (KAFKA-17011)
import { array, bool, int16, int32, int64, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const BrokerRegistrationRequest = request({
  api: 62,
  name: 'BrokerRegistration',
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
    listeners: array({ name: string(), host: string(), port: uint16(), securityProtocol: int16() }),
    features: array({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() }),
    rack: string({ nullable: '0+' }),
    isMigratingZkBroker: bool({ versions: '1+', default: false }),
    logDirs: array(uuid(), { versions: '2+', ignorable: true }),
    previousBrokerEpoch: int64({ versions: '3+', default: -1, ignorable: true }),
  },
});
export type BrokerRegistrationRequest = MessageOf<typeof BrokerRegistrationRequest>;

export const BrokerRegistrationResponse = response({
  api: 62,
  name: 'BrokerRegistration',
  versions: '0-4',
  flexible: '0+',
  fields: { throttleTimeMs: int32({ default: 0 }), errorCode: int16(), brokerEpoch: int64({ default: -1 }) },
});
export type BrokerRegistrationResponse = MessageOf<typeof BrokerRegistrationResponse>;

// ControllerRegistration (api 70): a KRaft controller registers with the active one (KIP-919).
import { array, bool, int16, int32, string, uint16, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ControllerRegistrationRequest = request({
  api: 70,
  name: 'ControllerRegistration',
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    listeners: array({ name: string(), host: string(), port: uint16(), securityProtocol: int16() }),
    features: array({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() }),
  },
});
export type ControllerRegistrationRequest = MessageOf<typeof ControllerRegistrationRequest>;

export const ControllerRegistrationResponse = response({
  api: 70,
  name: 'ControllerRegistration',
  versions: '0',
  flexible: '0+',
  fields: { throttleTimeMs: int32({ default: 0 }), errorCode: int16(), errorMessage: string({ nullable: '0+' }) },
});
export type ControllerRegistrationResponse = MessageOf<typeof ControllerRegistrationResponse>;

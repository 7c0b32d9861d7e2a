// UnregisterController (api 94): removes the registration of a KRaft controller.
import { int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const UnregisterControllerRequest = request({
  api: 94,
  name: 'UnregisterController',
  versions: '0',
  flexible: '0+',
  fields: { controllerId: int32() },
});
export type UnregisterControllerRequest = MessageOf<typeof UnregisterControllerRequest>;

export const UnregisterControllerResponse = response({
  api: 94,
  name: 'UnregisterController',
  versions: '0',
  flexible: '0+',
  fields: { throttleTimeMs: int32({ default: 0 }), errorCode: int16(), errorMessage: string({ nullable: '0+' }) },
});
export type UnregisterControllerResponse = MessageOf<typeof UnregisterControllerResponse>;

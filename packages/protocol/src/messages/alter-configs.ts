// AlterConfigs (api 33): replaces all settings of a resource; what is not named goes back to its default.
//   v2  flexible
import { array, bool, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterConfigsRequest = request({
  api: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: '2+',
  fields: {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configs: array({ name: string(), value: string({ nullable: '0+' }) }),
    }),
    validateOnly: bool(),
  },
});
export type AlterConfigsRequest = MessageOf<typeof AlterConfigsRequest>;

export const AlterConfigsResponse = response({
  api: 33,
  name: 'AlterConfigs',
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    responses: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
    }),
  },
});
export type AlterConfigsResponse = MessageOf<typeof AlterConfigsResponse>;

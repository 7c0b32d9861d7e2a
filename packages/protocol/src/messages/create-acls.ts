// CreateAcls (api 30): adds ACLs.
//   v1  oldest version served: pattern type (KIP-290)
//   v2  flexible
//   v3  user resources
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const CreateAclsRequest = request({
  api: 30,
  name: 'CreateAcls',
  versions: '1-3',
  flexible: '2+',
  fields: {
    creations: array({
      resourceType: int8(),
      resourceName: string(),
      resourcePatternType: int8({ default: 3 }),
      principal: string(),
      host: string(),
      operation: int8(),
      permissionType: int8(),
    }),
  },
});
export type CreateAclsRequest = MessageOf<typeof CreateAclsRequest>;

export const CreateAclsResponse = response({
  api: 30,
  name: 'CreateAcls',
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ errorCode: int16(), errorMessage: string({ nullable: '0+' }) }),
  },
});
export type CreateAclsResponse = MessageOf<typeof CreateAclsResponse>;

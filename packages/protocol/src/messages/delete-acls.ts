// DeleteAcls (api 31): removes the ACLs that match filters.
//   v1  oldest version served: pattern type (KIP-290)
//   v2  flexible
//   v3  user resources
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DeleteAclsRequest = request({
  api: 31,
  name: 'DeleteAcls',
  versions: '1-3',
  flexible: '2+',
  fields: {
    filters: array({
      resourceTypeFilter: int8(),
      resourceNameFilter: string({ nullable: '0+' }),
      patternTypeFilter: int8({ default: 3 }),
      principalFilter: string({ nullable: '0+' }),
      hostFilter: string({ nullable: '0+' }),
      operation: int8(),
      permissionType: int8(),
    }),
  },
});
export type DeleteAclsRequest = MessageOf<typeof DeleteAclsRequest>;

export const DeleteAclsResponse = response({
  api: 31,
  name: 'DeleteAcls',
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    filterResults: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      matchingAcls: array({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
        patternType: int8({ default: 3 }),
        principal: string(),
        host: string(),
        operation: int8(),
        permissionType: int8(),
      }),
    }),
  },
});
export type DeleteAclsResponse = MessageOf<typeof DeleteAclsResponse>;

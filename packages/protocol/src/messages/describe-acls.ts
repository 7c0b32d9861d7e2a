// DescribeAcls (api 29): the ACLs that match a filter.
//   v1  oldest version served: pattern type (KIP-290)
//   v2  flexible
//   v3  user resources
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeAclsRequest = request({
  api: 29,
  name: 'DescribeAcls',
  versions: '1-3',
  flexible: '2+',
  fields: {
    resourceTypeFilter: int8(),
    resourceNameFilter: string({ nullable: '0+' }),
    patternTypeFilter: int8({ default: 3 }),
    principalFilter: string({ nullable: '0+' }),
    hostFilter: string({ nullable: '0+' }),
    operation: int8(),
    permissionType: int8(),
  },
});
export type DescribeAclsRequest = MessageOf<typeof DescribeAclsRequest>;

export const DescribeAclsResponse = response({
  api: 29,
  name: 'DescribeAcls',
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      patternType: int8({ default: 3 }),
      acls: array({ principal: string(), host: string(), operation: int8(), permissionType: int8() }),
    }),
  },
});
export type DescribeAclsResponse = MessageOf<typeof DescribeAclsResponse>;

// ListConfigResources (api 74): the resources that have settings (KIP-1142).
//   v0  client-metrics resources only, under the name ListClientMetricsResources
//   v1  any kind of resource
import { array, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ListConfigResourcesRequest = request({
  api: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  fields: { resourceTypes: array(int8(), { versions: '1+' }) },
});
export type ListConfigResourcesRequest = MessageOf<typeof ListConfigResourcesRequest>;

export const ListConfigResourcesResponse = response({
  api: 74,
  name: 'ListConfigResources',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    configResources: array({
      resourceName: string(),
      resourceType: int8({ versions: '1+', default: 16, ignorable: true }),
    }),
  },
});
export type ListConfigResourcesResponse = MessageOf<typeof ListConfigResourcesResponse>;

// DescribeConfigs (api 32): settings of topics, brokers, groups and their origin.
//   v1  oldest version served: synonyms on request, source of each value
//   v3  type and documentation on request (KIP-569)
//   v4  flexible
import { array, bool, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeConfigsRequest = request({
  api: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: '4+',
  fields: {
    resources: array({
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: array(string(), { nullable: '0+' }),
    }),
    includeSynonyms: bool({ default: false }),
    includeDocumentation: bool({ versions: '3+', default: false }),
  },
});
export type DescribeConfigsRequest = MessageOf<typeof DescribeConfigsRequest>;

export const DescribeConfigsResponse = response({
  api: 32,
  name: 'DescribeConfigs',
  versions: '1-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
        readOnly: bool(),
        configSource: int8({ default: -1, ignorable: true }),
        isSensitive: bool(),
        synonyms: array({ name: string(), value: string({ nullable: '0+' }), source: int8() }, { ignorable: true }),
        configType: int8({ versions: '3+', default: 0, ignorable: true }),
        documentation: string({ versions: '3+', nullable: '0+', ignorable: true }),
      }),
    }),
  },
});
export type DescribeConfigsResponse = MessageOf<typeof DescribeConfigsResponse>;

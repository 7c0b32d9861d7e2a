// DescribeCluster (api 60): cluster id, controller and brokers (KIP-700).
//   v1  which kind of nodes is meant (KIP-919)
//   v2  fenced brokers on request (KIP-1073)
import { array, bool, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeClusterRequest = request({
  api: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  fields: {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8({ versions: '1+', default: 1 }),
    includeFencedBrokers: bool({ versions: '2+' }),
  },
});
export type DescribeClusterRequest = MessageOf<typeof DescribeClusterRequest>;

export const DescribeClusterResponse = response({
  api: 60,
  name: 'DescribeCluster',
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    endpointType: int8({ versions: '1+', default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: array({
      brokerId: int32(),
      host: string(),
      port: int32(),
      rack: string({ nullable: '0+', default: null }),
      isFenced: bool({ versions: '2+' }),
    }),
    clusterAuthorizedOperations: int32({ default: -2147483648 }),
  },
});
export type DescribeClusterResponse = MessageOf<typeof DescribeClusterResponse>;

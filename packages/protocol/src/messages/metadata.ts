// Metadata (api 3): brokers, topics and who leads each partition.
//   v0   an empty list of topics asks for all
//   v1   null asks for all, empty for none; racks, controller, internal flag
//   v2   cluster id
//   v3   throttle time
//   v4   the client says whether asking may create a topic
//   v5   offline replicas
//   v7   leader epoch (KIP-320)
//   v8   authorized operations on request (KIP-430)
//   v9   flexible
//   v10  topic ids in the answer (KIP-516); in requests they do not work yet, nor a null name
//   v11  authorized operations of the cluster move to DescribeCluster (KIP-700)
//   v12  topics may be asked for by id
//   v13  an error for the whole answer
import { array, bool, int16, int32, string, uuid } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const MetadataRequest = request({
  api: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  fields: {
    topics: array(
      { topicId: uuid({ versions: '10+', ignorable: true }), name: string({ nullable: '10+' }) },
      { nullable: '1+' },
    ),
    allowAutoTopicCreation: bool({ versions: '4+', default: true }),
    includeClusterAuthorizedOperations: bool({ versions: '8-10' }),
    includeTopicAuthorizedOperations: bool({ versions: '8+' }),
  },
});
export type MetadataRequest = MessageOf<typeof MetadataRequest>;

export const MetadataResponse = response({
  api: 3,
  name: 'Metadata',
  versions: '0-13',
  flexible: '9+',
  fields: {
    throttleTimeMs: int32({ versions: '3+', default: 0, ignorable: true }),
    brokers: array({
      nodeId: int32(),
      host: string(),
      port: int32(),
      rack: string({ versions: '1+', nullable: '0+', default: null, ignorable: true }),
    }),
    clusterId: string({ versions: '2+', nullable: '0+', default: null, ignorable: true }),
    controllerId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array({
      errorCode: int16(),
      name: string({ nullable: '12+' }),
      topicId: uuid({ versions: '10+', ignorable: true }),
      isInternal: bool({ versions: '1+', default: false, ignorable: true }),
      partitions: array({
        errorCode: int16(),
        partitionIndex: int32(),
        leaderId: int32(),
        leaderEpoch: int32({ versions: '7+', default: -1, ignorable: true }),
        replicaNodes: array(int32()),
        isrNodes: array(int32()),
        offlineReplicas: array(int32(), { versions: '5+', ignorable: true }),
      }),
      topicAuthorizedOperations: int32({ versions: '8+', default: -2147483648 }),
    }),
    clusterAuthorizedOperations: int32({ versions: '8-10', default: -2147483648 }),
    errorCode: int16({ versions: '13+', ignorable: true }),
  },
});
export type MetadataResponse = MessageOf<typeof MetadataResponse>;

// AlterPartitionReassignments (api 45): moves partitions to other brokers (KIP-455).
//   v1  a change of the replication factor may be forbidden
import { array, bool, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const AlterPartitionReassignmentsRequest = request({
  api: 45,
  name: 'AlterPartitionReassignments',
  versions: '0-1',
  flexible: '0+',
  fields: {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ versions: '1+', default: true }),
    topics: array({
      name: string(),
      partitions: array({ partitionIndex: int32(), replicas: array(int32(), { nullable: '0+', default: null }) }),
    }),
  },
});
export type AlterPartitionReassignmentsRequest = MessageOf<typeof AlterPartitionReassignmentsRequest>;

export const AlterPartitionReassignmentsResponse = response({
  api: 45,
  name: 'AlterPartitionReassignments',
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    allowReplicationFactorChange: bool({ versions: '1+', default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    responses: array({
      name: string(),
      partitions: array({ partitionIndex: int32(), errorCode: int16(), errorMessage: string({ nullable: '0+' }) }),
    }),
  },
});
export type AlterPartitionReassignmentsResponse = MessageOf<typeof AlterPartitionReassignmentsResponse>;

// ListPartitionReassignments (api 46): the moves of partitions under way (KIP-455).
import { array, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ListPartitionReassignmentsRequest = request({
  api: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: '0+',
  fields: {
    timeoutMs: int32({ default: 60000 }),
    topics: array({ name: string(), partitionIndexes: array(int32()) }, { nullable: '0+', default: null }),
  },
});
export type ListPartitionReassignmentsRequest = MessageOf<typeof ListPartitionReassignmentsRequest>;

export const ListPartitionReassignmentsResponse = response({
  api: 46,
  name: 'ListPartitionReassignments',
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        replicas: array(int32()),
        addingReplicas: array(int32()),
        removingReplicas: array(int32()),
      }),
    }),
  },
});
export type ListPartitionReassignmentsResponse = MessageOf<typeof ListPartitionReassignmentsResponse>;

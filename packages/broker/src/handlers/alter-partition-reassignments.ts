// AlterPartitionReassignments (api 45): moves partitions to other brokers, or ends such moves (KIP-455). Served: 0-1.
//   v1 a change of the replication factor may be forbidden (KIP-860)
// Answered when the move has begun; ListPartitionReassignments tells when it is over.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '@moldau/protocol/messages/alter-partition-reassignments';
import type { BrokerContext, Call } from '../context.ts';
import type { ReassignmentWish } from '../controller/reassignments.ts';

export async function alterPartitionReassignments(
  broker: BrokerContext,
  _call: Call,
  request: AlterPartitionReassignmentsRequest,
): Promise<InputOf<typeof AlterPartitionReassignmentsResponse>> {
  const { allowReplicationFactorChange } = request;
  const wishes = request.topics.flatMap(({ name, partitions }) =>
    partitions.map(
      ({ partitionIndex, replicas }): ReassignmentWish => ({
        topic: name,
        partition: partitionIndex,
        replicas,
      }),
    ),
  );
  const outcomes = await broker.controller.here().alterReassignments(wishes, { allowReplicationFactorChange });
  let next = 0;
  return {
    allowReplicationFactorChange,
    errorCode: 0,
    errorMessage: null,
    responses: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const { error, detail } = outcomes[next++]!;
        return { partitionIndex, errorCode: errorCode(error), errorMessage: detail };
      }),
    })),
  };
}

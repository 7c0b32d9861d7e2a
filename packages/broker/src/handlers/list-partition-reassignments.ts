// ListPartitionReassignments (api 46): the moves of partitions under way (KIP-455). Served: 0. Answered from the picture of
// whichever broker is asked; the controller's is the newest, so it is asked there.
import type { InputOf } from '@moldau/protocol';
import type {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '@moldau/protocol/messages/list-partition-reassignments';
import type { BrokerContext, Call } from '../context.ts';

export async function listPartitionReassignments(
  broker: BrokerContext,
  _call: Call,
  request: ListPartitionReassignmentsRequest,
): Promise<InputOf<typeof ListPartitionReassignmentsResponse>> {
  const image = broker.image();
  const asked =
    request.topics && new Map(request.topics.map(({ name, partitionIndexes }) => [name, new Set(partitionIndexes)]));
  const topics = asked ? [...asked.keys()].flatMap((name) => image.topic(name) ?? []) : [...image.topics()];
  return {
    errorCode: 0,
    errorMessage: null,
    topics: topics.flatMap(({ name, partitions }) => {
      const moving = partitions.filter(
        ({ partition, addingReplicas, removingReplicas }) =>
          (asked?.get(name)?.has(partition) ?? true) && addingReplicas.length + removingReplicas.length > 0,
      );
      if (moving.length === 0) return [];
      return [
        {
          name,
          partitions: moving.map(({ partition, replicas, addingReplicas, removingReplicas }) => ({
            ...{ partitionIndex: partition, replicas, addingReplicas, removingReplicas },
          })),
        },
      ];
    }),
  };
}

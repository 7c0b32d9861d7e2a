// OffsetDelete (api 47): forgets committed offsets of topics that the group does not read (KIP-496). Served: 0.
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '@moldau/protocol/messages/offset-delete';
import type { BrokerContext, Call } from '../context.ts';
import { isRefusal } from '../replicated-machine/shard.ts';
import { may } from './access.ts';

type Response = InputOf<typeof OffsetDeleteResponse>;

export async function offsetDelete(broker: BrokerContext, call: Call, request: OffsetDeleteRequest): Promise<Response> {
  const { groupId } = request;
  if (!may(broker, call, 'DELETE', 'group', groupId)) return refused('GROUP_AUTHORIZATION_FAILED');
  if (groupId === '') return refused('INVALID_GROUP_ID');
  const image = broker.image();
  const mine = new Set(
    request.topics.map(({ name }) => name).filter((name) => may(broker, call, 'READ', 'topic', name)),
  );
  const known = request.topics.flatMap(({ name, partitions }) => {
    if (!mine.has(name)) return [];
    const existing = partitions
      .map(({ partitionIndex }) => partitionIndex)
      .filter((partition) => image.partition(name, partition) !== undefined);
    return existing.length > 0 ? [{ name, partitions: existing }] : [];
  });
  const answer = await broker.groups.submit({ kind: 'deleteOffsets', groupId, topics: known });
  if (isRefusal(answer) || answer.error !== 'NONE') return refused(answer.error);
  const results = new Map(
    answer.topics.map(({ name, partitions }) => [
      name,
      new Map(partitions.map(({ partition, error }) => [partition, error])),
    ]),
  );
  return {
    errorCode: 0,
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorCode(
          results.get(name)?.get(partitionIndex) ??
            (mine.has(name) ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'TOPIC_AUTHORIZATION_FAILED'),
        ),
      })),
    })),
  };
}

function refused(error: WireError): Response {
  return { errorCode: errorCode(error), topics: [] };
}

// CreatePartitions (api 37): adds partitions to topics; each topic by itself succeeds or is refused. Served: 0-3.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { CreatePartitionsRequest, CreatePartitionsResponse } from '@moldau/protocol/messages/create-partitions';
import type { BrokerContext, Call } from '../context.ts';
import { may } from './access.ts';

export async function createPartitions(
  broker: BrokerContext,
  call: Call,
  request: CreatePartitionsRequest,
): Promise<InputOf<typeof CreatePartitionsResponse>> {
  const count = new Map<string, number>();
  for (const { name } of request.topics) count.set(name, (count.get(name) ?? 0) + 1);
  const repeated = [...count].filter(([, times]) => times > 1).map(([name]) => name);
  const once = request.topics.filter((topic) => count.get(topic.name) === 1);
  const wishes = broker.authorizer ? once.filter(({ name }) => may(broker, call, 'ALTER', 'topic', name)) : once;
  const mine = new Set(wishes.map(({ name }) => name));
  const outcomes = await broker.controller.here().createPartitions(wishes, { validateOnly: request.validateOnly });
  return {
    results: [
      ...repeated.map((name) => ({
        name,
        errorCode: errorCode('INVALID_REQUEST'),
        errorMessage: 'Duplicate topic name.',
      })),
      ...once
        .filter(({ name }) => !mine.has(name))
        .map(({ name }) => ({ name, errorCode: errorCode('TOPIC_AUTHORIZATION_FAILED'), errorMessage: null })),
      ...outcomes.map(({ error, detail }, index) => ({
        name: wishes[index]!.name,
        errorCode: errorCode(error),
        errorMessage: detail,
      })),
    ],
  };
}

// AlterConfigs (api 33): replaces all settings of a topic or all dynamic ones of a broker. Served: 0-2. Older clients
// (KafkaJS) use it; newer ones IncrementalAlterConfigs.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { AlterConfigsRequest, AlterConfigsResponse } from '@moldau/protocol/messages/alter-configs';
import type { BrokerContext, Call } from '../context.ts';
import type { ConfigWish } from '../controller/controller.ts';

export async function alterConfigs(
  broker: BrokerContext,
  _call: Call,
  request: AlterConfigsRequest,
): Promise<InputOf<typeof AlterConfigsResponse>> {
  const wishes = request.resources.map(({ resourceType, resourceName, configs }): ConfigWish => {
    const changes = configs.map(({ name, value }) => ({ operation: 'SET' as const, name, value }));
    return { resourceType, resourceName, mode: 'replace', changes };
  });
  const outcomes = await broker.controller.here().alterConfigs(wishes, { validateOnly: request.validateOnly });
  return {
    responses: outcomes.map(({ error, detail }, index) => {
      const { resourceType, resourceName } = wishes[index]!;
      return { errorCode: errorCode(error), errorMessage: detail, resourceType, resourceName };
    }),
  };
}

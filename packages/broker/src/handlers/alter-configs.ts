// AlterConfigs (api 33): replaces all settings of a topic or all dynamic ones of a broker. Served: 0-2. Older clients
// (KafkaJS) use it; newer ones IncrementalAlterConfigs.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { AlterConfigsRequest, AlterConfigsResponse } from '@moldau/protocol/messages/alter-configs';
import type { BrokerContext, Call } from '../context.ts';
import type { ConfigWish } from '../controller/controller.ts';
import { configsRefusal } from './access.ts';

export async function alterConfigs(
  broker: BrokerContext,
  call: Call,
  request: AlterConfigsRequest,
): Promise<InputOf<typeof AlterConfigsResponse>> {
  const wishes = request.resources.map(({ resourceType, resourceName, configs }): ConfigWish => {
    const changes = configs.map(({ name, value }) => ({ operation: 'SET' as const, name, value }));
    return { resourceType, resourceName, mode: 'replace', changes };
  });
  const refusals = wishes.map((wish) => configsRefusal(broker, call, 'ALTER_CONFIGS', wish));
  const allowed = wishes.filter((_, index) => !refusals[index]);
  const decided = await broker.controller.here().alterConfigs(allowed, { validateOnly: request.validateOnly });
  let next = 0;
  return {
    responses: wishes.map(({ resourceType, resourceName }, index) => {
      const { error, detail } = refusals[index] ?? decided[next++]!;
      return { errorCode: errorCode(error), errorMessage: detail, resourceType, resourceName };
    }),
  };
}

// IncrementalAlterConfigs (api 44, KIP-339): sets, deletes, appends to and subtracts from single settings of topics and
// brokers. Served: 0-1. Takes effect at once: logs and connections read the new values from the next use on.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '@moldau/protocol/messages/incremental-alter-configs';
import type { BrokerContext, Call } from '../context.ts';
import type { ConfigWish } from '../controller/controller.ts';
import { configsRefusal } from './access.ts';

/** By the codes of org.apache.kafka.clients.admin.AlterConfigOp.OpType. */
const operations = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'] as const;

export async function incrementalAlterConfigs(
  broker: BrokerContext,
  call: Call,
  request: IncrementalAlterConfigsRequest,
): Promise<InputOf<typeof IncrementalAlterConfigsResponse>> {
  const wishes = request.resources.map(({ resourceType, resourceName, configs }): ConfigWish => {
    const changes = configs.map(({ name, configOperation, value }) => ({
      operation: operations[configOperation] ?? configOperation,
      name,
      value,
    }));
    return { resourceType, resourceName, mode: 'incremental', changes };
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
